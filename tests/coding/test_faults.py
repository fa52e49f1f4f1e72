"""Faults of scheme files: each is told in both languages, and all at once."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.coding import Scheme, scheme_names
from gridgis.coding.faults import find_faults, made_segment
from gridgis.errors import InvalidInput

GOOD = """
name = "mine"
whole_level = 1
[ancestors]
street = 2
[[segment]]
name = "street"
role = "region"
width = 2
[[segment]]
name = "area"
role = "region"
width = 2
[[segment]]
name = "no"
role = "sequence"
width = 2
levels = [2]
[[segment]]
name = "part"
role = "sequence"
width = 2
levels = [3]
dedicated = true
[[segment]]
name = "sort"
role = "kind"
width = 1
values = { comprehensive = "1", dedicated = "2" }
[[segment]]
name = "floor"
role = "level"
width = 1
values = { 1 = "1", 2 = "2", 3 = "3", dedicated = "0" }
[[segment]]
name = "mark"
role = "free"
width = 2
value = "00"
[[segment]]
name = "check"
role = "check"
width = 1
algorithm = "iso7064-mod-11-10"
"""

FAULTS = [
    ("name = ", "name ", "不是有效的 TOML", "line 2, .*no valid TOML"),
    ('"mine"', "mine", "第2行“name = mine”.*文本须加引号", "line 2, 'name = mine'.*texts need quotes"),
    ('name = "mine"', 'name = "mine"\nname = "my"', "同一个键写了两次", "the key is written twice"),
    ('[[segment]]\nname = "area"', '[segment]\nname = "area"', "双方括号", "in double brackets"),
    ("width = 2", "width = ２", "数字和符号用半角", "half-width"),
    ("algorithm = ", "algorithm = [", "文件不完整", "something is not closed"),
    ('name = "mine"\n', "", "缺少 name", "needs a name"),
    ('name = "mine"', "name = 3", "name = 3 类型不对，应为文本", "name = 3 must be a text"),
    ('name = "mine"', 'name = "mine"\ncolour = 1', "未知的键 colour", "unknown key colour"),
    ("whole_level = 1", "whole_levels = 1", "是否为 whole_level？", r"is it whole_level\?"),
    ("whole_level = 1", "whole_level = true", "应为整数", "must be a whole number"),
    ("whole_level = 1", "whole_level = 4", "须为 1、2、3", "whole_level must be 1, 2 or 3, is 4"),
    ("whole_level = 1", "whole_level = 2", "一个级别不能编号两次", "no level is numbered twice"),
    ("street = 2", 'street = "2"', "须为正整数：{'street': '2'}", "whole numbers from 1 on: {'street': '2'}"),
    ("street = 2", "street = 9", "位数须在 1 到 4 之间", "widths must be 1 to 4"),
    ("whole_level = 1", 'whole_level = 1\nunion = "town"', "union = 'town'", "union must name one of the ancestors"),
    ("whole_level = 1", "whole_level = 1\ncommunity_width = 6", "不能与 whole_level 同用", "without whole_level"),
    ("whole_level = 1", "community_width = 4", "须大于 region 各段之和 4", "must be more than the 4"),
    ("width = 2\n", "", "第1段（street）：缺少 width", r"segment 1 \(street\): lacks width"),
    ('role = "region"', 'role = "regiom"', "是否为 region？", r"role must be one of.*is it region\?"),
    ('role = "region"', 'role = "area"', "须为 region、fixed", "role must be one of"),
    ("width = 2", "width = 0", "须为 1-40", "must be 1 to 40"),
    ("width = 2", "width = 1000000000", "须为 1-40", "must be 1 to 40"),
    ("width = 2", 'width = 2\nalphabet = "digit"', "是否为 digits？", "is it digits"),
    ("width = 2", 'width = "2"', "应为整数", "must be a whole number"),
    ("width = 2", "width = 2\nwidht = 3", "是否为 width？", r"is it width\?"),
    ("width = 2", 'width = 2\nalphabet = "0"', "至少须有2个不同字符", "needs 2 different characters"),
    ("width = 2", 'width = 2\nalphabet = "0123432"', r"字符重复：\['2', '3'\]", r"characters twice: \['2', '3'\]"),
    ("width = 2", "width = 2\nlevels = [1]", "levels 只用于 role 为 sequence", "for the role sequence only"),
    ("width = 2", 'width = 2\nvalue = "ZH"', "value 只用于", "for the role fixed or free only"),
    ("width = 2", "width = 2\nmerged_from = 601", "超出此段的最大号 99", "the segment ends at 99"),
    ("width = 2", "width = 2\nmerged_from = 61", "最后一个 region 段", "last region segment only"),
    ('"area"\nrole = "region"', '"area"\nrole = "sequence"', "没有说明给谁编号", "says nothing of whom it numbers"),
    ("levels = [2]", "", "没有说明给谁编号", "add levels = .* or dedicated = true"),
    ("levels = [2]", "levels = 2", r"应为列表，如 \[2, 3\]", "must be a list"),
    ("levels = [2]", 'levels = ["2"]', "只能是整数 1、2、3", "whole numbers 1, 2, 3"),
    ("levels = [2]", "levels = [4]", "只能是整数 1、2、3", "whole numbers 1, 2, 3"),
    ("levels = [2]", "levels = [2, 2]", "出现两次", "numbered twice"),
    ("levels = [2]", "levels = [2]\ndedicated = true", "专属网格在两段中编号", "dedicated grids are numbered twice"),
    ("levels = [3]", "levels = [2]", "出现两次", "numbered twice"),
    ("levels = [2]", "levels = [3]", "其级别须更低", "its levels must be below"),
    ("dedicated = true\n", "", "没有一段给专属网格编号", "no sequence numbers dedicated grids"),
    ('name = "no"', 'name = "area"', "段名重复", "two segments have one name"),
    ('comprehensive = "1", ', "", "须给出 comprehensive、dedicated", "must give comprehensive and dedicated"),
    ('comprehensive = "1"', "comprehensive = 1", '值须为文本，如 "1"', 'must be texts, as "1"'),
    ('comprehensive = "1"', 'comprehensive = "2"', "values 的值重复", "values must differ"),
    ('comprehensive = "1"', 'comprehensive = "A"', "须为 alphabet 中的字符", "must be of the alphabet"),
    ('comprehensive = "1"', 'comprehensive = "01"', "长度等于 width = 1", "as long as width = 1"),
    ('3 = "3", ', "", r"段 floor 的 values 缺少 \['3'\]", r"segment floor: values lacks \['3'\]"),
    ('3 = "3"', '4 = "3"', r"values 中 \['4'\] 不对", r"values: \['4'\], can only be 1, 2, 3, dedicated"),
    ('value = "00"', 'value = "000"', "应与 width = 2 相同", "must be as long as width = 2"),
    ('value = "00"', 'value = "AB"', r"\['A', 'B'\] 不在 alphabet 中", r"\['A', 'B'\] are not in the alphabet"),
    ('value = "00"', "", "“”有0位", "has 0 characters"),
    ("iso7064-mod-11-10", "mod7", "须为 iso7064-mod-11-10", "algorithm must be one of"),
    (
        'name = "check"\nrole = "check"\nwidth = 1',
        'name = "check"\nrole = "check"\nwidth = 2',
        "校验码为1位",
        "a check digit has width 1",
    ),
    ('role = "free"\nwidth = 2', 'role = "free"\nwidth = 2\nalphabet = "0X"', r"不能用于字符 \['X'\]", "for digits"),
    ('role = "free"\nwidth = 2\nvalue = "00"', 'role = "check"\nwidth = 1\nalgorithm = "iso7064-mod-11-10"',
     '只能有一个 role = "check"', "one segment of the role check only"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "zh", "en"), FAULTS)
def test_a_fault_is_told_in_both_languages(tmp_path: Path, old: str, new: str, zh: str, en: str) -> None:
    assert old in GOOD
    (tmp_path / "mine.toml").write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InvalidInput, match=rf"(?s)mine\.toml.*{zh}.* / scheme mine\.toml.*{en}"):
        Scheme.from_toml(tmp_path / "mine.toml")


def test_the_same_file_without_a_fault_is_read() -> None:
    scheme = Scheme.from_text(GOOD)
    text = scheme.build("1234", [5, 6])
    assert (text[:10], scheme.parse(text).level) == ("1234050613", 3)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('name = "mine"\n[segment]\nname = "a"', "每段以 \\[\\[segment\\]\\]（双方括号）开头"),
        ('name = "mine"\nsegment = []', "须有若干段"),
        ('name = "mine"', "须有若干段"),
        ("", "缺少 name"),
        ('name = "mine"\nsegment = [3]', "须有若干段"),
        (
            'name = "mine"\n[[segment]]\nname="a"\nrole="sequence"\nwidth=2\nlevels=[1]',
            'role = "region" 的段（社区代码）',
        ),
        ('name = "mine"\n[[segment]]\nname="a"\nrole="region"\nwidth=2', 'role = "sequence" 的段（网格序号）'),
        (
            'name = "mine"\n[[segment]]\nname="a"\nrole="region"\nwidth=3\nmerged_from=601\n'
            '[[segment]]\nname="b"\nrole="sequence"\nwidth=2\nlevels=[1]',
            "merged_from 须与 whole_level 同用",
        ),
    ],
)
def test_a_file_that_lacks_what_every_scheme_has_is_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        Scheme.from_text(text)


def test_all_faults_are_told_at_once() -> None:
    text = (
        GOOD.replace('name = "mine"', "").replace("width = 2", 'width = "2"', 1).replace("levels = [2]", "levels = 7")
    )
    with pytest.raises(InvalidInput) as error:
        Scheme.from_text(text.replace("iso7064-mod-11-10", "mod7"), "mine.toml")
    told: Any = error.value.fields["faults"]
    assert [f["en"].split(":")[0] for f in told] == ["needs a name", "segment 1 (street)", "segment 3 (no)",
                                                      "segment 8 (check)"]  # fmt: skip
    assert "有 4 处错误" in error.value.zh


@st.composite
def changed_files(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a scheme file of which a few values are others, of any type, or are not there."""
    text = draw(st.sampled_from([GOOD, *(Scheme.load(n).toml for n in scheme_names())]))
    data = tomllib.loads(text)
    anything = st.one_of(
        st.integers(-2, 700), st.booleans(), st.text("01A段", max_size=3), st.lists(st.integers(0, 4), max_size=3),
        st.dictionaries(st.sampled_from(["1", "2", "dedicated", "comprehensive"]), st.text("01", max_size=2)),
        st.just(1.5), st.just([[]]), st.just([{}]),
    )  # fmt: skip
    for _ in range(draw(st.integers(1, 4))):
        segments = data["segment"] if isinstance(data.get("segment"), list) else []
        table = draw(st.sampled_from([data, *[s for s in segments if isinstance(s, dict)]]))
        key = draw(st.sampled_from([*table, "levels", "value", "zero", "union", "merged_from", "community_width"]))
        if draw(st.booleans()) and key in table:
            del table[key]
        else:
            table[key] = draw(anything)
    return data


@settings(max_examples=300, deadline=None)
@given(changed_files())
def test_a_changed_file_is_refused_with_its_faults_or_its_codes_can_be_read_back(data: dict[str, Any]) -> None:
    if find_faults(data):
        return
    segments = tuple(made_segment(s) for s in data.pop("segment"))
    scheme = Scheme(**data, segments=segments)
    region = "".join(s.alphabet[1] * s.width for s in scheme.segments if s.role == "region")
    for level, kind in ((1, "comprehensive"), (2, "comprehensive"), (3, "comprehensive"), (None, "dedicated")):
        try:
            depth = scheme.depth(level, kind)
        except InvalidInput:  # a scheme need not code all levels
            continue
        text = scheme.build(region, [1] * depth, kind, level)
        code = scheme.parse(text)
        assert code.region == region
        assert (code.level, code.kind) in ((level, kind), (None, None), (None, kind))
