"""Search by code, name or coordinate."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.answers import answer
from api.deps import Services, Wired
from api.schemas import SearchAnswer
from gridgis.errors import InvalidInput

router = APIRouter(tags=["查询 locate"])

NUMBER = r"[+-]?\d+(?:\.\d+)?"
COORDINATE = re.compile(rf"\s*({NUMBER})\s*[,，;；\s]\s*({NUMBER})\s*")


def parse_coordinate(text: str) -> tuple[float, float] | None:
    """Read "lon,lat"; None when the text is no pair of numbers.

    Examples
    --------
    >>> parse_coordinate("109.03，32.69"), parse_coordinate("西大街 3")
    ((109.03, 32.69), None)
    """
    match = COORDINATE.fullmatch(text)
    return (float(match.group(1)), float(match.group(2))) if match else None


@router.get("/search", summary="搜索 Search", response_model=None, responses={200: {"model": SearchAnswer}})
def search(
    services: Wired,
    q: Annotated[str, Query(max_length=100, description="编码、名称或坐标 / code, name, or lon,lat")],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """按编码、名称或坐标搜索。 / Grids, buildings, estates, roads by code or name; or a coordinate."""
    text = q.strip()
    if not text:
        raise InvalidInput("请输入编码、名称或坐标", "give a code, a name or a coordinate")
    point = parse_coordinate(text)
    results = services.locator.search(text, limit=limit) if point is None else [_at(services, *point)]
    revision = services.locator.revision
    return answer({"revision": revision, "query": text, "count": len(results), "results": results}, revision)


def _at(services: Services, lon: float, lat: float) -> dict[str, Any]:
    hit = services.locator.locate(lon, lat)
    return {"kind": "coordinate", "label": f"{lon:g}, {lat:g}", "code": hit.code, "lon": lon, "lat": lat}
