"""The application, built from its services; nothing here reads the environment or opens a store."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from fastapi import Depends, FastAPI

from api import errors
from api.deps import Services, refuse_unknown_parameters
from api.guard import Guard
from api.hot import Hot
from api.routes import collections, grids, health, locate, pages, search
from api.schemas import ErrorBody
from gridgis import __version__

log = logging.getLogger("gridgis.api")

REFRESH_S = 2.0
"""How often a newly filed revision is looked for: answers follow within 5 s (SEMANTICS 20)."""

ABOUT = """城乡社区网格：查询、名片、数据。电话号码一律脱敏；每个回答都注明修订版（X-Gridgis-Revision）。

Community service grids: lookups, cards, data. Phone numbers are masked; every answer names its revision
(X-Gridgis-Revision). Every error has the same body: {error, zh, en, fields}."""


def build_app(services: Services) -> FastAPI:
    """Return the application."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(follow(services))
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    app = FastAPI(
        title="gridgis",
        version=__version__,
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        dependencies=[Depends(refuse_unknown_parameters)],
        responses={422: {"model": ErrorBody, "description": "请求有误 / bad request"}},
    )
    app.state.services = services
    for module in (pages, health, locate, search, grids, collections):
        app.include_router(module.router)
    errors.install(app)
    app.add_middleware(Hot, locator=services.locator)
    app.add_middleware(Guard, services=services)  # comes before the one added first
    return app


async def follow(services: Services, every_s: float = REFRESH_S) -> None:
    """Look for a newly filed revision again and again; a failure is logged, and the old revision goes on."""
    while True:
        await asyncio.sleep(every_s)
        try:
            await asyncio.to_thread(services.locator.refresh)
        except Exception:
            log.exception("cannot refresh the registry; revision %s goes on", services.locator.revision)
