"""What goes into the filing package (备案材料) as values: grids with codes, leaders and extents, the town, the verdict.

From a plan file, which is about to be filed, or from a registry, whose revision in force was filed. How it is drawn is
the business of ``maps.sheets``, how it is put into one file that of ``io.archive``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from gridgis.checks import verify
from gridgis.coding import Scheme
from gridgis.dispatch.team import mask_phone
from gridgis.errors import NotFound
from gridgis.geometry.crs import to_work
from gridgis.io.plan_file import read_communities, read_plan
from gridgis.ledger.encode import encode_plan
from gridgis.model import Community, DivisionPlan, Progress, VerifyReport, no_progress
from gridgis.registry import Registry
from gridgis.registry.book import Clock
from gridgis.registry.registry import utc_now
from gridgis.service.divide import verify_file
from gridgis.service.encode import issued_codes
from gridgis.service.extent import extent_of_plan, extent_words
from gridgis.service.showing import is_plan_file, plan_context
from gridgis.service.team_table import day_of_papers, read_team

CONTEXT = ("roads", "railways", "rivers", "water", "buildings", "compounds")
"""Layers of the town that a drawing shows under the grids."""

GRID_COLUMNS = (
    "community", "code", "parent", "level", "kind", "mode", "category", "name", "households", "area_m2", "flags",
    "extent", "leader", "phone", "workers", "geometry",
)  # fmt: skip
"""Columns of ``Package.grids``: ``parent`` a code; ``leader`` and ``phone`` (masked) '' where there is none;
``workers`` names and phones of the administrators as on the notice."""


@dataclass(frozen=True)
class Stated:
    """What only the user can say; '' leaves a line on the paper, to be filled in by hand.

    ``approval`` is the approval number of the map (审图号); ``day`` the date on the papers; ``office`` who files;
    ``contact`` and ``supervision`` the phones of the public notice; ``notice_from``, ``notice_to`` its period;
    ``title`` the name of the area at the head of the papers; ``clear_phones``: the public notice prints the phones
    of the grids' workers in full.
    """

    approval: str = ""
    day: str = ""
    office: str = ""
    contact: str = ""
    supervision: str = ""
    notice_from: str = ""
    notice_to: str = ""
    title: str = ""
    clear_phones: bool = False


@dataclass(frozen=True)
class Package:
    """All that the papers of a filing say; every geometry is in the work CRS (``grids.crs``)."""

    title: str
    source: str
    """What the papers are made of, e.g. 划分方案（预编码） or 注册库第2版."""
    grids: gpd.GeoDataFrame
    """GRID_COLUMNS, in the order of codes."""
    context: Mapping[str, gpd.GeoDataFrame]
    """Layers of CONTEXT: klass and name of lines; geometry."""
    communities: gpd.GeoDataFrame
    """code, name, geometry, in the order of codes."""
    checks: VerifyReport
    stated: Stated

    @property
    def crs_words(self) -> str:
        """The work CRS in words and by its EPSG code."""
        return crs_words(self.grids.crs)


def package_of(
    source: str | Path,
    stated: Stated | None = None,
    *,
    communities: Collection[str] = (),
    scheme: str = "national-15",
    issued: str | Path | None = None,
    team: str | Path | None = None,
    progress: Progress = no_progress,
    clock: Clock = utc_now,
) -> Package:
    """Gather the package of a plan file, or of the revision in force of a registry.

    Parameters
    ----------
    source
        A plan file, or a registry (file or address).
    stated
        What the user says: approval number, date, phones...
    communities
        Codes of the communities whose papers are wanted; none: all.
    scheme, issued
        Of a plan file: how its grids get their codes, as ``encode_file``.
    team
        Of a plan file: a table of leaders and administrators by code, as for ``team import``; a registry has its own.
        Named is who is in office on the day of ``stated`` if it is an ISO day, else today.
    progress
        Called with (stage, done, total).
    clock
        Tells the present moment.

    Raises
    ------
    NotFound
        No such file or community, or nothing is in force in the registry yet.
    InvalidInput
        The source is neither, the plan file was written without its input, or the table of the team is wrong.
    """
    words = stated or Stated()
    if is_plan_file(source):
        whole = _of_plan(Path(source), words, scheme, issued, team, day_of_papers(words.day, clock), progress)
    else:
        whole = _of_registry(source, words, progress, clock)
    return _choose(whole, communities)


def _of_plan(
    path: Path, stated: Stated, scheme: str, issued: str | Path | None, team: str | Path | None,
    day: date, progress: Progress,
) -> Package:  # fmt: skip
    plan, given = read_plan(path), read_communities(path)
    rules = Scheme.load(scheme)
    codes = encode_plan(plan.grids, rules, [] if issued is None else issued_codes(rules, issued))
    extents = extent_of_plan(plan)
    grids = plan.grids.assign(
        code=codes["code"],
        parent=codes["parent_code"].where(codes["parent_code"].isin(codes["code"]), None),
        area_m2=plan.grids.area,
        extent=plan.grids["local_id"].map(extents),
    )
    people = None if team is None else read_team(team, set(grids["code"]), day)
    return Package(
        stated.title or _joined(plan), "划分方案（预编码）", _with_people(grids, people, stated),
        _in_work(plan_context(plan, given), plan.grids.crs), plan.base[["code", "name", "geometry"]],
        _by_code(verify_file(path, progress=progress), grids), stated,
    )  # fmt: skip


def _by_code(report: VerifyReport, grids: gpd.GeoDataFrame) -> VerifyReport:
    """Call the grids of a report by their codes, as the other papers do."""
    codes = dict(zip(grids["local_id"].astype(str), grids["code"], strict=True))

    def called(table: pd.DataFrame) -> pd.DataFrame:
        ids = table["grid"].astype(str)
        return table.assign(grid=[",".join(codes.get(i, i) for i in text.split(",")) for text in ids])

    return replace(report, violations=called(report.violations), exceptions=called(report.exceptions))


def _of_registry(source: str | Path, stated: Stated, progress: Progress, clock: Clock) -> Package:
    with Registry.open(source, clock) as registry:
        revision, base = registry.revision, registry.communities()
        if not revision:
            raise NotFound(
                f"注册库 {source} 中还没有生效的网格；请先备案（plan file），或用方案文件",
                f"nothing is in force in {source} yet: file a plan first, or make the package of a plan file",
                source=str(source),
            )
        crs = CRS.from_user_input(registry.work_crs)
        grids = to_work(registry.grids(), registry.work_crs)
        context = _in_work({name: registry.context(name) for name in CONTEXT}, crs)
        team, name = registry.team(mask=False), registry.name
    along = [context[n][["name", "geometry"]] for n in ("roads", "railways", "rivers", "water")]
    lines = gpd.GeoDataFrame(pd.concat(along, ignore_index=True), crs=crs)
    named = grids.assign(extent=grids["code"].map(extent_words(grids.assign(id=grids["code"]), lines)))
    return Package(
        stated.title or name, f"注册库第{revision}版", _with_people(named, team, stated), context,
        to_work(base, registry.work_crs)[["code", "name", "geometry"]],
        _verify_revision(grids, base, context["buildings"], progress), stated,
    )  # fmt: skip


def _verify_revision(
    grids: gpd.GeoDataFrame, base: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, progress: Progress
) -> VerifyReport:
    """Try the rules of the ground on a whole revision."""
    none = gpd.GeoDataFrame({"klass": [], "name": []}, geometry=[], crs=base.crs)
    rows = zip(base["code"], base["name"], base.geometry, strict=True)
    given = [
        Community(code, name, shape, buildings[buildings["community"] == code], none, crs=base.crs)
        for code, name, shape in rows
    ]
    return verify(grids.assign(local_id=grids["code"], previous=None), given, revision_wide=True, progress=progress)


def _with_people(grids: gpd.GeoDataFrame, team: pd.DataFrame | None, stated: Stated) -> gpd.GeoDataFrame:
    """Add leader, phone and workers of a team in office, and put the grids into the order of codes."""
    now = pd.DataFrame(columns=["grid", "role", "name", "phone"]) if team is None else team
    leaders = now[now["role"] == "leader"].drop_duplicates("grid").set_index("grid")
    said = [
        f"{name}（{phone if stated.clear_phones else mask_phone(phone)}）" if phone else str(name)
        for name, phone in zip(now["name"], now["phone"], strict=True)
    ]
    workers = now.assign(said=said)[(now["role"] != "leader").to_numpy()].groupby("grid")["said"].agg("、".join)
    code = grids["code"]
    return grids.assign(
        leader=_texts(code.map(leaders["name"])),
        phone=[mask_phone(p) for p in _texts(code.map(leaders["phone"]))],
        workers=_texts(code.map(workers)),
        extent=_texts(grids["extent"]),
    ).sort_values("code", kind="stable", ignore_index=True)[list(GRID_COLUMNS)]


def _texts(column: pd.Series) -> list[str]:
    """Return texts, '' for null."""
    return ["" if pd.isna(v) else str(v) for v in column]


def _choose(package: Package, codes: Collection[str]) -> Package:
    """Keep the sheets of some communities; the neighbours stay on their drawings, which is why all grids are kept."""
    there = package.communities["code"].astype(str)
    if missing := sorted(set(codes) - set(there)):
        raise NotFound(
            f"没有社区 {'、'.join(missing)}；现有：{'、'.join(there)}",
            f"no community {', '.join(missing)}; there are {', '.join(there)}",
            missing=missing,
        )
    chosen = package.communities[there.isin(codes)] if codes else package.communities
    with_grids = chosen[chosen["code"].isin(package.grids["community"])]
    return replace(package, communities=with_grids.sort_values("code", ignore_index=True))


def _in_work(layers: Mapping[str, gpd.GeoDataFrame], crs: Any) -> dict[str, gpd.GeoDataFrame]:
    return {name: to_work(layers[name], crs.to_string()) for name in CONTEXT}


def _joined(plan: DivisionPlan) -> str:
    """Name a plan by its communities."""
    names: Sequence[str] = list(dict.fromkeys(plan.base["name"].astype(str)))
    return names[0] if len(names) == 1 else f"{names[0]}等{len(names)}个社区（村）"


def crs_words(crs: Any) -> str:
    """Return a coordinate system as a drawing states it.

    Examples
    --------
    >>> crs_words("EPSG:4545")
    'CGCS2000 3度带高斯-克吕格投影，中央经线108°（EPSG:4545）'
    >>> crs_words("EPSG:3879")
    'ETRS89 / GK25FIN（EPSG:3879）'
    """
    found = CRS.from_user_input(crs)
    number = f"（EPSG:{found.to_epsg()}）" if found.to_epsg() else ""
    if not found.name.startswith("CGCS2000 / "):
        return f"{found.name}{number}"
    assert found.coordinate_operation is not None
    middle = next(p.value for p in found.coordinate_operation.params if p.name == "Longitude of natural origin")
    width = "3度带" if "3-degree" in found.name else "6度带"
    return f"CGCS2000 {width}高斯-克吕格投影，中央经线{middle:g}°{number}"
