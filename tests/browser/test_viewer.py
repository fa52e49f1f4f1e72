from __future__ import annotations

import io
import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytestmark = [pytest.mark.browser, pytest.mark.heavy]

READY = "body[data-ready=true]"
Visit = Callable[..., Any]


START = """() => {
  const viewer = gridgisViewer;
  viewer.state.levels = new Set([1, 2]);
  viewer.state.dedicated = true;
  viewer.close();
  viewer.refresh();
  viewer.home(0);
  document.getElementById("query").value = "";
  document.activeElement.blur();
}"""


@pytest.fixture(scope="module")
def loaded(windows: Visit, town_server: str) -> Any:
    return windows(town_server, READY)


@pytest.fixture
def opened(loaded: Any) -> Any:
    """Return the viewer as it is after loading; it is loaded once, since that takes seconds without a GPU."""
    loaded.page.evaluate(START)
    return loaded


def colours(page: Any) -> int:
    """Count the colours of the map's part of a screenshot."""
    picture = Image.open(io.BytesIO(page.locator("#map").screenshot())).convert("RGB")
    return len(np.unique(np.asarray(picture).reshape(-1, 3), axis=0))


def card(page: Any) -> str:
    page.wait_for_selector("#content .card")
    return str(page.inner_text("#content .card"))


def test_the_viewer_asks_only_its_own_server_and_complains_of_nothing(opened: Any) -> None:
    assert (opened.elsewhere, opened.complaints) == ([], [])


def test_the_town_and_its_grids_are_drawn(opened: Any) -> None:
    assert colours(opened.page) > 200


def test_a_click_shows_grids_card_and_legend(opened: Any, tmp_path: Path) -> None:
    opened.page.mouse.click(700, 420)
    text = card(opened.page)
    opened.page.screenshot(path=tmp_path / "viewer.png")
    assert "****" in text
    assert "查询点" in text
    assert "图例" in opened.page.inner_text("#legend")


def test_the_card_is_that_of_the_level_switched_on(opened: Any) -> None:
    page = opened.page
    page.get_by_role("button", name="三级").click()
    page.evaluate("gridgisViewer.locate(109.04, 32.69)")
    card(page)
    assert page.inner_text("#content .kind").startswith("三级网格")


def test_a_point_outside_is_told_with_the_nearest_grid(opened: Any) -> None:
    opened.page.evaluate("gridgisViewer.locate(109.2, 32.7)")
    assert "不在任何网格内" in card(opened.page)


def test_the_search_finds_a_name_and_shows_its_card(opened: Any) -> None:
    page = opened.page
    page.keyboard.press("/")
    page.keyboard.type("澄水公园")
    page.wait_for_selector("#results li")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert "澄水公园" in card(page)


def test_the_search_takes_a_coordinate(opened: Any) -> None:
    page = opened.page
    page.get_by_role("combobox").fill("109.04,32.69")
    page.keyboard.press("Enter")
    assert "109.040000, 32.690000" in card(page)


def test_escape_closes_the_card(opened: Any) -> None:
    page = opened.page
    page.evaluate("gridgisViewer.choose('990001001001000')")
    card(page)
    page.keyboard.press("Escape")
    assert page.locator("#content .card").count() == 0


def test_the_map_answers_to_the_keyboard(opened: Any) -> None:
    page = opened.page
    page.locator("#map canvas").focus()
    page.keyboard.press("Enter")
    assert "查询点" in card(page)


def test_a_link_to_a_code_opens_its_card(visit: Visit, town_server: str) -> None:
    opened = visit(f"{town_server}/#990001001001000", READY)
    assert "990001001001000" in card(opened.page)


def test_an_error_of_the_server_is_shown_in_both_languages(opened: Any) -> None:
    opened.page.evaluate("gridgisViewer.choose('123')")
    opened.page.wait_for_selector(".fault")
    text = opened.page.inner_text(".fault")
    assert "没有网格 123" in text
    assert "there is no grid 123" in text


def test_a_level_switched_off_changes_the_picture(opened: Any) -> None:
    page = opened.page
    before = page.locator("#map").screenshot()
    page.get_by_role("button", name="二级").click()
    page.wait_for_timeout(800)
    assert page.locator("#map").screenshot() != before


def test_on_a_phone_nothing_is_wider_than_the_screen(visit: Visit, town_server: str) -> None:
    opened = visit(f"{town_server}/#990001001001000", READY, size=(360, 740))
    card(opened.page)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_documentation_page_works_without_a_network(visit: Visit, town_server: str) -> None:
    opened = visit(f"{town_server}/docs", ".opblock >> nth=8")
    assert (opened.elsewhere, opened.complaints) == ([], [])


def test_the_page_shows_as_many_grids_as_there_are(opened: Any, town_server: str) -> None:
    with urllib.request.urlopen(f"{town_server}/health", timeout=20) as response:
        count = json.load(response)["grids"]
    assert opened.page.inner_text("#subtitle").startswith(f"{count} 个网格")
