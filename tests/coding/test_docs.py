"""docs/codes.md says what the program does."""

from __future__ import annotations

import doctest
import re

import pytest

from gridgis.coding import Scheme, scheme_names
from gridgis.coding.editions import HOW
from gridgis.coding.faults import _SCHEME_KEYS, _SEGMENT_KEYS
from gridgis.coding.segment import ROLES
from tests.coding.vectors_file import HERE

DOCS = HERE.parents[1] / "docs"
TEXT = (DOCS / "codes.md").read_text(encoding="utf-8")


def test_the_examples_of_the_page_run() -> None:
    found = doctest.DocTestParser().get_doctest(TEXT, {}, "codes.md", None, 0)
    assert len(found.examples) > 8
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    assert runner.run(found).failed == 0


def test_the_scheme_on_the_page_is_the_file() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert block == (DOCS / "zh-13.toml").read_text(encoding="utf-8")


_WORDS = sorted({*scheme_names(), *_SCHEME_KEYS, *_SEGMENT_KEYS, *ROLES, *HOW} - {"segment"})


@pytest.mark.parametrize("word", _WORDS)
def test_every_scheme_key_role_and_rule_is_explained(word: str) -> None:
    assert f"`{word}`" in TEXT or f"**{word}**" in TEXT


@pytest.mark.parametrize("picture", re.findall(r"\]\((img/[^)]+)\)", TEXT))
def test_its_pictures_are_there(picture: str) -> None:
    assert (DOCS / picture).stat().st_size > 1000


def test_room_in_a_community_is_as_the_table_says() -> None:
    room = {name: Scheme.load(name).sequences[0].capacity for name in scheme_names()}
    assert room == {"national-15": 999, "nested-18": 99, "cjt349-20": 99}
