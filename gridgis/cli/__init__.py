"""The command line: parse, wire, call service, print. Each file holds one family of commands."""

from __future__ import annotations

from gridgis.cli import demo, divide, encode, locate, map, plan, plan_show, regions, registry, serve, team, verify
from gridgis.cli.app import main

__all__ = [
    "demo",
    "divide",
    "encode",
    "locate",
    "main",
    "map",
    "plan",
    "plan_show",
    "regions",
    "registry",
    "serve",
    "team",
    "verify",
]
