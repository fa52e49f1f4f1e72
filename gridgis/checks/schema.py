"""Rules "schema" and "valid": the table is complete and legal, and each geometry is a sound polygon."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from gridgis.checks.finding import Finding, Outcome
from gridgis.checks.layers import texts
from gridgis.checks.scene import Scene
from gridgis.model import FLAGS, GRID_COLUMNS, KINDS, MODES


def schema(scene: Scene) -> Outcome:
    """Check columns, ids, kinds, modes, levels, parents, counts, flags; one level-1 grid for each community.

    A community that is level 2 by its rules has none: its level-1 grid is the street's, which a registry forms.
    """
    if missing := [c for c in GRID_COLUMNS if c not in scene.grids.columns]:
        zh, en = f"网格表缺少列 {missing}", f"the grid table lacks the columns {missing}"
        return Outcome(len(GRID_COLUMNS), tuple(Finding("schema", "", 1, zh, en) for _ in missing[:1]))
    found = [*_ids(scene), *_kinds(scene), *_counts(scene), *_flags(scene), *_parents(scene), *_tops(scene)]
    return Outcome(len(scene.grids), tuple(found))


def _ids(scene: Scene) -> Iterator[Finding]:
    ids = scene.grids["local_id"]
    for name in ids[ids.isna() | (ids.astype(str).str.strip() == "")]:
        yield Finding("schema", str(name), 1, "网格没有编号", "a grid has no local_id")
    for name, n in ids.dropna().value_counts().items():
        if n > 1:
            yield Finding("schema", str(name), n, f"编号重复 {n} 次", f"the local_id occurs {n} times")


def _kinds(scene: Scene) -> Iterator[Finding]:
    g = scene.grids
    rows = zip(scene.ids, texts(g["kind"]), texts(g["mode"]), texts(g["level"]), scene.level, strict=True)
    for name, kind, mode, written, level in rows:
        if kind not in KINDS:
            yield Finding("schema", name, 1, f"类别“{kind}”不对", f"kind '{kind}' is none of {KINDS}")
        elif kind == "comprehensive" and (level not in (1, 2, 3) or mode is not None):
            zh, en = "综合网格须为1至3级且无模式", "a comprehensive grid has a level 1 to 3 and no mode"
            yield Finding("schema", name, level, f"{zh}（{written}，{mode}）", f"{en} ({written}, {mode})")
        elif kind == "dedicated" and (written is not None or mode not in MODES):
            zh, en = f"专属网格无级别，模式为 {MODES} 之一", f"a dedicated grid has no level and a mode of {MODES}"
            yield Finding("schema", name, level, f"{zh}（{written}，{mode}）", f"{en} ({written}, {mode})")


def _counts(scene: Scene) -> Iterator[Finding]:
    for name, value in zip(scene.ids, scene.grids["households"], strict=True):
        n = pd.to_numeric(pd.Series([value]), errors="coerce").iloc[0]
        if pd.isna(n) or n < 0 or n != int(n):
            zh, en = f"户数“{value}”须为非负整数", f"households '{value}' must be an integer of 0 or more"
            yield Finding("schema", name, 1, zh, en)


def _flags(scene: Scene) -> Iterator[Finding]:
    for name, text in zip(scene.ids, texts(scene.grids["flags"]), strict=True):
        if unknown := [f for f in (text or "").split(",") if f and f not in FLAGS]:
            yield Finding("schema", name, len(unknown), f"标记未知 {unknown}", f"unknown flags {unknown}")


def _parents(scene: Scene) -> Iterator[Finding]:
    written = texts(scene.grids["parent"])
    for i, name in enumerate(scene.ids):
        wanted = _wanted(scene, i)
        p = int(scene.parent[i])
        if wanted is None:
            legal = written[i] is None
        else:
            own = scene.community[p] == scene.community[i] or (_hangs(scene, i) and scene.is_street(p))
            legal = p >= 0 and scene.level[p] == wanted and own
        if not legal:
            zh = f"上级网格“{written[i]}”不对：应为同一社区的 {wanted or '（无）'} 级网格"
            en = f"parent '{written[i]}' is wrong: it must be {f'the level-{wanted:.0f} grid' if wanted else 'null'}"
            yield Finding("schema", name, 1, zh, f"{en} of the same community")


def _wanted(scene: Scene, i: int) -> float | None:
    """Return the level of the parent that a grid must have; None for none."""
    wanted = {1.0: None, 2.0: 1.0, 3.0: 2.0}.get(float(scene.level[i]), 1.0)
    return None if wanted == 1.0 and _hangs(scene, i) and not scene.revision_wide else wanted


def _hangs(scene: Scene, i: int) -> bool:
    """Tell whether level 1 above a grid is a street."""
    return scene.first_level(scene.community[i]) == 3


def _tops(scene: Scene) -> Iterator[Finding]:
    tops = pd.Series([scene.community[i] for i in scene.at_level(1)], dtype=object).value_counts()
    second = {scene.community[i] for i in scene.at_level(2)}
    for code in scene.communities:
        n = int(tops.get(code, 0))
        if scene.first_level(code) == 3:
            if n or code not in second:
                zh = f"社区 {code} 按规则是二级网格：应有二级网格而无一级网格，现有一级网格 {n} 个"
                en = f"community {code} is level 2 by its rules: it has level-2 grids and none of level 1, not {n}"
                yield Finding("schema", code, n, zh, en)
        elif n != 1:
            zh, en = (
                f"社区 {code} 应有一个一级网格，现有 {n} 个",
                f"community {code} must have one level-1 grid, not {n}",
            )
            yield Finding("schema", code, n, zh, en)
    known = {code for i, code in enumerate(scene.community) if code in scene.communities or scene.is_street(i)}
    for code in sorted(set(scene.community) - known):
        zh, en = f"网格属于未给出的社区 {code}", f"grids belong to community {code}, which was not given"
        yield Finding("schema", code, 1, zh, en)


def valid(scene: Scene) -> Outcome:
    """Check that each geometry is a non-empty, valid (multi)polygon with finite coordinates."""
    found = [f for name, g in zip(scene.ids, scene.stored, strict=True) for f in _valid(name, g)]
    return Outcome(len(scene.stored), tuple(found))


def _valid(name: str, geom: BaseGeometry | None) -> Iterator[Finding]:
    if geom is None or geom.is_empty:
        yield Finding("valid", name, 0, "几何为空", "the geometry is empty")
    elif geom.geom_type not in ("Polygon", "MultiPolygon"):
        yield Finding("valid", name, 0, f"几何类型为 {geom.geom_type}", f"the geometry is a {geom.geom_type}")
    elif not np.isfinite(xy := shapely.get_coordinates(geom)).all():
        bad = int((~np.isfinite(xy)).any(axis=1).sum())
        yield Finding("valid", name, bad, f"{bad} 个坐标不是有限数", f"{bad} coordinates are not finite")
    elif not shapely.is_valid(geom):
        why = shapely.is_valid_reason(geom)
        yield Finding("valid", name, 1, f"多边形无效：{why}", f"the polygon is invalid: {why}")
