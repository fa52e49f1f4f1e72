"""Parsing and printing of codes, with the shipped schemes and a user's own."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgis.coding import Scheme, scheme_names
from gridgis.errors import InvalidInput, NotFound, Rejected
from tests.coding.vectors_file import HERE, read_vectors

NATIONAL = Scheme.load("national-15")
NESTED = Scheme.load("nested-18")
TAIPEI = Scheme.from_toml(HERE / "schemes" / "taipei-11.toml")
SHANGHAI = Scheme.from_toml(HERE.parents[1] / "docs" / "zh-13.toml")
CJT = Scheme.load("cjt349-20")
LEVELLED = Scheme.from_toml(HERE / "schemes" / "levelled-17.toml")
ALL = {s.name: s for s in (NATIONAL, NESTED, CJT, TAIPEI, SHANGHAI, LEVELLED)}

VECTORS = [(name, *row) for name in ALL for row in read_vectors(name)]


@pytest.mark.parametrize(("scheme", "text", "region", "sequence", "level", "kind"), [v for v in VECTORS if v[2]])
def test_a_right_code_says_what_the_vector_says(
    scheme: str, text: str, region: str, sequence: str, level: str, kind: str
) -> None:
    code = ALL[scheme].parse(text)
    want = (region, sequence, int(level) if level else None, kind or None)
    assert (code.region, code.sequence, code.level, code.kind) == want


@pytest.mark.parametrize(("scheme", "text"), [v[:2] for v in VECTORS if not v[2]])
def test_a_wrong_code_is_refused(scheme: str, text: str) -> None:
    assert not ALL[scheme].is_valid(text)


@given(st.sampled_from(sorted(ALL)), st.text("0123456789ABZH ٢２-", max_size=20))
def test_any_text_is_either_refused_or_printed_as_it_was_read(name: str, text: str) -> None:
    try:
        code = ALL[name].parse(text)
    except InvalidInput:
        return
    assert str(code) == text


@st.composite
def built_codes(draw: st.DrawFn) -> tuple[Scheme, str]:
    scheme = ALL[draw(st.sampled_from(sorted(ALL)))]
    region = "".join(
        draw(st.text("123456789", min_size=s.width, max_size=s.width))
        for s in scheme.segments[:-1]
        if s.role == "region" and not s.merged_from
    )
    if any(s.merged_from for s in scheme.segments):
        region += draw(st.sampled_from(["001", "399", "601", "999"]))
    kind = draw(st.sampled_from(["comprehensive", "dedicated"]))
    depths = [1] if kind == "dedicated" else range(0 if scheme.whole_level else 1, len(scheme.sequences) + 1)
    numbers = [draw(st.integers(1, s.capacity)) for s in scheme.sequences[: draw(st.sampled_from(depths))]]
    levels = scheme.sequences[len(numbers) - 1].levels if numbers else (scheme.whole_level,)
    return scheme, scheme.build(region, numbers, kind, None if kind == "dedicated" else draw(st.sampled_from(levels)))


@given(built_codes())
def test_a_built_code_is_read_back_equal(built: tuple[Scheme, str]) -> None:
    scheme, text = built
    code = scheme.parse(text)
    assert scheme.parse(str(code)) == code


@given(built_codes(), st.data())
def test_nested_18_finds_every_single_wrong_digit(built: tuple[Scheme, str], data: st.DataObject) -> None:
    text = built[1] if built[0] is NESTED else "610902001003020512"
    at = data.draw(st.integers(0, 17))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != text[at]]))
    assert not NESTED.is_valid(text[:at] + other + text[at + 1 :])


@given(st.lists(built_codes(), max_size=8))
def test_codes_are_ordered_as_their_texts_and_hash_alike(built: list[tuple[Scheme, str]]) -> None:
    codes = [s.parse(t) for s, t in built]
    assert [str(c) for c in sorted(set(codes))] == sorted({t for _, t in built})


def test_a_code_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        NATIONAL.parse("610902001003012").values["sequence"] = "013"  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("61090200100301A", "第15位“A”", "character 15, 'A'"),
        ("61090200100301", "有14位，应为15位", "14 characters, 15 are needed"),
        ("610902001000001", "第10-12位“000”", "characters 10-12, '000'"),
    ],
)
def test_an_error_says_in_both_languages_which_digits_and_why(text: str, zh: str, en: str) -> None:
    with pytest.raises(InvalidInput) as error:
        NATIONAL.parse(text)
    assert zh in error.value.zh
    assert en in error.value.en


def test_a_wrong_check_digit_names_the_right_one() -> None:
    with pytest.raises(InvalidInput, match=r"第18位“3”不对：校验码应为“2”.*character 18, '3'.*must be '2'"):
        NESTED.parse("610902001003020513")


@pytest.mark.parametrize("value", [610902001003012, None, 6.1e14])
def test_a_number_is_no_code(value: object) -> None:
    with pytest.raises(InvalidInput, match="leading zeros"):
        NATIONAL.parse(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("scheme", [NATIONAL, NESTED])
def test_a_community_code_of_11_digits_is_refused_with_both_lengths(scheme: Scheme) -> None:
    with pytest.raises(InvalidInput, match=r"有11位，应为12位.*has 11 characters, 12 are needed"):
        scheme.check_region("61090200100")


def test_a_right_community_code_passes() -> None:
    assert NATIONAL.check_region("610902001003") == "610902001003"


@pytest.mark.parametrize("text", ["610902001003012", "610902001003"])
def test_the_ancestors_of_a_code_and_of_its_community_are_the_same(text: str) -> None:
    assert NATIONAL.ancestors_of(text) == {
        "province": "61",
        "city": "6109",
        "county": "610902",
        "street": "610902001",
        "community": "610902001003",
    }


def test_building_a_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(Rejected, match="ends at 999"):
        NATIONAL.build("610902001003", [1000])


def test_a_village_code_is_read_under_the_users_scheme() -> None:
    code = TAIPEI.parse("63000080031")
    assert (code.region, code.sequence) == ("63000080", "031")


def test_a_village_without_number_is_refused() -> None:
    with pytest.raises(InvalidInput, match="numbers start at 1"):
        TAIPEI.parse("63000080000")


def test_a_fixed_prefix_is_demanded() -> None:
    with pytest.raises(InvalidInput, match="must be 'ZH'"):
        SHANGHAI.parse("ZX31010101301")


def test_letters_count_beyond_nine() -> None:
    letters = Scheme.from_text(
        SHANGHAI.toml.replace("width = 2\nlevels", 'width = 2\nalphabet = "0123456789ABC"\nlevels')
    )
    assert letters.build("310101013", [10]) == "ZH3101010130A"


def test_an_unknown_scheme_is_refused_with_those_there_are() -> None:
    with pytest.raises(NotFound, match=r"national-15, nested-18"):
        Scheme.load("national-16")


@pytest.mark.parametrize("name", scheme_names())
def test_a_shipped_scheme_carries_its_name_and_its_source(name: str) -> None:
    scheme = Scheme.load(name)
    assert scheme.name == name
    assert scheme.source


@pytest.mark.parametrize("name", scheme_names())
def test_a_scheme_is_restored_from_its_own_text(name: str) -> None:
    scheme = Scheme.load(name)
    assert Scheme.from_text(scheme.toml) == scheme


def test_a_scheme_file_that_is_missing_is_named() -> None:
    with pytest.raises(NotFound, match=r"nowhere\.toml"):
        Scheme.load("nowhere.toml")


def test_a_scheme_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gbk.toml").write_bytes("# 编码\n".encode("gbk") + NATIONAL.toml.encode())
    with pytest.raises(InvalidInput, match="UTF-8"):
        Scheme.from_toml(tmp_path / "gbk.toml")


def test_coding_needs_the_standard_library_only() -> None:
    probe = (
        "import sys; before = set(sys.modules); import gridgis.coding;"
        "new = {m.split('.')[0] for m in set(sys.modules) - before};"
        "print(sorted(new - set(sys.stdlib_module_names) - {'gridgis'}))"
    )
    out = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def real_data() -> Path:
    folder = os.environ.get("GRIDGIS_REAL_DATA")
    if not folder:
        pytest.skip("GRIDGIS_REAL_DATA is not set: no real codes to read")
    return Path(folder)


def real_communities(file: str) -> list[dict[str, str]]:
    with (real_data() / "codes" / file).open(encoding="utf-8-sig", newline="") as f:
        return [r for r in csv.DictReader(f) if r["level"] == "5"]


@pytest.mark.realdata
@pytest.mark.parametrize("scheme", [NATIONAL, NESTED, CJT], ids=lambda s: s.name)
@pytest.mark.parametrize(
    ("file", "count"), [("cn_codes_2023_ankang.csv", 1924), ("cn_codes_2023_edge_names.csv", 1162)]
)
def test_every_real_community_is_read_back_from_the_codes_of_its_grids(scheme: Scheme, file: str, count: int) -> None:
    # A community listed under its parent's own code is a placeholder of the list, and not a community.
    codes = [r["short"] for r in real_communities(file) if r["short"] != r["parent12"]]
    assert len(codes) == count
    for community in codes:
        whole, grid = (scheme.parse(scheme.build(community, n)) for n in ([], [1]))
        assert whole.region == grid.region == community
        assert scheme.parse(str(grid)) == grid
        assert scheme.allocate([("a", 0, 0, 2, "comprehensive", community)], [str(grid)]) == {
            "a": scheme.build(community, [2])
        }


@pytest.mark.realdata
def test_a_placeholder_under_its_countys_padded_code_is_refused_as_a_community() -> None:
    odd = [r["short"] for r in real_communities("cn_codes_2023_edge_names.csv") if r["short"] == r["parent12"]]
    assert odd == ["350527000000"]
    with pytest.raises(InvalidInput, match=r"第7-9位“000”不对.*a higher region, padded"):
        NATIONAL.check_region(odd[0])


@pytest.mark.realdata
def test_no_padded_code_of_a_higher_region_is_taken_for_a_community() -> None:
    with (real_data() / "codes" / "cn_codes_2023_ankang.csv").open(encoding="utf-8-sig", newline="") as f:
        padded = [r["code12"] for r in csv.DictReader(f) if r["level"] in "1234"]
    assert padded
    assert not [c for c in padded if NATIONAL.is_valid(c + "001")]


@pytest.mark.parametrize(
    ("scheme", "text", "zh", "en"),
    [
        ("national-15", "61090200100301２", "这是全角字符，请改为半角“2”", "full-width character, write '2'"),
        ("national-15", "6109020010030O2", "第14位“O”不对.*是否为数字“0”？", r"is it the digit '0'\?"),
        ("national-15", "61090200100 012", "这里是空格", "it is a blank, delete it"),
        ("national-15", " 610902001003012", "首尾有空格", "blanks around it"),
        ("national-15", "610902001003", "这像是社区（区划）代码", "a community's code and not a grid's"),
        ("national-15", "6.10902001003E+14", "像是 Excel 当作数字改写", "a spreadsheet"),
        ("national-15", "610902001003012.0", "像是 Excel 当作数字改写", "a spreadsheet"),
        ("zh-13", "zh31010101301", "第1-2位“zh”不对：应为“ZH”", "characters 1-2, 'zh', is wrong: must be 'ZH'"),
        (
            "nested-18",
            "610902001003000518",
            "第13-16位“0005”不对：上一级序号为零",
            "'0005', is wrong: a number below a zero",
        ),
        ("nested-18", "610902001003020035", "第17位“3”不对：“类别”应为", "character 17, '3'.*kind must be one of"),
        ("nested-18", "610902001003000028", "第13-16位“0000”不对：序号从1起", "'0000', is wrong: numbers start at 1"),
        ("nested-18", "610902001003020529", "第13-16位“0205”不对：与类别不符", "does not go with its kind"),
        ("levelled-17", "6109020010034001G", "第13位“4”不对：“级别”应为", "character 13, '4'.*must be one of"),
        (
            "levelled-17",
            "6109020010031001G",
            "第13位“1”不对：1级网格不在“序号”段编号",
            "no grid of level 1 is numbered",
        ),
        ("levelled-17", "6109020010032000G", "第13位“2”不对：序号为零的是1级网格", "zeros is a grid of level 1"),
        ("taipei-11", "63000000031", "第6-8位“000”不对.*不能全为零", "characters 6-8, '000'.*cannot be all zeros"),
    ],
)
def test_a_refusal_names_the_characters_the_rule_and_the_way_out(scheme: str, text: str, zh: str, en: str) -> None:
    with pytest.raises(InvalidInput, match=rf"{zh}.* / .*{en}"):
        ALL[scheme].parse(text)


def test_the_characters_that_are_wrong_are_given_as_data_too() -> None:
    with pytest.raises(InvalidInput) as error:
        NATIONAL.parse("610902001000001")
    assert (error.value.fields["first"], error.value.fields["last"]) == (10, 12)


def test_a_level_and_a_kind_that_disagree_are_refused() -> None:
    both = LEVELLED.toml.replace('name = "end"\nrole = "fixed"\nwidth = 1\nvalue = "G"', "KIND").replace(
        "KIND", 'name = "sort"\nrole = "kind"\nwidth = 1\nvalues = { comprehensive = "1", dedicated = "2" }'
    )
    scheme = Scheme.from_text(both)
    assert scheme.parse("61090200100320011").level == 2
    with pytest.raises(InvalidInput, match="does not go with the kind dedicated"):
        scheme.parse("61090200100320012")


@pytest.mark.parametrize("level", [None, 1])
def test_a_level_that_the_numbers_do_not_tell_must_be_given(level: int | None) -> None:
    with pytest.raises(InvalidInput, match=r"give one of \[2, 3\]"):
        LEVELLED.build("610902001003", [1], level=level)


@given(built_codes())
def test_the_grids_above_a_code_are_codes_of_its_region_and_begin_its_numbers(built: tuple[Scheme, str]) -> None:
    scheme, text = built
    code = scheme.parse(text)
    above = [scheme.parse(t) for t in scheme.grids_above(code)]
    assert [c.region for c in above] == [code.region] * len(above)
    assert [scheme.numbers(c) for c in above] == [scheme.numbers(code)[:n] for n in range(1, len(scheme.numbers(code)))]


def test_only_the_street_of_a_communitys_code_stands_in_codes_of_zh_13() -> None:
    assert SHANGHAI.region_of("310101013007") == SHANGHAI.region_of("310101013") == "310101013"
    assert SHANGHAI.build("310101013007", [1]) == "ZH31010101301"
    assert SHANGHAI.allocate([("a", 0, 0, 1, "comprehensive", "310101013007")], ["ZH31010101304"]) == {
        "a": "ZH31010101305"
    }


@pytest.mark.parametrize("community", ["31010101300", "3101010130071", "310101000007", "31010101300A", 310101013007])
def test_a_wrong_community_code_of_zh_13_is_refused(community: str) -> None:
    with pytest.raises(InvalidInput):
        SHANGHAI.region_of(community)


@pytest.mark.parametrize("name", scheme_names())
def test_a_shipped_scheme_says_what_of_its_source_was_not_found(name: str) -> None:
    assert Scheme.load(name).not_found


def test_small_letters_are_told_to_be_capitals() -> None:
    letters = Scheme.from_text(
        SHANGHAI.toml.replace("width = 2\nlevels", 'width = 2\nalphabet = "0123456789ABC"\nlevels')
    )
    with pytest.raises(InvalidInput, match=r"第13位“a”不对.*请用大写字母.*use capital letters"):
        letters.parse("ZH3101010130a")
