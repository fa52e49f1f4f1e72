"""Where the server is wired: the one place of the API that reads the environment and opens a registry."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from importlib import util
from pathlib import Path

from fastapi import FastAPI

from api.app import build_app
from api.deps import LOCAL_HOSTS, Limits, Services
from api.features import FeatureStore
from gridgis.errors import InvalidInput
from gridgis.service.locator import Locator

REGISTRY_VARIABLE = "GRIDGIS_REGISTRY"


def create_app(registry: str | Path | None = None, host: str = "localhost") -> FastAPI:
    """Return the application for a registry.

    Parameters
    ----------
    registry
        Its path or address; by default from GRIDGIS_REGISTRY.
    host
        The host name it is served at, an IPv6 address in brackets; callers may use it besides LOCAL_HOSTS.

    Raises
    ------
    InvalidInput
        No registry is named, or it cannot be opened.
    """
    source = registry or os.environ.get(REGISTRY_VARIABLE)
    if not source:
        raise InvalidInput(
            f"请指明注册库文件，或设置环境变量 {REGISTRY_VARIABLE}",
            f"name a registry, or set {REGISTRY_VARIABLE}",
        )
    return build_app(wired(Locator.open(str(source)), Limits(), host))


def wired(locator: Locator, limits: Limits, host: str = "localhost") -> Services:
    """Return the services of a server."""
    return Services(
        locator=locator,
        features=FeatureStore(locator),
        clock=lambda: datetime.now(UTC),
        ticks=time.monotonic,
        assets=find_assets(),
        limits=limits,
        hosts=LOCAL_HOSTS | {host.lower()},
    )


def find_assets() -> dict[str, Path]:
    """Return the files of the pages by name: ours, MapLibre's and Swagger UI's, from the installed packages."""
    web, maplibre = _package("maps") / "web", _package("maplibre") / "srcjs"
    swagger = _package("fastapi_offline") / "static"
    return {
        **{file.name: file for file in sorted(web.iterdir()) if file.is_file()},
        **{name: maplibre / name for name in ("maplibre-gl.js", "maplibre-gl.css")},
        **{name: swagger / name for name in ("swagger-ui-bundle.js", "swagger-ui.css")},
    }


def _package(name: str) -> Path:
    """Return the folder of an installed package, without importing it."""
    spec = util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise InvalidInput(f"缺少软件包 {name}；请重新安装", f"the package {name} is missing; install gridgis again")
    return Path(next(iter(spec.submodule_search_locations)))
