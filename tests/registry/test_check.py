"""The check names what was changed behind the registry's back; copies, backups and restores lose nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
import sqlalchemy as sa

from gridgis.errors import Conflict, Rejected
from gridgis.registry import Registry, copying, tables
from gridgis.service.stores import backup, restore
from tests.registry.conftest import Address
from tests.registry.hand import A, B, C, Clock, communities, file_through, make_plan, make_registry

HALVES = ((500.0, -5.0), (520.0, 905.0))
ACROSS = ((-5.0, 401.0), (2000.0, 433.3))


def fill(registry: Registry) -> None:
    """File two revisions of A and one of B, appoint a leader, and leave a draft."""
    base = communities()
    file_through(registry, make_plan(base[base["code"] == A], [HALVES]))
    file_through(registry, make_plan(base[base["code"] == B], [], [ACROSS]))
    file_through(registry, make_plan(base[base["code"] == A], [ACROSS]))
    row = {"grid": A + "000", "role": "leader", "name": "顾信浩", "phone": "13812345678", "from": "2026-01-01"}
    registry.team_import(pd.DataFrame([row]), "张三")
    registry.plan_new(make_plan(base[base["code"] == B], [HALVES]), "草案", "张三")


@pytest.fixture(scope="module")
def full(address: Address) -> Iterator[Registry]:
    """Return a registry with history; not to be changed."""
    with make_registry(address(), Clock()) as made:
        fill(made)
        yield made


@pytest.fixture
def own(full: Registry, address: Address) -> Iterator[Registry]:
    """Return a copy of it that a test may spoil."""
    where = address()
    full.copy_to(where)
    with Registry.open(where, Clock()) as registry:
        yield registry


def spoil(registry: Registry, sql: str) -> None:
    with registry._book.store.write() as c:
        c.exec_driver_sql(sql)


# --- check ---------------------------------------------------------------------------------------------------------


def test_a_sound_registry_has_no_fault(full: Registry) -> None:
    assert full.check().empty


SPOILS = {
    "a name": ("UPDATE grid SET name = 'X' WHERE valid_from = 2", "seal"),
    "a past version": ("UPDATE grid SET households = 7 WHERE valid_to = 3", "seal"),
    "a version that is gone": ("DELETE FROM grid WHERE fid = (SELECT min(fid) FROM grid)", "seal"),
    "the lineage": ("DELETE FROM lineage WHERE revision = 3", "seal"),
    "a revision": ("DELETE FROM revision WHERE number = 2", "history"),
    "its first day": ("UPDATE revision SET in_force_from = '2020-01-01' WHERE number = 2", "history"),
    "a version cut short": ("UPDATE grid SET valid_to = 2 WHERE valid_to = 3", "seal"),
    "what was issued": (f"DELETE FROM issued_code WHERE code = '{A}000'", "code"),
    "a code": (f"UPDATE grid SET code = 'nonsense' WHERE code = '{B}000'", "code"),
    "a plan": ("DELETE FROM plan WHERE fid = 1", "history"),
}


@pytest.mark.parametrize("what", SPOILS)
def test_what_was_changed_behind_our_back_is_noticed(own: Registry, what: str) -> None:
    sql, rule = SPOILS[what]
    spoil(own, sql)
    assert rule in set(own.check()["rule"])


def test_a_changed_row_is_named_by_its_code(own: Registry) -> None:
    spoil(own, f"UPDATE grid SET name = 'X' WHERE code = '{B}000'")
    found = own.check()
    assert found["subject"][found["rule"] == "seal"].tolist() == [B + "000"]


def test_a_border_that_another_program_moved_is_noticed_and_named(file_registry: Registry) -> None:
    fill(file_registry)
    code = file_registry.grids(level=2)["code"].iloc[0]
    move = (
        "import sys, pyogrio, shapely\n"
        "g = pyogrio.read_dataframe(sys.argv[1], layer='grid')\n"
        "moved = shapely.transform(g.geometry.to_numpy(), lambda xy: xy + [1e-5, 0])\n"
        "g['geometry'] = [m if c == sys.argv[2] else o for m, o, c in zip(moved, g.geometry, g['code'])]\n"
        "g['geometry'] = [shapely.MultiPolygon([p]) if p.geom_type == 'Polygon' else p for p in g.geometry]\n"
        "pyogrio.write_dataframe(g, sys.argv[1], layer='grid', layer_options={'GEOMETRY_NAME': 'geometry'})\n"
    )
    subprocess.run([sys.executable, "-c", move, file_registry.path, code], check=True)
    found = file_registry.check()
    assert code in set(found["subject"][found["rule"] == "seal"])
    assert "coverage" in set(found["rule"])


def move(registry: Registry, code: str, degrees: float) -> None:
    """Stretch a community behind the registry's back: its northernmost vertices go north."""
    c = tables.community.c
    with registry._book.store.write() as connection:
        geom = connection.execute(sa.select(c.geometry).where(c.code == code)).scalar_one()
        north = geom.bounds[3]
        moved = shapely.transform(geom, lambda xy: xy + degrees * np.c_[xy[:, 1] * 0, xy[:, 1] > north - 1e-4])
        connection.execute(sa.update(tables.community).where(c.code == code).values(geometry=moved))


def test_a_moved_border_of_communities_without_grids_is_noticed(registry: Registry) -> None:
    assert registry.check().empty
    move(registry, A, 1e-5)  # about 1 m into C
    found = registry.check()
    assert set(found["rule"]) == {"base"}
    assert {A, C} <= set(found["subject"]) <= {A, B, C}


def test_a_merged_community_that_is_not_its_members_is_noticed(registry: Registry) -> None:
    merged = registry.merge_communities([A, C], "联合社区", "990001001009")
    assert registry.check().empty
    move(registry, merged, 1e-7)  # 1 cm
    found = registry.check()
    assert found[["rule", "subject"]].to_numpy().tolist() == [["base", merged]]


def test_a_member_that_is_gone_is_noticed(registry: Registry) -> None:
    merged = registry.merge_communities([A, C], "联合社区", "990001001009")
    spoil(registry, f"DELETE FROM community WHERE code = '{A}'")
    assert registry.check()[["rule", "subject"]].to_numpy().tolist() == [["base", merged]]


def test_a_community_whose_outline_crosses_itself_is_noticed(registry: Registry) -> None:
    base, c = communities(), tables.community.c
    file_through(registry, make_plan(base[base["code"] == B]))
    knot = shapely.MultiPolygon([shapely.Polygon([(109, 32), (109.1, 32.1), (109.1, 32), (109, 32.1)])])
    with registry._book.store.write() as connection:
        connection.execute(sa.update(tables.community).where(c.code == B).values(geometry=knot))
    assert registry.check()[["rule", "subject"]].to_numpy().tolist() == [["valid", B]]


def test_a_stale_rtree_is_noticed(file_registry: Registry) -> None:
    fill(file_registry)
    spoil(file_registry, "DELETE FROM rtree_grid_geometry WHERE id = 1")
    assert file_registry.check()["rule"].tolist() == ["store"]


# --- copy, backup, restore -----------------------------------------------------------------------------------------


def rows(registry: Registry) -> dict[str, list[tuple[object, ...]]]:
    with registry._book.store.read() as c:
        return {
            name: [
                tuple(shapely.to_wkb(v) if isinstance(v, shapely.Geometry) else v for v in row)
                for row in c.execute(sa.select(table).order_by(table.c.fid))
            ]
            for name, table in tables.metadata.tables.items()
        }


def test_a_copy_to_a_file_and_back_has_every_row(full: Registry, address: Address, tmp_path: Path) -> None:
    full.copy_to(tmp_path / "there.gpkg")
    back = address()
    with Registry.open(tmp_path / "there.gpkg") as there:
        there.copy_to(back)
    with Registry.open(back) as again:
        assert rows(again) == rows(full)
        assert again.check().empty


def test_a_copy_goes_on_where_the_original_was(own: Registry) -> None:
    base = communities()
    assert file_through(own, make_plan(base[base["code"] == B], [HALVES])) == 4
    assert own.check().empty


def test_a_copy_never_overwrites_a_registry(full: Registry, own: Registry) -> None:
    with pytest.raises(Conflict, match="exists"):
        full.copy_to(own.path)


def test_a_copy_that_differs_is_not_made(full: Registry, address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    where = address()
    insert = copying.insert_rows
    monkeypatch.setattr(copying, "insert_rows", lambda c, table, found: insert(c, table, found[1:]))
    with pytest.raises(Rejected, match=r"differs|numbers of rows"):
        full.copy_to(where)
    monkeypatch.undo()
    full.copy_to(where)  # nothing was left there


def test_a_backup_is_restored(own: Registry, address: Address, tmp_path: Path) -> None:
    backup(own.path, tmp_path / "backup.gpkg")
    before = rows(own)
    where = address()
    restore(tmp_path / "backup.gpkg", where)
    with Registry.open(where) as again:
        assert rows(again) == before


def test_a_broken_backup_is_not_restored(own: Registry, address: Address, tmp_path: Path) -> None:
    spoil(own, "UPDATE grid SET name = 'X' WHERE valid_from = 2")
    backup(own.path, tmp_path / "backup.gpkg")
    with pytest.raises(Rejected, match="faults"):
        restore(tmp_path / "backup.gpkg", address())
