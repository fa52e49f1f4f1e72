"""That the server is up."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api.answers import answer
from api.deps import Wired
from api.schemas import Health
from gridgis import __version__

router = APIRouter(tags=["服务 service"])


@router.head("/health", include_in_schema=False)
@router.get("/health", summary="服务状态 Health", response_model=None, responses={200: {"model": Health}})
def health(services: Wired) -> Response:
    """服务状态。 / Version, revision in force, number of grids."""
    now = services.locator.snapshot()
    body = {"status": "ok", "version": __version__, "revision": now.revision, "grids": len(now.grids())}
    return answer(body, now.revision)
