"""One grid: its card, its chain of leaders, its history."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.answers import answer
from api.deps import Wired
from api.features import records_of
from api.schemas import CardBody

router = APIRouter(prefix="/grids", tags=["网格 grids"])


@router.get("/{code}", summary="网格名片 Card", response_model=None, responses={200: {"model": CardBody}})
def card(
    services: Wired,
    code: str,
    geometry: Annotated[bool, Query(description="附上边界 / with the boundary as GeoJSON")] = False,
) -> Response:
    """网格名片（电话脱敏）。 / The card of a grid in force, phone numbers masked."""
    now = services.locator.snapshot()
    data = now.card(code)
    if geometry:
        data = {**data, "geometry": services.features.shape(code, now)}
    return answer(data, data["revision"])


@router.get("/{code}/chain", summary="逐级网格长 Chain of leaders", response_model=None)
def chain(services: Wired, code: str) -> Response:
    """逐级网格长。 / The leaders from this grid up to level 1."""
    data = services.locator.card(code)
    return answer({"code": code, "revision": data["revision"], "chain": data["chain"]}, data["revision"])


@router.get("/{code}/history", summary="网格沿革 History", response_model=None)
def history(services: Wired, code: str) -> Response:
    """网格沿革。 / What became of a code: each revision that touched it."""
    revision = services.locator.revision
    table = services.locator.history(code)
    body = {"code": code, "revision": revision, "versions": records_of(table), "lineage": table.attrs["lineage"]}
    return answer(body, revision)
