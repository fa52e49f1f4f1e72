"""What the commands tell of a filing: from which day it is in force, and who did each step."""

from __future__ import annotations

import re

from typer.main import get_command

from gridgis.cli.commands import app


def test_help_names_commands_that_exist() -> None:
    root = get_command(app)
    named = set()
    for family in root.commands.values():  # type: ignore[attr-defined]
        for command in getattr(family, "commands", {}).values():
            texts = [command.help, *(getattr(p, "help", None) for p in command.params)]
            named |= {pair for text in texts for pair in re.findall(r"gridgis ([a-z]+) ([a-z]+)", text or "")}
    assert ("regions", "diff") in named
    for first, second in sorted(named):
        family = root.commands[first]  # type: ignore[attr-defined]
        assert second in getattr(family, "commands", {second: None}), f"gridgis {first} {second}"
