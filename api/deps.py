"""What the routes are given: the locator, the clock, the limits; and the check of parameter names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from api.features import FeatureStore
from gridgis.errors import InvalidInput
from gridgis.service.locator import Locator

LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})


@dataclass(frozen=True)
class Limits:
    """What one caller may ask of this server; beyond it the answer is a clear error."""

    points: int = 100_000
    """Points in one bulk lookup."""
    body_bytes: int = 16 * 2**20
    page: int = 10_000
    """Features on one page; a larger ``limit`` is lowered to it, as OGC API - Features prescribes."""
    requests_per_s: float = 200.0
    """Mean rate of one caller."""
    burst: int = 1_000
    """Requests at once."""


@dataclass(frozen=True)
class Services:
    """Everything that the routes reach, wired in ``api.main``."""

    locator: Locator
    features: FeatureStore
    clock: Callable[[], datetime]
    """Aware, UTC."""
    ticks: Callable[[], float]
    """Monotonic seconds."""
    assets: Mapping[str, Path]
    """Files served at /assets/NAME."""
    limits: Limits = field(default_factory=Limits)
    hosts: frozenset[str] = LOCAL_HOSTS
    """Host names that callers may use: a web page elsewhere cannot reach this server by a name of its own."""


def get_services(request: Request) -> Services:
    """Return the services of the app."""
    services: Services = request.app.state.services
    return services


Wired = Annotated[Services, Depends(get_services)]


def refuse_unknown_parameters(request: Request) -> None:
    """Refuse a parameter that the route does not know, or one given twice: nothing is silently ignored."""
    paths = request.app.openapi()["paths"]
    operation = paths.get(request.scope["route"].path, {}).get(request.method.lower())
    if operation is None:
        return  # a page, not part of the API
    known = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"}
    given = [key for key, _ in request.query_params.multi_items()]
    if unknown := sorted(set(given) - known):
        raise InvalidInput(
            f"不认识的参数 {unknown}；可用：{sorted(known)}",
            f"unknown parameters {unknown}; there are {sorted(known)}",
            unknown=unknown,
        )
    if twice := sorted({key for key in given if given.count(key) > 1}):
        raise InvalidInput(f"参数 {twice} 给了不止一次", f"parameters {twice} are given more than once", twice=twice)
