"""The verifier: bring the grids to stored coordinates, try every rule, report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import geopandas as gpd

from gridgis.checks.atoms import atoms as atoms_rule
from gridgis.checks.bands import band_2, band_3
from gridgis.checks.barriers import strong
from gridgis.checks.borders import borders as borders_rule
from gridgis.checks.compounds import compounds
from gridgis.checks.contiguity import contiguity, river
from gridgis.checks.coverage import coverage, extent, overlap
from gridgis.checks.dedicated import dedicated, overlay
from gridgis.checks.finding import Finding, Outcome, table
from gridgis.checks.households import households
from gridgis.checks.names import names
from gridgis.checks.nesting import nesting
from gridgis.checks.pins import pins as pins_rule
from gridgis.checks.scene import Scene
from gridgis.checks.schema import schema, valid
from gridgis.errors import InvalidInput
from gridgis.geometry.crs import to_stored
from gridgis.model import Community, DivisionPlan, DivisionRules, Pin, Progress, VerifyReport, no_progress

Rule = Callable[[Scene], Outcome]

FIRST: dict[str, Rule] = {"schema": schema, "valid": valid}
"""Rules without which the others make no sense: where one finds something, no more is tried."""

GROUND: dict[str, Rule] = {
    "coverage": coverage,
    "overlap": overlap,
    "extent": extent,
    "nesting": nesting,
    "contiguity": contiguity,
    "dedicated": dedicated,
    "overlay": overlay,
    "names": names,
}
"""Rules of the ground: for a plan and for a whole revision."""

PLAN: dict[str, Rule] = {
    "atoms": atoms_rule,
    "borders": borders_rule,
    "households": households,
    "band-2": band_2,
    "band-3": band_3,
    "compounds": compounds,
    "river": river,
    "strong": strong,
    "pins": pins_rule,
}
"""Rules of a division: they look at buildings, barriers and compounds, by the rules of the plan."""

RULES: dict[str, Rule] = {**FIRST, **GROUND, **PLAN}
"""All rules by name; docs/verify.md says what each measures."""


def verify(
    grids: gpd.GeoDataFrame | DivisionPlan,
    community: Community | Sequence[Community],
    rules: DivisionRules | Mapping[str, DivisionRules] | None = None,
    revision_wide: bool = False,
    *,
    atoms: gpd.GeoDataFrame | None = None,
    pins: Sequence[Pin] | None = None,
    borders: gpd.GeoDataFrame | None = None,
    progress: Progress = no_progress,
) -> VerifyReport:
    """Check grids against all rules, independently of how they were made.

    Parameters
    ----------
    grids
        Columns as GRID_COLUMNS, in the work CRS or in stored coordinates; judged in stored coordinates (EPSG:4490).
        A plan stands for its grids and, unless others are given, its atoms and borders.
    community
        The community that was divided, or all of them.
    rules
        The rules for all, or by code of community (a code that is missing: by its profile); None chooses by code.
    revision_wide
        The grids are a whole revision, made by several plans: only the rules of the ground are tried.
    atoms
        The atoms that the grids are made of (model.ATOM_COLUMNS), in any CRS. They are checked by a rule of their own;
        where they are sound, the verifier can also prove that the shape of the ground makes a band impossible.
    pins
        What the planner pinned; None: what the plan holds.
    borders
        The borders between the finest grids, and along what they run (model.BORDER_COLUMNS), in any CRS.
    progress
        Called with ("verify", rules tried, rules).

    Returns
    -------
    VerifyReport
        ``ok``, the broken rules, the exceptions that the verifier has confirmed itself, and how much was checked. When
        the table or a geometry is unsound, the rules that build on it are not tried and not in ``checked``.

    Raises
    ------
    InvalidInput
        Neither plan nor grids, no community, one code twice, a layer without CRS, atoms without a column, a building
        with a count that is none.
    """
    given = _communities(community)
    communities = {c.code: c for c in given}
    if not given or len(communities) < len(given):
        codes = [c.code for c in given]
        raise InvalidInput(f"社区缺失或代码重复：{codes}", f"no community, or a code given twice: {codes}", codes=codes)
    if pins is None:
        pins = grids.pins if isinstance(grids, DivisionPlan) else ()
    tables = _tables(grids, atoms, borders)
    stored, pieces, lines = (None if t is None else to_stored(t).reset_index(drop=True) for t in tables)
    assert stored is not None
    scene = Scene(stored, communities, _rules(rules, list(communities)), revision_wide, pieces, pins, lines)
    found: list[Finding] = []
    checked: dict[str, int] = {}
    tried = {**FIRST, **GROUND} if revision_wide else RULES
    for done, (name, rule) in enumerate(tried.items()):
        progress("verify", done, len(tried))
        outcome = rule(scene)
        found.extend(outcome.findings)
        checked[name] = outcome.checked
        if name in FIRST and found:
            break
        if name == "atoms" and outcome.findings:
            scene = replace(scene, atoms=None)  # unsound atoms prove nothing
    broken = [f for f in found if not f.confirmed]
    return VerifyReport(table(broken), table(f for f in found if f.confirmed), checked)


def _communities(given: object) -> list[Community]:
    """Return the communities as a list."""
    many = [given] if isinstance(given, Community) or not isinstance(given, Iterable) else list(given)
    if wrong := sorted({type(c).__name__ for c in many if not isinstance(c, Community)}):
        names = ", ".join(wrong)
        raise InvalidInput(
            f"核验所依据的应是 Community（或其列表），不是 {names}",
            f"grids are verified against a Community or a list of them, not {names}",
        )
    return [c for c in many if isinstance(c, Community)]


def _tables(
    given: object, atoms: gpd.GeoDataFrame | None, borders: gpd.GeoDataFrame | None
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame | None, gpd.GeoDataFrame | None]:
    """Return the grids, the atoms and the borders of what is to be verified."""
    if isinstance(given, DivisionPlan):
        return given.grids, given.atoms if atoms is None else atoms, given.borders if borders is None else borders
    if isinstance(given, gpd.GeoDataFrame):
        return given, atoms, borders
    kind = type(given).__name__
    raise InvalidInput(
        f"要核验的应是 DivisionPlan 或网格的 GeoDataFrame，不是 {kind}；方案文件请先用 io.read_plan 读入",
        f"a DivisionPlan or a GeoDataFrame of grids is verified, not a {kind}; read a plan file with io.read_plan",
    )


def _rules(rules: DivisionRules | Mapping[str, DivisionRules] | None, codes: Sequence[str]) -> dict[str, DivisionRules]:
    if isinstance(rules, DivisionRules):
        return dict.fromkeys(codes, rules)
    by_code = rules or {}
    return {c: by_code[c] if c in by_code else DivisionRules.for_community(c) for c in codes}
