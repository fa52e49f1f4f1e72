"""Divide one or many communities: the way from layers to a plan (docs/architecture.md, "The way of one division")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np

from gridgis.errors import InvalidInput
from gridgis.geometry.arrays import Ints, geometries
from gridgis.geometry.coverage import report_row
from gridgis.model import (
    BARRIER_CLASSES,
    Band,
    Community,
    DivisionPlan,
    DivisionRules,
    Pin,
    Progress,
    no_progress,
)
from gridgis.partition.assemble import assemble
from gridgis.partition.certify import certificate_rows, certificates, need_effort
from gridgis.partition.community import CommunityCut, cut_communities
from gridgis.partition.continuity import continued, earlier_grids, keep_numbers, kept_names
from gridgis.partition.entry import need_communities
from gridgis.partition.graph import Contacts, contacts
from gridgis.partition.ground import Ground, take_in
from gridgis.partition.layout import Layout, Pieces, number, text
from gridgis.partition.levels import Cut
from gridgis.partition.load import building_load
from gridgis.partition.noding.atoms import Atoms, make_atoms
from gridgis.partition.noding.keep import Kept
from gridgis.partition.pinning.lines import drawn_borders
from gridgis.partition.pinning.members import need_sensible
from gridgis.partition.pinning.pins import need_obeyed, sent_home, settle
from gridgis.partition.reasons import explain
from gridgis.partition.redivision.redivide import present_grids, recut_communities
from gridgis.partition.sites.dedicated import overlay_grids
from gridgis.partition.sites.plots import make_plots, named_sites


def divide(
    community: Community | Sequence[Community],
    rules: DivisionRules | Mapping[str, DivisionRules] | None = None,
    seed: int = 0,
    previous: gpd.GeoDataFrame | DivisionPlan | None = None,
    *,
    pins: Sequence[Pin] = (),
    work_crs: str | None = None,
    processes: int = 1,
    progress: Progress = no_progress,
    certify: float | None = None,
) -> DivisionPlan:
    """Divide communities into comprehensive grids of three levels and dedicated grids.

    Parameters
    ----------
    community
        One community, or several that share borders: they are noded together. Any code that is not empty is taken:
        how many digits it has is the matter of a coding scheme.
    rules
        One profile for all, or one for each community's code; default: chosen by the code
        (`DivisionRules.for_community`), and reported.
    seed
        The same input, rules and seed give the same plan.
    previous
        An earlier plan, or grids of one or of the registry (local_id or code, level, geometry): a new grid that
        continues one of them (SEMANTICS 13) names it in ``previous``.
    pins
        What the planner has decided (docs/pins.md): obeyed, or refused with the reason. The plan keeps them.
    work_crs
        The metric CRS; default: chosen by the place. A registry passes its own.
    processes
        How many processes share the search; the plan does not depend on it.
    progress
        Called with (stage, done, total).
    certify
        Prove how good level 2 is, with so much effort (roughly seconds) for each region; the report then has a row for
        each and ``figures["certificates"]``, and cheaper borders that are found on the way are taken. Default: no.

    Raises
    ------
    InvalidInput
        Wrong input: the text names the value, the rule and the way out; or a pin that cannot be obeyed.
    """
    communities = [community] if isinstance(community, Community) else list(community)
    need_communities(communities)
    need_effort(certify, previous is not None)
    by_code = _rules(communities, rules)
    ground = take_in(communities, by_code, work_crs)
    _report_rules(ground, by_code, rules is None)
    earlier = None if previous is None else earlier_grids(previous, ground.work_crs)
    kept = None if previous is None else Kept.of(previous, ground.work_crs)
    need_sensible(pins)
    borders = drawn_borders(pins, ground)
    atoms = make_atoms(ground, progress, geometries([*borders.values()]), kept)
    level2 = np.full(len(atoms.polygons), -1, dtype=np.int64)
    level3 = np.full(len(atoms.polygons), -1, dtype=np.int64)
    whole = contacts(ground, atoms, np.arange(len(atoms.polygons)), building_load(ground, by_code))
    settled = settle(pins, borders, ground, atoms, whole, by_code, previous)
    whole = replace(whole, held=settled.held)
    codes = ground.base["code"].astype(str).tolist()
    grounds = [whole.take(np.flatnonzero((atoms.community == c) & (atoms.site < 0))) for c in range(len(codes))]
    of_each = [by_code[code] for code in codes]
    if earlier is None:
        made = cut_communities(grounds, of_each, seed, processes, progress, certify or 0.0)
    else:
        old = present_grids(ground, atoms, earlier)
        made = recut_communities(grounds, sent_home(settled, old, earlier), of_each, seed, processes, progress)
    cuts: list[tuple[Contacts, Cut, Band, int]] = []
    for c, code, cut in zip(grounds, codes, made, strict=True):
        _number(c, cut, by_code[code], level2, level3, cuts)
    need_obeyed(settled, {2: level2, 3: level3}, whole.households, ground.rows)
    pieces = _pieces(ground, atoms)
    plots = make_plots(ground, atoms, whole, by_code, seed, earlier)
    layout, plot_of = number(pieces, level2, level3, plots.of_atom)
    if earlier is not None:
        layout = keep_numbers(layout, pieces, old, earlier)
    sites = named_sites(ground, plots, plot_of)
    flags = explain(pieces, layout, cuts, by_code, ground.rows, sites)
    count: dict[str, int] = {}
    for local_id in sites:
        code = local_id.rsplit("-", 2)[0]
        count[code] = count.get(code, 0) + 1
    overlays = overlay_grids(ground.base, ground.sites, count, ground.rows)
    _report_unused(ground, {*plots.site}, {str(o["site_id"]) for o in overlays})
    proven = {} if certify is None else _certificates(grounds, made, layout, certify)
    ground.rows.extend(certificate_rows(proven["certificates"]) if proven else [])
    plan = assemble(pieces, layout, sites, overlays, flags, by_code, ground.rows, seed)
    plan.report.figures.update(proven)
    if previous is not None:
        plan.grids["previous"] = continued(plan, previous)
        plan.grids["name"] = kept_names(plan.grids, earlier_grids(previous, ground.work_crs))
    return replace(plan, pins=tuple(pins))


def _certificates(
    grounds: Sequence[Contacts], made: Sequence[CommunityCut], layout: Layout, certify: float
) -> dict[str, Any]:
    """Return the figures of what was proven, with the names of the grids of each region."""
    names, proofs = [], []
    for c, cut in zip(grounds, made, strict=True):
        ids = dict(zip(cut.level2.labels.tolist(), layout.level2[c.atom].astype(str).tolist(), strict=True))
        for proof in cut.proofs:
            names.append(sorted(ids[proof.first + k] for k in range(proof.grids)))
            proofs.append(proof)
    return {"certificates": certificates(names, proofs, certify)}


def _rules(
    communities: Sequence[Community], rules: DivisionRules | Mapping[str, DivisionRules] | None
) -> dict[str, DivisionRules]:
    codes = [str(c.code) for c in communities]
    if rules is None:
        return {code: DivisionRules.for_community(code) for code in codes}
    if isinstance(rules, DivisionRules):
        return dict.fromkeys(codes, rules)
    if missing := sorted(set(codes) - set(rules)):
        raise InvalidInput(f"没有给出社区 {missing} 的规则", f"no rules are given for the communities {missing}")
    return {code: rules[code] for code in codes}


def _report_rules(ground: Ground, rules: Mapping[str, DivisionRules], chosen: bool) -> None:
    for code, name in zip(ground.base["code"].astype(str), ground.base["name"], strict=True):
        how_zh, how_en = ("按社区代码选定", "chosen by the code") if chosen else ("指定", "given")
        r = rules[code]
        second_zh, second_en = f" {r.level2.lower}-{r.level2.upper} 户", f"{r.level2.lower}-{r.level2.upper} households"
        if r.community_level == 2:
            second_zh, second_en = "为社区", "is the community"
        ground.rows.append(
            report_row(
                "info", "rules", code, "profile", 0,
                f"{name}：规则 {r.name}（{how_zh}），二级{second_zh}，三级 {r.level3.lower}-{r.level3.upper} 户",
                f"{name}: rules {r.name} ({how_en}), level 2 {second_en}, level 3 {r.level3.lower}-{r.level3.upper}",
            )
        )  # fmt: skip


def _report_unused(ground: Ground, carved: set[int], overlaid: set[str]) -> None:
    """Report the sites that no grid was made of: outside of all communities, or covered by smaller ones."""
    for s, (key, mode) in enumerate(zip(ground.sites["id"].astype(str), ground.sites["mode"], strict=True)):
        if s in carved or (mode == "overlay" and key in overlaid):
            continue
        ground.rows.append(
            report_row(
                "warning", "dedicated", key, "no ground", float(ground.sites.geometry.iloc[s].area),
                f"场所 {key} 不在任何社区内，或已被更小的场所占满，未成专属网格",
                f"site {key} lies in no community, or smaller sites cover it: it became no dedicated grid",
            )
        )  # fmt: skip


def _number(
    c: Contacts,
    cut: CommunityCut,
    rules: DivisionRules,
    level2: Ints,
    level3: Ints,
    cuts: list[tuple[Contacts, Cut, Band, int]],
) -> None:
    """Write the labels of one community into those of all, so that they are unique."""
    level2[c.atom] = cut.level2.labels + int(level2.max(initial=-1)) + 1
    if rules.first_level == 2:
        cuts.append((c, cut.level2, rules.level2, 2))
    used = int(level3.max(initial=-1)) + 1
    for inner, sub in zip(c.split(cut.level2.labels), cut.level3, strict=True):
        level3[inner.atom] = sub.labels + used
        used += len(sub.region_of)
        cuts.append((inner, sub, rules.level3, 3))


def _pieces(ground: Ground, atoms: Atoms) -> Pieces:
    classes = np.array([*BARRIER_CLASSES, ""], dtype=object)
    names = np.array([*(text(n) for n in ground.barriers["name"]), ""], dtype=object)
    buildings = ground.buildings.copy()
    buildings["atom"] = atoms.building_atom
    return Pieces(
        ground.base,
        atoms.polygons,
        atoms.community,
        atoms.water,
        buildings,
        atoms.left,
        atoms.right,
        atoms.seg,
        classes[atoms.klass],
        names[atoms.line],
    )
