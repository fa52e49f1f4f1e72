"""The pages' own tables of words agree with the model: no flag, category or class is shown without its name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gridgis import model
from gridgis.dispatch.team import ROLES
from gridgis.service.display import HUES, TINTS
from maps.page import WEB


@pytest.fixture(scope="module")
def words() -> dict[str, Any]:
    text = (WEB / "words.js").read_text(encoding="utf-8")
    return dict(json.loads(text.removeprefix("const GRIDGIS_WORDS = ").rstrip().removesuffix(";")))


def test_the_categories_are_those_of_the_model(words: dict[str, Any]) -> None:
    assert {k: v["zh"] for k, v in words["categories"].items()} == model.SITE_CATEGORIES


def test_the_flags_are_those_of_the_model(words: dict[str, Any]) -> None:
    assert {k: v["zh"] for k, v in words["flags"].items()} == model.FLAGS


def test_the_roles_are_those_of_dispatch(words: dict[str, Any]) -> None:
    assert {k: v["zh"] for k, v in words["roles"].items()} == ROLES


def test_kinds_and_modes_are_those_of_the_model(words: dict[str, Any]) -> None:
    assert (tuple(words["kinds"]), tuple(words["modes"])) == (model.KINDS, model.MODES)


def test_there_is_a_hue_for_every_index(words: dict[str, Any]) -> None:
    assert len(set(words["hues"])) == HUES


def test_there_is_a_shade_for_every_tint() -> None:
    assert f"% {TINTS}]" in (WEB / "common.js").read_text(encoding="utf-8")


def test_every_road_class_has_a_style(words: dict[str, Any]) -> None:
    roads = set(model.BARRIER_CLASSES) - {"railway", "river", "wall"}
    assert set(words["town"]["roads"]) == roads
