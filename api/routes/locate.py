"""Lookups: one point, a place by its name, many points at once."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.answers import answer
from api.deps import Services, Wired
from api.errors import TooLarge
from api.schemas import BulkAnswer, BulkPoints, LocateAnswer
from gridgis.errors import InvalidInput
from gridgis.geometry.shift import canonical_crs
from gridgis.model import Hit
from gridgis.service.locator import Snapshot
from gridgis.service.points import locate_points

router = APIRouter(tags=["查询 locate"])

CRS_HELP = "EPSG:4490 (CGCS2000), EPSG:4326 (WGS84), GCJ-02, BD-09"


PLACES = 20
"""So many places are told; ``truncated`` says that there are more."""


def with_card(now: Snapshot, hit: Hit) -> dict[str, Any]:
    """Return a hit and the card of its grid, phone numbers masked."""
    return {"hit": hit.to_dict(), "card": now.card(hit.code) if hit.code else None}


@router.get(
    "/locate",
    summary="按坐标或地名查网格 Locate by point or place",
    response_model=None,
    responses={200: {"model": LocateAnswer}},
)
def locate(
    services: Wired,
    lon: Annotated[float | None, Query(description="经度 / longitude, degrees")] = None,
    lat: Annotated[float | None, Query(description="纬度 / latitude, degrees")] = None,
    crs: Annotated[str, Query(description=CRS_HELP)] = "EPSG:4490",
    place: Annotated[str | None, Query(description="建筑或小区名称 / name of a building or estate")] = None,
) -> Response:
    """按坐标或地名查网格。 / The grid responsible for a point, or for a building or estate by name."""
    if place is not None:
        return _of_place(services, place, given_point=lon is not None or lat is not None)
    if lon is None or lat is None:
        raise InvalidInput(
            "请给出 lon 和 lat，或 place（建筑、小区名称）",
            "give lon and lat, or place (the name of a building or estate)",
        )
    now = services.locator.snapshot()
    hit = now.locate(lon, lat, crs=crs)
    return answer(with_card(now, hit), hit.revision)


def _of_place(services: Services, place: str, given_point: bool) -> Response:
    if given_point:
        raise InvalidInput("lon、lat 与 place 只能给一种", "give either lon and lat or place, not both")
    now = services.locator.snapshot()
    found = now.place(place, PLACES + 1)
    matches = [{"name": name, "kind": kind, **with_card(now, hit)} for name, kind, hit in found[:PLACES]]
    told = {"count": len(matches), "truncated": len(found) > PLACES}
    return answer({"place": place, **told, "matches": matches, "revision": now.revision}, now.revision)


@router.post(
    "/locate", summary="批量查询 Locate many points", response_model=None, responses={200: {"model": BulkAnswer}}
)
def locate_many(services: Wired, points: BulkPoints) -> Response:
    """批量查询，至多十万点。 / Many points at once, at most 100,000.

    在外的点编码为 null；不可能是位置的点（如 (0, 0)、经纬度颠倒）另在 note 中说明原因。 / The code is null where a
    point is outside; where it cannot be meant, as (0, 0) or swapped, note says why.
    """
    limit = services.limits.points
    if len(points.lon) != len(points.lat):
        raise InvalidInput(
            f"lon 有 {len(points.lon)} 个，lat 有 {len(points.lat)} 个；应一样多",
            f"{len(points.lon)} longitudes but {len(points.lat)} latitudes",
            lon=len(points.lon),
            lat=len(points.lat),
        )
    if len(points.lon) > limit:
        raise TooLarge(
            f"一次至多 {limit} 个点，给了 {len(points.lon)} 个；请分批",
            f"at most {limit} points at once, {len(points.lon)} were given; send them in parts",
            limit=limit,
            points=len(points.lon),
        )
    canonical_crs(points.crs)
    now = services.locator.snapshot()
    columns = locate_points(now, points.lon, points.lat, points.crs)
    revision = now.revision
    return answer({"revision": revision, "crs": points.crs, "count": len(points.lon), **columns}, revision)
