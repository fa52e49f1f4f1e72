"""docs/lookup.md says what the program does."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from gridgis.index import engine, gaps, mapped
from gridgis.index.kernels import find
from gridgis.index.polygons import _GREATEST, _LEAST

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "lookup.md").read_text(encoding="utf-8")


def test_the_examples_of_the_page_run() -> None:
    found = doctest.DocTestParser().get_doctest(TEXT, {}, "lookup.md", None, 0)
    assert len(found.examples) > 3
    assert doctest.DocTestRunner().run(found).failed == 0


@pytest.mark.parametrize("picture", re.findall(r"\]\((img/[^)]+)\)", TEXT))
def test_its_pictures_are_there(picture: str) -> None:
    assert (DOCS / picture).stat().st_size > 1000


@pytest.mark.parametrize(
    "said",
    [
        f"After {engine.PATIENCE:,} points",
        f"for {engine.WORTH:,} points",
        f"blocks of {find.BLOCK:,}",
        f"narrower than {gaps.NARROW:.0e} degrees".replace("e-05", "e-5"),
        f"between {_LEAST:.0e} and {_GREATEST:.0e}".replace("e+", "e"),
        f"per section {mapped.SECTION.size} bytes",
        f"| 32-{mapped.START.size - 1} |",
    ],
)
def test_its_figures_are_those_of_the_code(said: str) -> None:
    assert said in TEXT
