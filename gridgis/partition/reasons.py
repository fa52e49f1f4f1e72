"""Why a grid is as it is: flags for grids outside the band; report rows that name the rule, the measure, the cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import shapely

from gridgis.geometry.arrays import Bools, Ints
from gridgis.geometry.coverage import Row, report_row
from gridgis.model import Band, DivisionRules
from gridgis.partition.causes import Cause, Causes
from gridgis.partition.components import components
from gridgis.partition.graph import Contacts
from gridgis.partition.layout import Layout, Pieces
from gridgis.partition.levels import Cut
from gridgis.partition.regions.crossing import pairs_of
from gridgis.partition.regions.pieces import Region
from gridgis.partition.regions.pieces import sides as sides_of
from gridgis.partition.sites.cut_off import sites_between


def explain(
    pieces: Pieces,
    layout: Layout,
    cuts: Sequence[tuple[Contacts, Cut, Band, int]],
    rules: Mapping[str, DivisionRules],
    rows: list[Row],
    sites: Mapping[str, pd.Series] | None = None,
) -> dict[str, set[str]]:
    """Return the flags by local id, and append a report row for each grid outside its band.

    ``sites``: for each local id of a carved dedicated grid its site.
    """
    flags: dict[str, set[str]] = {}
    rim, codes = _rim(pieces), pieces.base["code"].astype(str).to_numpy()[pieces.community]
    for c, cut, band, level in cuts:
        if not c.n:
            continue
        land, dry = components(c.n, c.pairs), _dry(c)
        ids = layout.level2 if level == 2 else layout.leaf
        own = rules[codes[c.atom[0]]]
        first = level == own.first_level
        causes = Causes(c, cut, band, own, first)
        inside = c.split(cut.labels) if first else []  # all at once: taking each looks at the whole community
        ground = sides_of(c) if first else np.zeros(0, dtype=np.int64)
        for label, region in enumerate(cut.region_of):
            members = np.flatnonzero(cut.labels == label)
            local_id = str(ids[c.atom[members[0]]])
            load = int(c.households[members].sum())
            sides = _sides(inside[label]) if first else []
            if len(sides) > 1:
                flags.setdefault(local_id, set()).add("crosses_strong")
                rows.append(_crossing(local_id, sides, *_why_crossing(inside[label], ground[members], region, band)))
            if load in band:
                continue
            small = first and 0 < load < band.lower
            apart = _apart(c, members, land, dry, rim) if small else None
            if apart and apart.flag == "enclave":
                part = c.atom[land == land[members[0]]]
                apart = _named(apart, sites_between(pieces, layout, sites or {}, part))
            cause = apart or causes.of(label)
            flags.setdefault(local_id, set()).add(cause.flag)
            severity = "info" if cause.certified else "unmet"
            rows.append(
                report_row(
                    severity, "divide", local_id, f"level{level} band", load,
                    f"{local_id} 有 {load} 户，不在 {band.lower}-{band.upper} 之内：{cause.zh}",
                    f"{local_id} has {load} households, outside {band.lower}-{band.upper}: {cause.en}",
                )
            )  # fmt: skip
    for local_id in _apart_from_main(pieces, layout, rules):
        flags.setdefault(local_id, set()).add("enclave")
    return flags


def _apart_from_main(pieces: Pieces, layout: Layout, rules: Mapping[str, DivisionRules]) -> list[str]:
    """Return the level-2 grids that are a part of a community that is level 2, but not the main one."""
    out: list[str] = []
    households, area = pieces.households(), shapely.area(pieces.polygons)
    for i, code in enumerate(pieces.base["code"].astype(str)):
        here = np.flatnonzero((pieces.community == i) & (layout.level2 != ""))
        if rules[code].community_level == 2 and len(here):
            names, part = np.unique(layout.level2[here].astype(str), return_inverse=True)
            size = np.lexsort((np.bincount(part, area[here]), np.bincount(part, households[here])))
            out.extend(names[np.sort(size[:-1])].tolist())
    return out


def _sides(inside: Contacts) -> list[int]:
    """Return the households of the pieces into which STRONG barriers part a grid, largest first."""
    counts = np.bincount(sides_of(inside), inside.households).astype(np.int64)
    return sorted((int(n) for n in counts if n), reverse=True)


def _crossing(local_id: str, sides: list[int], zh: str, en: str) -> Row:
    """Name what a grid has on both sides of a barrier, and why."""
    parts, pairs = " + ".join(str(n) for n in sides), pairs_of(sides)
    return report_row(
        "info", "divide", local_id, "crosses strong barrier", sum(sides),
        f"{local_id} 跨越强界线（两侧 {parts} 户，{pairs} 对）：{zh}",
        f"{local_id} crosses a STRONG barrier ({parts} households, {pairs} pairs of them): {en}",
    )  # fmt: skip


def _why_crossing(inside: Contacts, ground: Ints, region: Region, band: Band) -> tuple[str, str]:
    """Tell why a grid crosses a barrier; ``ground`` names the piece of the community that each of its atoms lies in."""
    lived = inside.households > 0
    pinned = "按划分要求", "the reason is a pin"
    if len(np.unique(sides_of(inside, inside.joined)[lived])) == 1:
        return pinned
    if len(np.unique(ground[lived])) == 1:
        return "界线在别处中断，两侧相连", "it ends elsewhere, and its sides are one ground"
    return pinned if len(region.merged) <= 1 else _merged(_sides(inside), region, band)


def _merged(sides: list[int], region: Region, band: Band) -> tuple[str, str]:
    """Tell which pieces made a grid cross a barrier, and how much of it must be, in Chinese and English."""
    if region.closed == "joined":
        return (
            f"各块单独划分时有网格不在 {band.lower}-{band.upper} 之内，故合并",
            f"cut alone, one of its pieces had grids outside {band.lower}-{band.upper}, so they were joined",
        )
    if region.closed == "kept":
        return (
            f"重划时保留原网格（如界线为新增，须移动 {sides[-1]} 户才能避免）",
            f"kept from the earlier division; where the barrier is new, {sides[-1]} households would have to move",
        )
    if region.needy:
        why = [*_why_needy([region.merged[k] for k in region.needy], band), _how_needed(pairs_of(sides), region.pairs)]
        return "；".join(zh for zh, _ in why), "; ".join(en for _, en in why)
    return "每一块都能单独成格，按合并模型可以避免", "each piece could stand alone: it could be avoided"


def _how_needed(pairs: int, least: int) -> tuple[str, str]:
    """Tell how many of the pairs in a grid must be, by the merge model, in Chinese and English."""
    if not least:
        return "没有使各块都在户数带内的合并", "no way to join pieces brings all into the band"
    if pairs <= least:
        return (
            f"按合并模型，这一片至少须有 {least} 对",
            f"by the merge model its region needs at least {least} such pairs",
        )
    return (
        f"按合并模型，这一片至少须有 {least} 对，其余因楼栋、小区不可分或搜索所致",
        f"by the merge model its region needs at least {least} such pairs; the others are for undivided buildings and "
        "estates, or the search",
    )


def _why_needy(needy: Sequence[int], band: Band) -> list[tuple[str, str]]:
    """Tell why pieces cannot be cut into the band alone, in Chinese and English; all that are below it at once."""
    small = sorted(n for n in needy if n < band.lower)
    why = [_too_large(n, band) for n in sorted(set(needy)) if n >= band.lower]
    if not small:
        return why
    listed = ", ".join(str(n) for n in small)
    en = f"a piece of {listed} is" if len(small) == 1 else f"pieces of {listed} are"
    return [(f"其中 {listed.replace(', ', '、')} 户的地块低于 {band.lower}", f"{en} below {band.lower}"), *why]


def _too_large(households: int, band: Band) -> tuple[str, str]:
    """Tell why a piece of at least the lower limit cannot be cut into the band alone, in Chinese and English."""
    if not band.can_hold(households):
        k = households // band.lower
        return (
            f"其中一块 {households} 户，多于 {k} 格的 {k * band.upper}，少于 {k + 1} 格的 {(k + 1) * band.lower}",
            f"a piece of {households} is more than {k * band.upper} for {k} grid(s) and less than "
            f"{(k + 1) * band.lower} for {k + 1}",
        )
    return (
        f"其中一块 {households} 户，其小区各自完整时不能分成 {band.lower}-{band.upper} 户",
        f"a piece of {households} cannot be cut into {band.lower}-{band.upper} with its estates whole",
    )


def _rim(pieces: Pieces) -> Bools:
    """Tell which atoms lie at the boundary of their community, (n,)."""
    out = np.zeros(len(pieces.polygons), dtype=np.bool_)
    outer = (pieces.left < 0) | (pieces.community[pieces.left] != pieces.community[pieces.right])
    out[pieces.right[outer]] = True
    out[pieces.left[outer & (pieces.left >= 0)]] = True
    return out


def _dry(c: Contacts) -> Ints:
    """Label the pieces of land between water that cannot be crossed, (n,); water atoms are pieces of their own."""
    return components(c.n, c.pairs[~c.water[c.pairs].any(axis=1)])


def _apart(c: Contacts, members: Ints, land: Ints, dry: Ints, rim: Bools) -> Cause | None:
    """Tell whether a grid is all there is of a detached part of the community, or of an island."""
    lived_in = members[c.households[members] > 0]
    part, shore = np.flatnonzero(land == land[lived_in[0]]), np.flatnonzero(dry == dry[lived_in[0]])
    if len(part) < c.n and not set(part[c.households[part] > 0].tolist()) - set(members.tolist()):
        zh, en = "社区边界之外的飞地，单独成格", "a part of the community that lies apart, a grid of its own"
        return Cause("enclave", zh, en)
    alone = not set(shore.tolist()) - set(members.tolist()) and not rim[c.atom[shore]].any()
    if alone and len(shore) < len(part):
        zh, en = "四面环水且无桥的孤岛，单独成格", "land closed in by water without a bridge, a grid of its own"
        return Cause("island", zh, en)
    return None


def _named(apart: Cause, sites: list[str]) -> Cause:
    """Name the carved sites that cut a part off, where it is they."""
    if not sites:
        return apart
    listed = ", ".join(sites)
    zh = f"被专属场所 {listed.replace(', ', '、')} 与社区其余部分隔断，单独成格"
    return Cause("enclave", zh, f"cut off from the rest of the community by the site {listed}, a grid of its own")
