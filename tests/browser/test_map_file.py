from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gridgis.service.showing import show_file
from maps import write_map

pytestmark = [pytest.mark.browser, pytest.mark.heavy]

READY = ".gg-label.level-2"
COLOURS = """() => {
  const seen = new Set();
  const at = (d, i) => d[i] * 65536 + d[i + 1] * 256 + d[i + 2];
  for (const canvas of document.querySelectorAll('canvas')) {
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    for (let i = 0; i < data.length; i += 400) if (data[i + 3]) seen.add(at(data, i));
  }
  return seen.size;
}"""

BOXES = """() => [...document.querySelectorAll('.gg-label.level-1, .gg-label.level-2, .gg-label.badge')]
    .map((n) => n.getBoundingClientRect()).map((r) => [r.left, r.top, r.right, r.bottom])"""

Visit = Callable[..., Any]


@pytest.fixture
def opened(visit: Visit, map_file: str) -> Any:
    return visit(map_file, READY)


def test_the_map_asks_nobody_and_complains_of_nothing(opened: Any) -> None:
    assert (opened.elsewhere, opened.complaints) == ([], [])


def test_the_town_is_drawn_under_the_grids(opened: Any) -> None:
    assert opened.page.evaluate(COLOURS) > 20


def test_every_grid_of_the_finest_level_shown_can_be_touched(opened: Any) -> None:
    page = opened.page
    shown = page.evaluate("document.querySelectorAll('path.gg-grid').length")
    page.get_by_role("button", name="三级").click()
    assert page.evaluate("document.querySelectorAll('path.gg-grid').length") > shown > 20


def test_a_click_shows_the_card_with_masked_phones(opened: Any, tmp_path: Path) -> None:
    opened.page.mouse.click(560, 330)
    opened.page.wait_for_selector(".leaflet-popup .card")
    text = opened.page.inner_text(".leaflet-popup .card")
    opened.page.screenshot(path=tmp_path / "map.png")
    assert "网格长" in text
    assert "****" in text


def test_the_search_finds_a_building_by_name(opened: Any) -> None:
    page = opened.page
    page.get_by_role("searchbox").fill("澄水公园")
    assert page.inner_text(".results li:first-child").startswith("澄水公园")


def test_the_search_opens_the_card_of_a_code(opened: Any) -> None:
    page = opened.page
    page.get_by_role("searchbox").fill("990001001001001")
    page.keyboard.press("Enter")
    page.wait_for_selector(".leaflet-popup .card")
    assert page.inner_text(".leaflet-popup .card code") == "990001001001001"


def test_the_legend_names_levels_categories_and_the_base_map(opened: Any) -> None:
    text = opened.page.inner_text(".legend")
    assert [word for word in ("一级网格", "学校", "医院", "叠加", "主干路", "铁路", "水面") if word not in text] == []


def test_no_label_lies_over_another(opened: Any) -> None:
    boxes = opened.page.evaluate(BOXES)
    pairs = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i]]
    assert [p for p in pairs if overlap(*p)] == []


def overlap(a: list[float], b: list[float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def test_switching_the_dedicated_grids_off_takes_their_badges_away(opened: Any) -> None:
    opened.page.get_by_label("专属网格").uncheck()
    assert opened.page.locator(".gg-label.badge").count() == 0


def test_grids_to_look_at_are_listed_and_tell_why(visit: Visit, town_plan: Path, tmp_path: Path) -> None:
    shown = show_file(town_plan)
    page = write_map(tmp_path / "plan.html", shown.grids, shown.context, shown.cards, shown.title)
    opened = visit(page.as_uri(), READY)
    opened.page.click(".faults summary")
    opened.page.click(".faults li button")
    assert "STRONG barrier" in opened.page.inner_text(".leaflet-popup .reasons")
    assert (opened.page.locator("path.gg-fault").count() > 0, opened.complaints) == (True, [])
