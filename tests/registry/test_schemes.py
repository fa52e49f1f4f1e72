"""Registries under schemes of other kinds: codes that name only the street, that tell the level, of CJ/T 349-2010."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridgis.coding import Scheme
from gridgis.registry import Registry
from tests.registry.hand import WORK, A, B, Clock, communities, file_through, make_plan

ROOT = Path(__file__).parents[2]
SCHEMES = {
    "zh-13": ROOT / "docs" / "zh-13.toml",
    "cjt349-20": "cjt349-20",
    "levelled-17": ROOT / "tests" / "coding" / "schemes" / "levelled-17.toml",
}


@pytest.mark.parametrize("name", list(SCHEMES))
def test_plans_are_filed_and_divided_again_and_no_code_comes_twice(name: str, tmp_path: Path, clock: Clock) -> None:
    scheme, base = Scheme.load(str(SCHEMES[name])), communities()
    with Registry.create(tmp_path / "r.gpkg", work_crs=WORK, scheme=scheme, clock=clock) as registry:
        registry.import_communities(base)
        sides = base[base["code"].isin([A, B])]
        file_through(registry, make_plan(sides, [((300, -10), (410, 900)), ((1400, -5), (1400, 805))]))
        first = registry.grids().set_index("code")["community"]
        file_through(registry, make_plan(sides, [((500, -10), (510, 900)), ((1400, -5), (1400, 805))]))
        second = registry.grids().set_index("code")["community"]
        assert registry.check().empty
        issued = registry.issued_codes()["code"]
    assert [scheme.parse(c).region for c in first.index] == [scheme.region_of(c) for c in first]
    assert issued.is_unique
    assert set(first.index) | set(second.index) == set(issued)
