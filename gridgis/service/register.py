"""The register of grids (网格备案表) of a plan file, or of what is in force in a registry, as values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from gridgis.coding import Scheme
from gridgis.dispatch.team import title_of
from gridgis.geometry.crs import to_stored, to_work
from gridgis.index.leaves import inner_points
from gridgis.io.plan_file import read_communities, read_plan
from gridgis.io.register import Register, Row
from gridgis.ledger.encode import encode_plan
from gridgis.model import SITE_CATEGORIES, Community, DivisionPlan
from gridgis.registry import Registry
from gridgis.registry.book import Clock, When
from gridgis.registry.card import Cards, Team
from gridgis.registry.cards import team_by_grid
from gridgis.registry.registry import utc_now
from gridgis.registry.store import plain_rows
from gridgis.service.encode import issued_codes
from gridgis.service.exporting import Selection, refuse_day
from gridgis.service.extent import extent_of_plan, extent_words
from gridgis.service.showing import is_plan_file
from gridgis.service.team_table import day_of_papers, read_team

LEVELS = {1: "一级", 2: "二级", 3: "三级"}
KINDS = {"comprehensive": "综合网格", "dedicated": "专属网格"}
STATES = {"in_force": "生效", "superseded": "废止", "draft": "草案"}
ALONG = ("roads", "railways", "rivers", "water")
"""Layers of a registry along which borders run."""

MASKED, CLEAR = "已隐去中间数字", "完整"


def register_of(
    source: str | Path,
    at: When = None,
    selection: Selection | None = None,
    clear_phones: bool = False,
    scheme: str = "national-15",
    issued: str | Path | None = None,
    team: str | Path | None = None,
    *,
    day: str = "",
    clock: Clock = utc_now,
) -> Register:
    """Return the register of a plan file, or of a registry.

    Parameters
    ----------
    source
        A plan file, a registry's file, or the URL of one.
    at
        A revision number or day of a registry; default today.
    selection
        Which grids; all where nothing is said.
    clear_phones
        Whether phones are written in full; else the middle digits are hidden.
    scheme, issued, team
        Of a plan file: how its grids get their codes (``gridgis encode``), and a table of people by code as for
        ``team import``. A registry has its own.
    day
        Of a plan file: the date on the papers. Named is who is in office on it if it is an ISO day, else today.
    clock
        Tells the present moment.

    Raises
    ------
    NotFound
        There is no such file, nothing is in force, or nothing is as selected.
    InvalidInput
        ``at`` is given for a plan; the table of people is wrong.
    """
    chosen = selection or Selection()
    if is_plan_file(source):
        refuse_day(at)
        return _of_plan(Path(source), chosen, not clear_phones, scheme, issued, team, day_of_papers(day, clock))
    with Registry.open(source, clock) as registry:
        return register_of_registry(registry, at, chosen, clear_phones)


def register_of_registry(
    registry: Registry, at: When = None, selection: Selection | None = None, clear_phones: bool = False
) -> Register:
    """Return the register of what is in force at a revision number or day; as ``register_of``."""
    view = registry.view(at)
    view.need_grids()
    grids = (selection or Selection()).choose(view.grids)
    along = pd.concat([registry.context(name)[["name", "geometry"]] for name in ALONG], ignore_index=True)
    work = to_work(view.grids, registry.work_crs)
    extents = extent_words(work.assign(id=work["code"]), gpd.GeoDataFrame(along, crs=view.grids.crs))
    notes = registry.remarks(at)
    rows = _rows(view.cards, grids["code"], registry.leaders(at), extents, not clear_phones, {}, notes)
    about = {
        "注册库": registry.name or Path(registry.path).stem,
        "版本": str(view.revision),
        "电话": CLEAR if clear_phones else MASKED,
    }
    return Register(about, rows)


def _of_plan(
    path: Path, selection: Selection, mask: bool, scheme: str, issued: str | Path | None, team: str | Path | None,
    day: date,
) -> Register:  # fmt: skip
    plan, rules = read_plan(path), Scheme.load(scheme)
    codes = encode_plan(plan.grids, rules, [] if issued is None else issued_codes(rules, issued))
    code_of = dict(zip(plan.grids["local_id"], codes["code"], strict=True))
    grids = plan.grids.assign(
        code=codes["code"], parent=codes["parent_code"], area_m2=plan.grids.geometry.area.round(3), state="draft"
    )
    chosen = selection.choose(grids.sort_values("code"))
    people = {} if team is None else team_by_grid(read_team(team, set(grids["code"]), day))
    extents = {code_of[local_id]: text for local_id, text in extent_of_plan(plan).items()}
    residents = _residents(plan, read_communities(path), code_of)
    rows = _rows(_plan_cards(plan, grids), chosen["code"], people, extents, mask, residents, {})
    about = {"方案": path.stem, "编码规则": f"{rules.name}（预编码）", "电话": MASKED if mask else CLEAR}
    return Register(about, rows)


def _plan_cards(plan: DivisionPlan, grids: gpd.GeoDataFrame) -> Cards:
    """Return the cards of a plan's grids by their codes, as a registry makes them."""
    inner = inner_points(to_stored(grids).geometry.to_numpy()).tolist()
    rows = {str(row["code"]): row for row in plain_rows(pd.DataFrame(grids.drop(columns="geometry")))}
    communities = {str(c): {"name": n} for c, n in zip(plan.base["code"], plan.base["name"], strict=True)}
    return Cards(0, rows, communities, {}, dict(zip(grids["code"], inner, strict=True)))


def _residents(plan: DivisionPlan, communities: list[Community], code_of: Mapping[str, str]) -> dict[str, int]:
    """Return the residents of the grids all of whose buildings say how many; by code."""
    given = [c.buildings.assign(community=c.code) for c in communities if "residents" in c.buildings]
    if not given:
        return {}
    keys = ["community", "id"]
    said = pd.concat([pd.DataFrame(g[[*keys, "residents"]]) for g in given], ignore_index=True).astype({"id": str})
    mine = pd.DataFrame(plan.buildings.drop(columns="geometry")).astype({"id": str})
    mine = mine.merge(said.drop_duplicates(keys, keep=False), on=keys, how="left")
    top = dict(zip(plan.grids["local_id"], plan.grids["parent"], strict=True))
    finer = zip(mine["level2"], mine["dedicated"], strict=True)
    mine["level1"] = [top.get(two if isinstance(two, str) else own) for two, own in finer]
    out: dict[str, int] = {}
    for column in ("level1", "level2", "level3", "dedicated"):
        for local_id, some in mine.groupby(column)["residents"]:
            if bool(some.notna().all()):
                out[code_of[str(local_id)]] = int(some.sum())
    return out


def _rows(
    cards: Cards, codes: Any, team: Team, extents: Mapping[str, str], mask: bool,
    residents: Mapping[str, int], remarks: Mapping[str, str],
) -> list[Row]:  # fmt: skip
    return [
        _row(cards.card(str(code), team, mask), cards) | {
            "extent": extents.get(str(code), ""),
            "residents": residents.get(str(code)),
            "remarks": remarks.get(str(code), ""),
        }
        for code in codes
    ]  # fmt: skip


def _row(card: Mapping[str, Any], cards: Cards) -> dict[str, Any]:
    """Return the cells of a grid that its card tells."""
    region, leader = str(card["community"]["code"]), card["leader"] or {}
    whole = region.isdecimal() and len(region) in (9, 12)  # GB/T 2260 and GB/T 10114: county 6, street 9 digits
    return {
        "code": card["code"],
        "name": card["name"],
        "kind": KINDS[card["kind"]],
        "level": LEVELS.get(card["level"], ""),
        "category": SITE_CATEGORIES.get(card["category"], card["category"]),
        "state": STATES.get(card["state"], card["state"]),
        "district": region[:6] if whole else "",
        "street_code": region[:9] if whole else "",
        "street": card["street"],
        "community": region if len(region) != 9 else "",
        "community_name": card["community"]["name"],
        "parent": card["parent"],
        "parent_name": cards.rows[card["parent"]]["name"] if card["parent"] in cards.rows else None,
        "lon": card["centre"][0],
        "lat": card["centre"][1],
        "area_m2": card["area_m2"],
        "households": card["households"],
        "leader": leader.get("name"),
        "phone": leader.get("phone"),
        "above": "；".join(_above(link) for link in card["chain"][1:] if link["leader"]),
        "administrators": "；".join(_person(person) for person in card["administrators"]),
        "from": card["valid_from"],
        "to": None,
    }


def _above(link: Mapping[str, Any]) -> str:
    return f"{title_of('leader', link['level'])} {_person(link['leader'])}"


def _person(person: Mapping[str, Any]) -> str:
    return f"{person['name']} {person['phone']}".strip() if person["phone"] else str(person["name"])
