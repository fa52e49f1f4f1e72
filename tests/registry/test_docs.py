"""docs/registry.md says what the program does."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest
from typer.main import get_command

from gridgis.cli.commands import app
from gridgis.ledger.states import STATES

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "registry.md").read_text(encoding="utf-8")


def test_the_examples_of_the_page_run(tmp_path: Path) -> None:
    found = doctest.DocTestParser().get_doctest(TEXT, {"folder": tmp_path}, "registry.md", None, 0)
    assert len(found.examples) > 6
    try:
        assert doctest.DocTestRunner().run(found, clear_globs=False).failed == 0
    finally:
        found.globs["registry"].close()


@pytest.mark.parametrize("picture", re.findall(r"\]\((img/[^)]+)\)", TEXT))
def test_its_pictures_are_there(picture: str) -> None:
    assert (DOCS / picture).stat().st_size > 1000


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_explained(state: str) -> None:
    assert re.search(rf"^\| {state} \| {STATES[state].split('（')[0]}", TEXT, re.MULTILINE)


@pytest.mark.parametrize("words", sorted(set(re.findall(r"gridgis ((?:registry|team|plan) [a-z]+|[a-z]+)(?= )", TEXT))))
def test_its_commands_are_there(words: str) -> None:
    command = get_command(app)
    for word in words.split():
        if hasattr(command, "commands"):
            assert word in command.commands, words
            command = command.commands[word]
