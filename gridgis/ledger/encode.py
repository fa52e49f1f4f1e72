"""Codes for the grids of a plan: some keep theirs, the others get new ones. What was issued is an argument."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

import geopandas as gpd
import pandas as pd

from gridgis.coding import Code, Scheme
from gridgis.errors import Conflict, InvalidInput
from gridgis.model import need_columns

_NEEDED = ("community", "local_id", "level", "kind", "parent", "geometry")


@dataclass(frozen=True)
class _Row:
    """One grid of the plan; x, y a point of it and height that of its box, metres."""

    id: str
    community: str
    level: int | None
    kind: str
    parent: str | None
    previous: str | None
    given: bool
    x: float
    y: float
    height: float


def encode_plan(
    grids: gpd.GeoDataFrame, scheme: Scheme, issued: Iterable[str] = (), kept: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Give every grid of a plan its code.

    A grid keeps a code when it continues the grid that has it (column ``previous``, or ``kept``) and the code still
    says the truth: same community, level and kind, and, where the digits carry the ancestry, under the same parent.
    The level-1 grid that is the whole community has the community's code in any case. A grid flagged "given" has its
    ``local_id`` as code. All others get new numbers after the highest ever issued, by community, in the spatial order
    of a representative point and the median height of the community's grids of that level (`gridgis.coding`). The
    communities do not influence one another, unless the codes name only their street: then its grids share the numbers.

    Parameters
    ----------
    grids
        GRID_COLUMNS, in the work CRS (metres); the columns previous and flags may be missing.
    scheme
        The coding scheme.
    issued
        All codes ever issued; those of other communities are not looked at.
    kept
        local_id -> the code that this grid got before, as when a returned plan comes again.

    Returns
    -------
    DataFrame
        local_id, code, parent_code (None at the top), with the index and the order of ``grids``. Where a community is
        level 2, its parent is the grid of the whole street, which is no row of a plan: a registry forms it.

    Raises
    ------
    InvalidInput
        A column is missing, the CRS is none or not metric, a local id occurs twice, a parent is not in the plan, a
        community code or an issued code does not fit the scheme.
    Conflict
        Two grids claim one code, or a given code was issued before to another grid.
    Rejected
        A community has no numbers left. Nothing is encoded then.
    """
    rows = _read(grids)
    texts = scheme.of_regions(issued, {_region(row, scheme) for row in rows})
    by_region: dict[str, list[str]] = defaultdict(list)
    for text in texts:
        by_region[scheme.parse(text).region].append(text)
    have = _codes_kept(rows, scheme, kept or {}, set(texts))
    for code in have.values():
        by_region[code.region].append(code.text)
    codes = {name: code.text for name, code in have.items()}
    for region, part in _regions_to_number(rows, codes, scheme).items():
        inside = {row.id for row in part}
        if new := [_item(row, codes, inside) for row in part if row.id not in codes]:
            codes |= scheme.allocate(new, by_region[region], _row_heights(part))
    streets = streets_above(grids, scheme)
    return pd.DataFrame(
        {
            "local_id": [row.id for row in rows],
            "code": [codes[row.id] for row in rows],
            "parent_code": [streets.get(row.community) if row.parent is None else codes[row.parent] for row in rows],
        },
        index=grids.index,
        dtype=object,
    )


def streets_above(grids: pd.DataFrame, scheme: Scheme) -> dict[str, str]:
    """Return for each community that is level 2 (its level-2 grids have no parent) the code of its street's grid.

    Parameters
    ----------
    grids
        community, level, parent.

    Raises
    ------
    InvalidInput
        The scheme has no code for a street.

    Examples
    --------
    >>> grids = pd.DataFrame({"community": ["610902001003"], "level": [2], "parent": [None]})
    >>> streets_above(grids, Scheme.load("national-15"))
    {'610902001003': '610902001000000'}
    """
    second = (pd.to_numeric(grids["level"]) == 2).fillna(False).to_numpy(dtype=bool)
    alone = grids["community"][second & grids["parent"].isna().to_numpy()]
    return {code: scheme.union_of(code) for code in sorted(set(alone.astype(str)))}


def _region(row: _Row, scheme: Scheme) -> str:
    return scheme.parse(row.id).region if row.given else scheme.region_of(row.community)


def _regions_to_number(rows: list[_Row], codes: Mapping[str, str], scheme: Scheme) -> dict[str, list[_Row]]:
    """Gather the grids by the region in their codes (the community, or its street), where some have no code yet."""
    regions = {row.community: scheme.region_of(row.community) for row in rows if row.id not in codes}
    out: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        if row.community in regions:
            out[regions[row.community]].append(row)
    return out


def _read(grids: gpd.GeoDataFrame) -> list[_Row]:
    """Return plain rows, None for null."""
    need_columns(grids, _NEEDED, "grids")
    if grids.crs is None or not grids.crs.is_projected:
        raise InvalidInput(
            f"网格须为以米为单位的工作坐标系，现为 {grids.crs}",
            f"grids must be in the metric work CRS, they are in {grids.crs}",
        )
    points, bounds = grids.geometry.representative_point(), grids.geometry.bounds
    columns = (
        [str(i) for i in grids["local_id"]],
        [str(c) for c in grids["community"]],
        [None if pd.isna(v) else int(v) for v in grids["level"]],
        [str(k) for k in grids["kind"]],
        _texts(grids, "parent"),
        _texts(grids, "previous"),
        ["given" in (f or "").split(",") for f in _texts(grids, "flags")],
        points.x.tolist(),
        points.y.tolist(),
        (bounds["maxy"] - bounds["miny"]).tolist(),
    )
    rows = [_Row(*values) for values in zip(*columns, strict=True)]
    _check_ids(rows)
    return rows


def _check_ids(rows: list[_Row]) -> None:
    ids = Counter(row.id for row in rows)
    if double := [name for name, count in ids.items() if count > 1]:
        raise InvalidInput(f"local_id 重复：{double[:5]}", f"local_id occurs twice: {double[:5]}", ids=double)
    if lost := sorted({row.parent for row in rows if row.parent is not None} - set(ids)):
        raise InvalidInput(
            f"上级网格 {lost[:5]} 不在方案中", f"the parents {lost[:5]} are not in the plan", parents=lost
        )


def _texts(grids: gpd.GeoDataFrame, column: str) -> list[str | None]:
    if column not in grids.columns:
        return [None] * len(grids)
    return [None if pd.isna(v) or v == "" else str(v) for v in grids[column]]


def _codes_kept(rows: list[_Row], scheme: Scheme, kept: Mapping[str, str], issued: set[str]) -> dict[str, Code]:
    """Find the grids that have a code already, the parents first."""
    have: dict[str, Code] = {}
    for row in sorted(rows, key=lambda r: r.level or 9):
        before = kept.get(row.id, row.previous)
        if row.given:
            have[row.id] = _given(row.id, before, scheme, issued)
        elif scheme.depth(row.level, row.kind) == 0:
            have[row.id] = scheme.parse(scheme.build(scheme.region_of(row.community)))
        elif code := _first_true(row, (row.previous, kept.get(row.id)), scheme, have.get(row.parent or "")):
            have[row.id] = code
    _refuse_doubles(have)
    return have


def _first_true(row: _Row, texts: Iterable[str | None], scheme: Scheme, parent: Code | None) -> Code | None:
    """Return the first of some codes whose digits say the truth of a grid in its new plan."""
    codes = (scheme.parse(text) for text in texts if text is not None and scheme.is_valid(text))
    return next((code for code in codes if _still_true(code, row, scheme, parent)), None)


def _given(local_id: str, before: str | None, scheme: Scheme, issued: set[str]) -> Code:
    code = scheme.parse(local_id)
    if code.text in issued and before != code.text:
        raise Conflict(
            f"给定编码 {code} 已发放过，不能再次发放；若为同一网格，请在 previous 列注明",
            f"the given code {code} was issued before and is never issued again; if it is the same grid, say so in the"
            " column previous",
            code=code.text,
        )
    return code


def _still_true(code: Code, row: _Row, scheme: Scheme, parent: Code | None) -> bool:
    """Tell whether what the digits of a code say is true of the grid in its new plan."""
    depth = scheme.depth(row.level, row.kind)
    if (
        code.region != scheme.region_of(row.community)
        or len(scheme.numbers(code)) != depth
        or code.kind not in (None, row.kind)
    ):
        return False
    if code.level not in (None, row.level):
        return False
    return depth < 2 or (parent is not None and scheme.numbers(parent) == scheme.numbers(code)[:-1])


def _refuse_doubles(have: Mapping[str, Code]) -> None:
    holder: dict[str, str] = {}
    for name, code in have.items():
        if code.text in holder:
            raise Conflict(
                f"网格 {holder[code.text]} 和 {name} 都要编码 {code}；一个编码只属于一个网格",
                f"grids {holder[code.text]} and {name} both claim code {code}; a code belongs to one grid",
                code=code.text,
                grids=[holder[code.text], name],
            )
        holder[code.text] = name


def _item(row: _Row, codes: Mapping[str, str], inside: set[str]) -> tuple[str, float, float, int | None, str, str]:
    """Make the item of a new grid; its parent counts where it is in the same community."""
    parent = row.parent if row.parent in inside else None
    return row.id, row.x, row.y, row.level, row.kind, row.community if parent is None else codes.get(parent, parent)


def _row_heights(part: list[_Row]) -> dict[int | None, float]:
    levels = {row.level for row in part}
    return {level: median(row.height for row in part if row.level == level) for level in levels}
