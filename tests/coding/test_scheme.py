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
SHANGHAI = Scheme.from_toml(HERE / "schemes" / "shanghai-13.toml")
ALL = {s.name: s for s in (NATIONAL, NESTED, TAIPEI, SHANGHAI)}

VECTORS = [(name, *row) for name in ("national-15", "nested-18") for row in read_vectors(name)]


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
        if s.role == "region"
    )
    kind = draw(st.sampled_from(["comprehensive", "dedicated"]))
    depths = [1] if kind == "dedicated" else range(0 if scheme.whole_level else 1, len(scheme.sequences) + 1)
    numbers = [draw(st.integers(1, s.capacity)) for s in scheme.sequences[: draw(st.sampled_from(depths))]]
    return scheme, scheme.build(region, numbers, kind)


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
    with pytest.raises(InvalidInput, match=r"校验码是“3”，应为“2”.*must be '2'"):
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
    assert SHANGHAI.build("310101013", [10]) == "ZH3101010130A"


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


GOOD = """
name = "mine"
[[segment]]
name = "area"
role = "region"
width = 4
[[segment]]
name = "no"
role = "sequence"
width = 2
levels = [2]
"""


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("name = ", "name ", "no valid TOML"),
        ('name = "mine"', "", "needs a name"),
        ('name = "mine"', 'name = "mine"\ncolour = 1', "unknown key colour"),
        ('role = "region"', 'role = "area"', "role must be one of"),
        ('role = "region"', 'role = "sequence"\nlevels = [1]', "needs a region segment"),
        ('role = "region"\n', "", "lacks"),
        ("width = 4", "width = 0", "width must be positive"),
        ("width = 4", 'width = "4"', "must be int"),
        ("width = 4", 'width = 4\nalphabet = "0"', "2 different characters"),
        ("width = 4", "width = 4\nlevels = [1]", "for the role sequence only"),
        ("levels = [2]", "", "must say whom it numbers"),
        ("levels = [2]", "levels = [4]", "1, 2, 3"),
        ("levels = [2]", "levels = [2, 2]", "numbered twice"),
        ('name = "no"', 'name = "area"', "two segments have one name"),
        ('name = "mine"', 'name = "mine"\nwhole_level = 4', "whole_level must be"),
        ('name = "mine"', 'name = "mine"\nancestors = { county = 9 }', "widths must be 1 to 4"),
        (
            'role = "sequence"\nwidth = 2\nlevels = [2]',
            'role = "check"\nwidth = 1\nalgorithm = "mod7"',
            "algorithm must be",
        ),
        (
            'role = "sequence"\nwidth = 2\nlevels = [2]',
            'role = "kind"\nwidth = 1\nvalues = {a = "1"}',
            "values must give",
        ),
    ],
)
def test_a_faulty_scheme_file_is_refused_with_the_fault(tmp_path: Path, old: str, new: str, why: str) -> None:
    assert old in GOOD
    (tmp_path / "mine.toml").write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InvalidInput, match=why):
        Scheme.from_toml(tmp_path / "mine.toml")


def test_the_same_scheme_file_without_the_fault_is_read(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD, encoding="utf-8")
    assert Scheme.from_toml(tmp_path / "mine.toml").parse("123401").sequence == "01"


def test_a_scheme_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gbk.toml").write_bytes("# 编码\n".encode("gbk") + GOOD.encode())
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


@pytest.mark.realdata
@pytest.mark.parametrize("file", ["cn_codes_2023_ankang.csv", "cn_codes_2023_edge_names.csv"])
def test_every_real_community_code_is_accepted(file: str) -> None:
    with (real_data() / "codes" / file).open(encoding="utf-8-sig", newline="") as f:
        # A community listed under its parent's own code is a placeholder of the list, and not a community.
        codes = [r["short"] for r in csv.DictReader(f) if r["level"] == "5" and r["short"] != r["parent12"]]
    assert codes
    assert [NATIONAL.check_region(c) for c in codes] == codes


@pytest.mark.realdata
def test_no_padded_code_of_a_higher_region_is_taken_for_a_community() -> None:
    with (real_data() / "codes" / "cn_codes_2023_ankang.csv").open(encoding="utf-8-sig", newline="") as f:
        padded = [r["code12"] for r in csv.DictReader(f) if r["level"] in "1234"]
    assert padded
    assert not [c for c in padded if NATIONAL.is_valid(c + "001")]
