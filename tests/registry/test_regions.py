"""A plan's communities are held against the list of region codes that a registry keeps: told, never refused."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from gridgis.coding.regions import Region, RegionList
from gridgis.io.regions import read_regions
from gridgis.registry import Registry
from gridgis.service.merging import Merge, plan_of_merge
from tests.registry.conftest import Address
from tests.registry.hand import WORK, A, B, Clock, communities, file_through, make_plan

DAY = date(2023, 6, 30)


def told(registry: Registry, number: int) -> list[str]:
    return [row["subject"] for row in registry.plan(number)["report"] if row["rule"] == "region"]


def submit(registry: Registry) -> int:
    base = communities()
    number = registry.plan_new(make_plan(base[base["code"].isin([A, B])]), "方案", "张三")
    registry.plan_submit(number, "张三")
    return number


def test_a_community_that_the_list_lacks_is_told(registry: Registry) -> None:
    registry.set_regions(RegionList([Region(5, A, "甲社区居委会"), Region(4, B[:9], "乙街道")], DAY))
    number = submit(registry)
    assert told(registry, number) == [B]
    assert registry.plan(number)["state"] == "submitted"


def test_a_newer_list_takes_the_place_of_the_old(registry: Registry) -> None:
    registry.set_regions(RegionList([Region(5, A, "甲")], DAY))
    assert registry.set_regions(RegionList([Region(5, A, "甲"), Region(5, B, "乙")], DAY)) == 2
    assert told(registry, submit(registry)) == []


def test_without_a_list_nothing_is_told(registry: Registry) -> None:
    assert told(registry, submit(registry)) == []


def test_a_community_merged_by_the_scheme_is_in_no_list_and_not_told(address: Address, clock: Clock) -> None:
    with Registry.create(address(), work_crs=WORK, scheme="cjt349-20", clock=clock) as registry:
        base = communities()
        registry.import_communities(base)
        file_through(registry, make_plan(base[base["code"].isin([A, B])]))
        registry.set_regions(RegionList([Region(5, A, "甲")], DAY))
        number = registry.plan_new(plan_of_merge(registry, Merge((f"000000{A}00", f"000000{B}00"))), "合并", "张三")
        registry.plan_submit(number, "张三")
        assert told(registry, number) == []


@pytest.mark.skipif("GRIDGIS_REAL_DATA" not in os.environ, reason="GRIDGIS_REAL_DATA is not set: no real codes to read")
def test_a_real_list_is_kept(registry: Registry) -> None:
    real = read_regions(Path(os.environ["GRIDGIS_REAL_DATA"]) / "codes" / "cn_codes_2023_ankang.csv", DAY)
    assert registry.set_regions(real) == len(real)
    assert told(registry, submit(registry)) == [A, B]
