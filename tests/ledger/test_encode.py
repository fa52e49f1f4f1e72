"""The codes of a plan's grids: new ones in order, old ones kept only while they say the truth."""

import time
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import box

from gridgis.coding import Scheme
from gridgis.errors import Conflict, InvalidInput, Rejected
from gridgis.ledger.encode import encode_plan
from tests.coding.vectors_file import HERE

NATIONAL = Scheme.load("national-15")
NESTED = Scheme.load("nested-18")
TAIPEI = Scheme.from_toml(HERE.parent / "coding" / "schemes" / "taipei-11.toml")
A, B = "990001001001", "990001001002"


def row(local_id: str, level: int | None, parent: str | None, shape: Any, **more: Any) -> dict[str, Any]:
    kind = "dedicated" if level is None else "comprehensive"
    base = {"community": local_id[:12], "previous": None, "flags": ""}
    return {**base, "local_id": local_id, "level": level, "kind": kind, "parent": parent, "geometry": shape, **more}


def town(community: str = A, x: float = 0.0) -> list[dict[str, Any]]:
    """Make a community of 2 x 2 level-2 grids of 100 m, each cut into a west and an east half, and one school."""
    top = f"{community}-1"
    rows = [row(top, 1, None, box(x, 0, x + 200, 200))]
    for name, west, south in (("nw", 0, 100), ("ne", 100, 100), ("sw", 0, 0), ("se", 100, 0)):
        west += x
        rows.append(row(f"{community}-2-{name}", 2, top, box(west, south, west + 100, south + 100)))
        for half, shift in (("w", 0), ("e", 50)):
            shape = box(west + shift, south, west + shift + 50, south + 100)
            rows.append(row(f"{community}-3-{name}-{half}", 3, f"{community}-2-{name}", shape))
    return [*rows, row(f"{community}-D-school", None, top, box(x + 10, 10, x + 40, 40))]


def frame(rows: list[dict[str, Any]], crs: str | None = "EPSG:4545") -> gpd.GeoDataFrame:
    grids = gpd.GeoDataFrame(rows, crs=crs)
    grids["level"] = grids["level"].astype("Int64")
    return grids


def codes(grids: gpd.GeoDataFrame, scheme: Scheme = NATIONAL, issued: Any = (), kept: Any = None) -> dict[str, str]:
    table = encode_plan(grids, scheme, issued, kept)
    return dict(zip(table["local_id"].str[13:], table["code"], strict=True))


def with_previous(rows: list[dict[str, Any]], **previous: str) -> gpd.GeoDataFrame:
    return frame([{**r, "previous": previous.get(r["local_id"][13:].replace("-", "_"))} for r in rows])


def test_a_plan_is_numbered_level_by_level_as_one_reads() -> None:
    numbers = {name: code[12:] for name, code in codes(frame(town())).items()}
    order = ["1", "2-nw", "2-ne", "2-sw", "2-se"]
    order += [f"3-{g}-{half}" for pair in (("nw", "ne"), ("sw", "se")) for g in pair for half in "we"]
    assert numbers == {name: f"{i:03}" for i, name in enumerate([*order, "D-school"])}


def test_nested_codes_of_a_plan_carry_the_ancestry() -> None:
    numbers = {name: code[12:17] for name, code in codes(frame(town()), NESTED).items()}
    assert [numbers[n] for n in ("1", "2-sw", "3-sw-w", "3-sw-e", "D-school")] == [
        "00001",
        "03001",
        "03011",
        "03021",
        "01002",
    ]


@pytest.mark.parametrize("scheme", [NATIONAL, NESTED], ids=lambda s: s.name)
def test_the_parent_code_is_the_code_of_the_parent(scheme: Scheme) -> None:
    grids = frame(town())
    table = encode_plan(grids, scheme)
    by_id = dict(zip(table["local_id"], table["code"], strict=True))
    assert list(table["parent_code"]) == [by_id.get(p) for p in grids["parent"]]


def test_the_table_keeps_index_and_order_of_the_grids() -> None:
    grids = frame(town()).sample(frac=1, random_state=3)
    table = encode_plan(grids, NATIONAL)
    assert list(table["local_id"]) == list(grids["local_id"])
    assert list(table.index) == list(grids.index)


def test_communities_encoded_together_get_the_codes_they_get_alone() -> None:
    together = encode_plan(frame(town(A) + town(B, 200)), NATIONAL)
    alone = pd.concat([encode_plan(frame(town(A)), NATIONAL), encode_plan(frame(town(B, 200)), NATIONAL)])
    assert list(together["code"]) == list(alone["code"])


def test_a_grid_that_continues_keeps_its_code() -> None:
    grids = with_previous(town(), **{"2_se": A + "007"})
    assert codes(grids, issued=[A + "007"])["2-se"] == A + "007"


def test_new_numbers_begin_after_a_kept_code_even_if_it_is_not_listed() -> None:
    grids = with_previous(town(), **{"2_se": A + "007"})
    assert codes(grids)["2-nw"] == A + "008"


def test_a_returned_plan_keeps_the_codes_it_was_given() -> None:
    grids = frame(town())
    first = encode_plan(grids, NATIONAL)
    again = encode_plan(grids, NATIONAL, first["code"], dict(zip(first["local_id"], first["code"], strict=True)))
    pd.testing.assert_frame_equal(again, first)


def test_a_local_id_as_previous_gives_a_new_code() -> None:
    grids = with_previous(town(), **{"2_nw": f"{A}-2-01"})
    assert codes(grids)["2-nw"] == A + "001"


@pytest.mark.parametrize("previous", [B + "007", "990001001001"], ids=["of another community", "of a community"])
def test_a_code_of_something_else_is_not_kept(previous: str) -> None:
    assert codes(with_previous(town(), **{"2_nw": previous}))["2-nw"] == A + "001"


@pytest.mark.parametrize("numbers", [[7], [2, 1]], ids=["of another level", "under another parent"])
def test_a_nested_code_that_would_lie_about_its_place_is_not_kept(numbers: list[int]) -> None:
    old = NESTED.build(A, numbers)
    grids = with_previous(town(), **{"3_nw_w": old, "2_nw": NESTED.build(A, [1])})
    got = codes(grids, NESTED, [old])["3-nw-w"]
    assert NESTED.numbers(NESTED.parse(got))[0] == 1


def test_a_nested_code_under_the_kept_parent_is_kept() -> None:
    parent, child = NESTED.build(A, [9]), NESTED.build(A, [9, 4])
    grids = with_previous(town(), **{"2_nw": parent, "3_nw_w": child})
    assert codes(grids, NESTED, [parent, child])["3-nw-w"] == child


def test_the_whole_community_has_its_code_although_it_was_issued() -> None:
    assert codes(frame(town()), issued=[A + "000"])["1"] == A + "000"


def test_a_dedicated_grid_without_parent_is_numbered_in_its_community() -> None:
    rows = [{**r, "parent": None} if r["level"] is None else r for r in town()]
    assert codes(frame(rows))["D-school"] == A + "013"


def given_village(code: str = "63000080031", **more: Any) -> gpd.GeoDataFrame:
    return frame([row(code, 1, None, box(0, 0, 1, 1), flags="given", **more)])


def test_a_given_grid_has_its_own_code() -> None:
    assert list(encode_plan(given_village(), TAIPEI)["code"]) == ["63000080031"]


def test_a_given_code_that_was_issued_is_refused() -> None:
    with pytest.raises(Conflict, match="never issued again"):
        encode_plan(given_village(), TAIPEI, ["63000080031"])


def test_a_given_grid_that_continues_itself_is_accepted() -> None:
    grids = given_village(previous="63000080031")
    assert list(encode_plan(grids, TAIPEI, ["63000080031"])["code"]) == ["63000080031"]


def test_a_given_code_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInput, match="63000080"):
        encode_plan(given_village("63000080"), TAIPEI)


def test_two_grids_cannot_keep_one_code() -> None:
    grids = with_previous(town(), **{"2_nw": A + "007", "2_ne": A + "007"})
    with pytest.raises(Conflict, match="belongs to one grid"):
        encode_plan(grids, NATIONAL)


def test_a_full_community_is_refused() -> None:
    with pytest.raises(Rejected, match="no numbers left"):
        encode_plan(frame(town()), NATIONAL, [A + "990"])


def test_a_community_code_of_11_digits_is_refused() -> None:
    rows = [{**r, "community": A[:11]} for r in town()]
    with pytest.raises(InvalidInput, match="11"):
        encode_plan(frame(rows), NATIONAL)


@pytest.mark.parametrize("crs", [None, "EPSG:4490"])
def test_grids_outside_a_metric_crs_are_refused(crs: str | None) -> None:
    with pytest.raises(InvalidInput, match="metric work CRS"):
        encode_plan(frame(town(), crs), NATIONAL)


def test_a_local_id_that_occurs_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="occurs twice"):
        encode_plan(frame(town() + town()), NATIONAL)


def test_a_parent_that_is_not_in_the_plan_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not in the plan"):
        encode_plan(frame(town()[1:]), NATIONAL)


def test_garbage_among_the_issued_codes_is_refused() -> None:
    with pytest.raises(InvalidInput, match="12"):
        encode_plan(frame(town()), NATIONAL, ["990001001001"])


ZH = Scheme.from_toml(HERE.parents[1] / "docs" / "zh-13.toml")


def test_communities_whose_codes_name_only_the_street_share_its_numbers() -> None:
    table = encode_plan(frame(town(A) + town(B, 200)), ZH, ["ZH99000100103"])
    assert sorted(table["code"]) == [f"ZH990001001{n:02}" for n in range(4, 32)]


def test_a_grid_that_continues_keeps_its_code_under_such_a_scheme() -> None:
    grids = with_previous(town(), **{"2_se": "ZH99000100107"})
    assert codes(grids, ZH, ["ZH99000100107"])["2-se"] == "ZH99000100107"


def test_the_digits_of_a_level_are_part_of_the_series() -> None:
    levelled = Scheme.from_toml(HERE / "schemes" / "levelled-17.toml")
    got = codes(frame(town()), levelled, [A + "2004G", A + "3001G"])
    assert [got[n][12:] for n in ("1", "2-nw", "2-se", "3-nw-w", "3-nw-e", "D-school")] == [
        "1000G",
        "2005G",
        "2008G",
        "3002G",
        "3003G",
        "0001G",
    ]


def test_a_hundred_thousand_codes_of_other_communities_take_no_time() -> None:
    others = [f"99000100{i // 999:04}{i % 999 + 1:03}" for i in range(100_000)]
    start = time.process_time()
    numbers = codes(frame(town("990001101001")), issued=others)
    assert time.process_time() - start < 0.5
    assert numbers["2-nw"] == "990001101001001"
