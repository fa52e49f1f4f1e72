"""Plots: a large carved site (an industrial park) is divided inside into several dedicated grids.

How many is said by the site (column ``parts``) or by the rules (``max_area_dedicated_m2``); by neither, a site is one
grid. The cut runs along inner roads where it can, and evens the areas; each plot of a divided site is contiguous.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgis.errors import InvalidInput
from gridgis.geometry.arrays import Floats, Ints
from gridgis.geometry.coverage import Row, report_row
from gridgis.model import DivisionRules
from gridgis.partition.components import components
from gridgis.partition.graph import Contacts
from gridgis.partition.ground import Ground
from gridgis.partition.levels import attach
from gridgis.partition.noding.atoms import Atoms
from gridgis.partition.problem import Problem
from gridgis.partition.search.solve import solve

EVEN = 0.02
"""Metres of border on open ground that a square metre of deviation from the mean area is worth."""
SLACK = 0.25
"""How far the area of a plot may be from the mean, where no limit is stated."""
MORE = 3
"""So many plots more than the area asks for are tried where pieces of ground do not fit the limit."""


@dataclass(frozen=True)
class Plots:
    """``of_atom`` (n,) number of the dedicated grid of each atom, -1 for none; ``site`` (p,) position of its site."""

    of_atom: Ints
    site: list[int]


def make_plots(
    ground: Ground,
    atoms: Atoms,
    c: Contacts,
    rules: Mapping[str, DivisionRules],
    seed: int,
    earlier: gpd.GeoDataFrame | None = None,
) -> Plots:
    """Cut carved sites into plots, community by community; report rows are appended to ``ground.rows``.

    Parameters
    ----------
    ground, atoms
        With the sites.
    c
        Contacts of all atoms, by their position.
    rules
        By code of community.
    seed
        Of the search.
    earlier
        Earlier grids in the work CRS: plots among them that still are what is asked for stay as they are.

    Raises
    ------
    InvalidInput
        ``parts`` of a site is no whole number from 1 on, or is given for an overlay.
    """
    wanted = _parts(ground)
    of_atom = np.full(len(atoms.polygons), -1, dtype=np.int64)
    site: list[int] = []
    for s in np.unique(atoms.site[atoms.site >= 0]).tolist():
        there = np.unique(atoms.community[atoms.site == s])
        ground_of = [np.flatnonzero((atoms.site == s) & (atoms.community == k)) for k in there]
        areas = np.array([float(c.area[inside].sum()) for inside in ground_of])
        shares = _shared_out(areas, wanted[s], 0.0)
        for k, inside, share in zip(there.tolist(), ground_of, shares, strict=True):
            near, r = c.take(inside), rules[str(ground.base["code"].iloc[k])]
            old = _present(atoms, inside, str(ground.sites["id"].iloc[s]), earlier)
            labels, asked = _cut_site(near, share, r, seed, old)
            of_atom[inside] = labels + len(site)
            site.extend([s] * (int(labels.max()) + 1))
            _report(ground.rows, str(ground.sites["id"].iloc[s]), near, labels, asked, r.max_area_dedicated_m2)
    return Plots(of_atom, site)


def named_sites(ground: Ground, plots: Plots, plot_of: Mapping[str, int]) -> dict[str, pd.Series]:
    """Return the site of each dedicated grid; plots of one site are numbered: 园区-1, 园区-2."""
    out: dict[str, pd.Series] = {}
    count: dict[int, int] = {}
    for local_id, plot in plot_of.items():
        s = plots.site[plot]
        row = ground.sites.iloc[s].copy()
        if plots.site.count(s) > 1 and isinstance(row["name"], str) and row["name"]:
            count[s] = count.get(s, 0) + 1
            row["name"] = f"{row['name']}-{count[s]}"
        out[local_id] = row
    return out


def _parts(ground: Ground) -> list[int]:
    """Return how many plots each site asks for, (s,); 1 where nothing is said."""
    sites = ground.sites
    if "parts" not in sites:
        return [1] * len(sites)
    given = pd.to_numeric(sites["parts"], errors="coerce")
    wrong = (sites["parts"].notna() & given.isna()) | (given < 1) | (given % 1 != 0) & given.notna()
    wrong |= (given > 1) & (sites["mode"] != "carve")
    if wrong.any():
        shown = [f"{i}: {v!r}" for i, v in sites.loc[wrong, ["id", "parts"]].head(5).itertuples(index=False)]
        raise InvalidInput(
            f"场所的 parts 须为不小于1的整数，且只用于切出（carve）的场所：{shown}",
            f"parts of a site is a whole number from 1 on, for carved sites only: {shown}",
            sites=shown,
        )
    return [int(n) for n in given.fillna(1)]


def _present(atoms: Atoms, inside: Ints, site: str, earlier: gpd.GeoDataFrame | None) -> Ints:
    """Return the earlier grid of a site that holds each of some atoms, -1 for none."""
    out = np.full(len(inside), -1, dtype=np.int64)
    if earlier is not None and {"mode", "site_id"} <= set(earlier.columns):
        mine = ((earlier["mode"] == "carve") & (earlier["site_id"].astype(str) == site)).to_numpy(dtype=bool)
        spots = shapely.point_on_surface(atoms.polygons[inside])
        spot, grid = shapely.STRtree(earlier.geometry.to_numpy()[mine]).query(spots, predicate="within")
        out[spot] = grid
    return out


def _cut_site(c: Contacts, share: int, rules: DivisionRules, seed: int, old: Ints) -> tuple[Ints, int]:
    """Return the plot of each atom of a site in one community, and how many were asked for.

    ``share``: the plots that the site asks for here; ``old`` (n,) the present ones. Ground in pieces that do not touch
    is cut piece by piece; a site of which nothing is asked is one plot, though it lie in pieces.
    """
    limit = rules.max_area_dedicated_m2
    asked = max(share, int(np.ceil(c.area.sum() / limit)) if limit else 1)
    land = np.flatnonzero(~c.water)
    if asked == 1 or not len(land):
        return np.zeros(c.n, dtype=np.int64), asked
    if _still_good(c, old, asked, limit):
        return np.unique(old, return_inverse=True)[1].astype(np.int64), asked
    labels = np.full(c.n, -1, dtype=np.int64)
    ground = c.take(land)
    piece = components(ground.n, ground.pairs)
    area = np.bincount(piece, ground.area).astype(np.float64)
    for p, k in enumerate(_shared_out(area, asked, limit)):
        here = np.flatnonzero(piece == p)
        labels[land[here]] = _cut_piece(ground.take(here), k, limit, rules, seed) + labels.max() + 1
    attach(c, labels)
    labels[labels < 0] = 0  # water that no plot touches
    return labels, asked


def _still_good(c: Contacts, old: Ints, asked: int, limit: float) -> bool:
    """Tell whether present plots cover a site, are contiguous, and are as many and as small as is asked for."""
    if (old < 0).any():
        return False
    a, b = c.pairs.T
    dry = ~c.water
    piece = components(c.n, c.pairs[old[a] == old[b]])
    count = len(np.unique(old))
    in_one = len(np.unique(piece[dry])) == len(np.unique(old[dry])) == count
    return (
        in_one
        and (count == asked or (bool(limit) and count > asked))
        and (not limit or bool(np.bincount(old, c.area).max() <= limit))
    )


def _shared_out(area: Floats, parts: int, limit: float) -> list[int]:
    """Share out plots to pieces of ground: one each, more as the limit wants, the rest where plots are largest.

    Examples
    --------
    >>> _shared_out(np.array([5.0, 1.0]), 3, 0.0), _shared_out(np.array([5.0, 1.0]), 1, 2.0)
    ([2, 1], [3, 1])
    """
    out = np.maximum(1, np.ceil(area / limit) if limit else np.ones(len(area))).astype(np.int64)
    while out.sum() < parts:
        out[np.argmax(area / out)] += 1
    return [int(n) for n in out]


def _cut_piece(c: Contacts, parts: int, limit: float, rules: DivisionRules, seed: int) -> Ints:
    """Cut contiguous ground into plots; where there is a limit, into more if so many cannot keep it."""
    weights = np.maximum(1, np.round(c.area)).astype(np.int64)
    found = np.zeros(c.n, dtype=np.int64)
    parts = min(parts, c.n)
    for k in range(parts, min(parts + MORE if limit else parts, c.n) + 1):
        mean = float(weights.sum()) / k
        upper = int(limit) if limit else int(mean * (1 + SLACK))
        lower = 0 if limit else int(mean * (1 - SLACK))
        if k == 1:
            answer = found
        else:
            problem = Problem(weights, c.pairs, c.costs(rules), lower, upper, balance=EVEN)
            answer = solve(problem, [k], seed, rules.effort, restarts=3).labels
        if k == parts or np.bincount(answer, weights).max() < np.bincount(found, weights).max():
            found = answer
        if np.bincount(found, weights).max() <= upper:
            break
    return found


def _report(rows: list[Row], site: str, c: Contacts, labels: Ints, asked: int, limit: float) -> None:
    """Say how a site was divided, and where it has fewer plots than asked for or a plot above the limit."""
    area = np.bincount(labels, c.area)
    if len(area) == 1 and asked == 1:
        return
    shown = ", ".join(f"{a:.0f}" for a in area)
    over = bool(limit) and bool(area.max() > limit)
    severity = "warning" if len(area) < asked or over else "info"
    why_zh, why_en = ("；地块不能再分", "; its ground cannot be cut further") if severity == "warning" else ("", "")
    rows.append(
        report_row(
            severity, "dedicated", site, "plots", len(area),
            f"场所 {site} 分为 {len(area)} 个专属网格，面积 {shown} 平方米{why_zh}",
            f"site {site} is divided into {len(area)} dedicated grids of {shown} m2{why_en}",
        )
    )  # fmt: skip
