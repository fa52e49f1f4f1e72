"""Search by code, name or coordinate."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.answers import answer
from api.deps import Wired
from api.schemas import SearchAnswer
from gridgis.errors import InvalidInput

router = APIRouter(tags=["查询 locate"])


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
    now = services.locator.snapshot()
    results = now.search(text, limit + 1)
    told = {"count": min(limit, len(results)), "truncated": len(results) > limit, "results": results[:limit]}
    return answer({"revision": now.revision, "query": text, **told}, now.revision)
