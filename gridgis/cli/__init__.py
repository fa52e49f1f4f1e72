"""The command line: parse, wire, call service, print. Each file holds one family of commands."""

from __future__ import annotations

from gridgis.cli import divide, encode, locate, plan, registry, team, verify
from gridgis.cli.app import main

__all__ = ["divide", "encode", "locate", "main", "plan", "registry", "team", "verify"]
