"""What became of each region: the rules one by one, their promises, and the real edition change of Ankang."""

from __future__ import annotations

import csv
import os
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.coding import Scheme
from gridgis.coding.editions import HOW, Lineage, compare, stem
from gridgis.coding.recode import recode
from gridgis.coding.regions import Region, RegionList
from gridgis.errors import InvalidInput

OLD_DAY, NEW_DAY = date(2020, 6, 30), date(2023, 6, 30)
LEVEL = {2: 1, 4: 2, 6: 3, 9: 4, 12: 5}


def regions(day: date, **names: str) -> RegionList:
    """Make a list from r610902="汉滨区"."""
    return RegionList([Region(LEVEL[len(k) - 1], k[1:], name) for k, name in names.items()], day)


def steps(old: dict[str, str], new: dict[str, str], pairs: list[tuple[str, str]] | None = None) -> Lineage:
    return compare(regions(OLD_DAY, **old), regions(NEW_DAY, **new), pairs or [])


def told(lineage: Lineage) -> list[tuple[str | None, str | None, str]]:
    return [(s.old, s.new, s.how) for s in lineage.steps]


COUNTY = {"r610928": "旬阳县", "r610928100": "城关镇"}
CITY = {"r610981": "旬阳市", "r610981100": "城关镇"}


def test_the_same_code_is_the_same_region_also_under_another_name() -> None:
    lineage = steps({"r610902": "汉滨区", "r610921": "汉阴县"}, {"r610902": "汉滨区", "r610921": "汉阴市"})
    assert told(lineage) == [("610902", "610902", "same"), ("610921", "610921", "renamed")]


def test_the_children_of_an_heir_keep_their_own_digits() -> None:
    lineage = steps({**COUNTY, "r610928100210": "晏坪村委会"}, {**CITY, "r610981100210": "晏坪村委会"})
    assert told(lineage) == [
        ("610928", "610981", "stem"),
        ("610928100", "610981100", "prefix"),
        ("610928100210", "610981100210", "prefix"),
    ]


def test_the_same_own_digits_under_another_name_are_no_proof() -> None:
    lineage = steps({**COUNTY, "r610928100227": "庙河村委会"}, {**CITY, "r610981100227": "庙岭河村委会"})
    assert told(lineage)[2:] == [("610928100227", None, "gone"), (None, "610981100227", "new")]
    assert "610981100227 庙岭河村委会" in lineage.heirs("610928100227")[0].note_zh


def test_the_name_alone_is_enough_under_the_same_parent() -> None:
    lineage = steps({"r610902100210": "晏坪村委会"}, {"r610902100305": "晏坪村委会"})
    assert told(lineage) == [("610902100210", "610902100305", "name")]


def test_a_village_that_became_a_community_is_found_by_its_stem() -> None:
    lineage = steps({"r610902100223": "捍卫村委会"}, {"r610902100002": "捍卫社区居委会"})
    assert told(lineage) == [("610902100223", "610902100002", "stem")]


def test_names_that_are_not_unique_are_left_to_the_user() -> None:
    lineage = steps({"r610902100210": "新村村委会"}, {"r610902100301": "新村村委会", "r610902100302": "新村村委会"})
    assert [s.how for s in lineage.steps] == ["gone", "new", "new"]
    assert "同名者不止一个：610902100301 新村村委会、610902100302" in lineage.steps[0].note_zh


def test_the_same_name_under_another_parent_is_told_but_not_taken() -> None:
    lineage = steps({"r610902100210": "晏坪村委会"}, {"r610902101210": "晏坪村委会"})
    assert told(lineage)[0] == ("610902100210", None, "gone")
    assert "上级不同但同名：610902101210" in lineage.steps[0].note_zh


def test_nothing_below_a_region_without_heir_is_mapped() -> None:
    lineage = steps(COUNTY, {"r610981": "别处市", "r610981100": "城关镇"})
    assert [s.how for s in lineage.steps] == ["gone", "new", "gone", "new"]
    assert lineage.heirs("610928100")[0].note_en == "its parent 610928 has no heir"


def test_a_pair_of_counties_is_a_rule_for_the_prefix_below() -> None:
    lineage = steps(COUNTY, {"r610981": "别处市", "r610981100": "城关镇"}, [("610928", "610981")])
    assert told(lineage) == [("610928", "610981", "table"), ("610928100", "610981100", "prefix")]


def test_the_users_table_overrules_the_same_code() -> None:
    old = {"r610902100210": "晏坪村委会"}
    lineage = steps(old, {**old, "r610902100305": "晏坪社区"}, [("610902100210", "610902100305")])
    assert told(lineage) == [("610902100210", "610902100305", "table"), (None, "610902100210", "new")]


def test_a_table_may_divide_and_merge() -> None:
    lineage = steps(
        {"r610902100201": "甲村", "r610902100202": "乙村", "r610902100203": "丙村"},
        {"r610902100301": "丁村", "r610902100302": "戊村"},
        [("610902100201", "610902100301"), ("610902100201", "610902100302"), ("610902100202", "610902100302")],
    )
    assert len(lineage.heirs("610902100201")) == 2
    assert [s.old for s in lineage.forebears("610902100302")] == ["610902100201", "610902100202"]


@pytest.mark.parametrize(
    ("pair", "why"),
    [
        (("610999", "610981"), "610999 不在旧清单.*not in the old list"),
        (("610928", "610999"), "610999 不在新清单.*not in the new list"),
        (("610928", "610981100"), "级别与 610928 不同.*not of the level"),
        (("61092", "610981"), "5位"),
    ],
)
def test_a_pair_that_names_what_is_not_listed_is_refused(pair: tuple[str, str], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        steps(COUNTY, CITY, [pair])


def test_editions_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"早于.*look which is which"):
        compare(regions(NEW_DAY, **COUNTY), regions(OLD_DAY, **CITY))


@pytest.mark.parametrize(
    ("name", "level", "want"),
    [("旬阳县", 3, "旬阳"), ("旬阳市", 3, "旬阳"), ("果园村委会", 5, "果园"), ("果园社区居委会", 5, "果园"),
     ("城关镇", 4, "城关"), ("村", 5, "村"), ("广西壮族自治区", 1, "广西"), ("", 5, "")],
)  # fmt: skip
def test_the_stem_is_the_name_without_its_generic_part(name: str, level: int, want: str) -> None:
    assert stem(name, level) == want


NAMES = st.sampled_from(["甲村", "乙村", "甲社区", "丙镇", "丙街道", "丁县", "丁市", ""])


@st.composite
def editions(draw: st.DrawFn, day: date) -> RegionList:
    """Draw a small list of counties, streets and communities, some without their parents."""
    out: dict[tuple[int, str], Region] = {}
    for _ in range(draw(st.integers(0, 14))):
        county = f"61090{draw(st.integers(1, 3))}"
        street, community = f"{county}00{draw(st.integers(1, 2))}", draw(st.integers(0, 3))
        for level, code in ((3, county), (4, street), (5, f"{street}00{community}")):
            if draw(st.booleans()):
                out.setdefault((level, code), Region(level, code, draw(NAMES)))
    return RegionList(out.values(), day)


@settings(deadline=None)
@given(editions(OLD_DAY), editions(NEW_DAY))
def test_every_region_of_both_editions_is_accounted_for_once(old: RegionList, new: RegionList) -> None:
    lineage = compare(old, new)
    assert Counter((s.level, s.old) for s in lineage.steps if s.old) == Counter(r.key for r in old)
    assert Counter((s.level, s.new) for s in lineage.steps if s.new) == Counter(r.key for r in new)
    for s in lineage.steps:
        assert s.how in HOW
        assert (s.new is None) == (s.how == "gone") == bool(s.note_zh and s.note_en)
        assert (s.old is None) == (s.how == "new")
        assert (s.old == s.new) == (s.how in ("same", "renamed"))


@settings(deadline=None)
@given(editions(OLD_DAY), editions(NEW_DAY))
def test_a_step_is_alike_under_alike_parents_and_no_other_region_is_as_alike(old: RegionList, new: RegionList) -> None:
    """The slow oracle: what a rule promises is looked up for each step among all regions."""
    lineage = compare(old, new)
    heir = {s.old: s.new for s in lineage.steps if s.old}
    for s in (s for s in lineage.steps if s.how in ("prefix", "name", "stem")):
        a, b = old[s.level, s.old or ""], new[s.level, s.new or ""]
        assert heir.get(a.parent, a.parent) == b.parent
        alike = {"prefix": a.tail == b.tail and a.name == b.name, "name": a.name == b.name}
        assert alike.get(s.how, stem(a.name, s.level) == stem(b.name, s.level))
    gone = [old[s.level, s.old or ""] for s in lineage.steps if s.how == "gone"]
    come = [new[s.level, s.new or ""] for s in lineage.steps if s.how == "new"]
    for a in gone:  # what is left over has no twin, or more than one of either side
        twins = [b for b in come if b.level == a.level and b.parent == heir.get(a.parent, a.parent)]
        same = [b for b in twins if stem(b.name, a.level) == stem(a.name, a.level)]
        rivals = [r for r in gone if r.level == a.level and stem(r.name, a.level) == stem(a.name, a.level)]
        assert len(same) != 1 or len(rivals) > 1


@settings(deadline=None)
@given(editions(OLD_DAY))
def test_a_list_under_another_county_code_is_found_again_whole(old: RegionList) -> None:
    moved = {r.code: "6109" + "9" + r.code[5:] for r in old}
    new = RegionList([Region(r.level, moved[r.code], r.name) for r in old], NEW_DAY)
    counties = [(c, n) for c, n in moved.items() if len(c) == 6]
    lineage = compare(old, new, counties)
    listed = {c for c, _ in counties}
    for r in old:
        street = old.at(4)
        if r.code[:6] in listed and (r.level < 5 or r.parent in {s.code for s in street}):
            assert [s.new for s in lineage.heirs(r.code)] == [moved[r.code]]


def test_thousands_of_regions_without_heir_take_no_time() -> None:
    codes = [f"6109{n:08}" for n in range(1, 12_001)]
    old = RegionList([Region(5, c, f"旧{c}村") for c in codes], OLD_DAY)
    new = RegionList([Region(5, f"62{c[2:]}", f"新{c}村") for c in codes], NEW_DAY)
    start = time.process_time()
    assert compare(old, new).counts() == {"gone": 12_000, "new": 12_000}
    assert time.process_time() - start < 5  # each against each would be 144 million pairs


def real(name: str) -> list[dict[str, str]]:
    folder = os.environ.get("GRIDGIS_REAL_DATA")
    if not folder:
        pytest.skip("GRIDGIS_REAL_DATA is not set: no real codes to read")
    with (Path(folder) / "codes" / name).open(encoding="utf-8-sig", newline="") as f:
        return list(csv.DictReader(f))


def ankang() -> tuple[RegionList, RegionList]:
    """Return the editions of 2020 (the newer one, with what changed taken back) and of 2023."""
    new = [Region(int(r["level"]), r["short"], r["name"]) for r in real("cn_codes_2023_ankang.csv")]
    old = {r.key: r for r in new}
    for row in real("cn_codes_diff_2.4.0_to_2.7.0_ankang.csv"):
        key = int(row["level"]), row["code"]
        if row["change"] == "added":
            del old[key]
        else:
            old[key] = Region(*key, row["name_old"])
    return RegionList(old.values(), OLD_DAY), RegionList(new, NEW_DAY)


@pytest.mark.realdata
def test_xunyang_is_found_again_but_for_six_villages_that_are_told() -> None:
    old, new = ankang()
    lineage = compare(old, new)
    out = [s for s in lineage.steps if (s.old or "").startswith("610928")]
    come = [s for s in lineage.steps if (s.new or "").startswith("610981")]
    assert (len(out), len(come)) == (328, 331)
    assert Counter(s.how for s in out) == {"prefix": 287, "stem": 35, "gone": 6}
    assert all("本级代码相同但名称不同：610981" in s.note_zh for s in out if s.how == "gone")
    assert Counter(s.how for s in come)["new"] == 9


@pytest.mark.realdata
def test_the_users_table_completes_xunyang_and_its_grids_are_recoded() -> None:
    old, new = ankang()
    first = compare(old, new)
    gone = [s.old or "" for s in first.steps if s.how == "gone" and (s.old or "").startswith("610928")]
    lineage = compare(old, new, [(code, "610981" + code[6:]) for code in gone])
    scheme = Scheme.load("national-15")
    villages = [r.code for r in old.at(5) if r.code.startswith("610928")]
    codes = [scheme.build(v, [n] if n else []) for v in villages for n in range(4)]
    rows = recode(scheme, codes, lineage)
    assert Counter(r.outcome for r in rows) == {"recoded": 306 * 4}
    assert all(r.new == "610981" + r.old[6:] for r in rows)


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["national-15", "nested-18", "cjt349-20"])
def test_every_grid_of_ankang_is_recoded_or_reported(name: str) -> None:
    old, new = ankang()
    scheme = Scheme.load(name)
    codes = [scheme.build(r.code, [1]) for r in old.at(5)]
    rows = recode(scheme, codes, compare(old, new))
    listed = {r.code for r in new.at(5)}
    assert len(rows) == len(codes) == 1900
    assert all((scheme.parse(r.new).region in listed) if r.new else r.why_zh for r in rows)
    assert len({r.new for r in rows if r.new}) == sum(r.new is not None for r in rows)
