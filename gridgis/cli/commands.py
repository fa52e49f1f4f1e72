"""All families of commands, registered."""

from __future__ import annotations

from gridgis.cli import (
    demo,
    divide,
    encode,
    exporting,
    importing,
    locate,
    map,
    plan,
    plan_merge,
    plan_show,
    regions,
    register,
    registry,
    serve,
    team,
    verify,
)
from gridgis.cli.app import app, main

__all__ = [
    "app",
    "demo",
    "divide",
    "encode",
    "exporting",
    "importing",
    "locate",
    "main",
    "map",
    "plan",
    "plan_merge",
    "plan_show",
    "regions",
    "register",
    "registry",
    "serve",
    "team",
    "verify",
]
