from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gridgis.geometry.cleaning import clean_coverage
from gridgis.service.reviewing import review_file
from maps.review import write_review

pytestmark = [pytest.mark.browser, pytest.mark.heavy]

READY = ".review-panel"
Visit = Callable[..., Any]


@pytest.fixture(scope="module")
def review_page(town_plan: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a review map of the sample street, whose grids were drawn with faults."""
    shown = review_file(town_plan)
    grids = shown.areas[shown.areas["level"] == 3].copy()
    shapes = grids.geometry.to_numpy().copy()
    for k in range(0, len(shapes), 9):
        shapes[k] = shapely.transform(shapes[k], lambda xy: xy + np.array([1.5e-6, 0.5e-6]))
    for k in range(4, len(shapes), 31):
        shapes[k] = shapely.transform(shapes[k], lambda xy: xy + np.array([5e-5, 0]))
    faulty = grids.set_geometry(gpd.GeoSeries(shapes, index=grids.index, crs=grids.crs))
    changes = clean_coverage(faulty, 1.0).changes
    path = tmp_path_factory.mktemp("review") / "review.html"
    write_review(path, shown.areas, changes, shown.broken, shown.context, "澄湾街道复核图", shown.subtitle)
    return path.as_uri()


@pytest.fixture
def opened(visit: Visit, review_page: str) -> Any:
    return visit(review_page, READY)


def first_place(page: Any, layer: str) -> None:
    page.click(f'[data-layer="{layer}"] summary >> nth=0')
    page.click(f'[data-layer="{layer}"] li button >> nth=0')
    page.wait_for_selector(".leaflet-popup .review-card")


def test_the_page_asks_nobody_and_complains_of_nothing(opened: Any) -> None:
    assert (opened.elsewhere, opened.complaints) == ([], [])


def test_the_list_leads_to_the_place_and_tells_what_was_done(opened: Any, tmp_path: Path) -> None:
    opened.page.screenshot(path=tmp_path / "review.png")
    before = opened.page.evaluate("map_review.getZoom()")
    first_place(opened.page, "done")
    opened.page.screenshot(path=tmp_path / "review-place.png")
    assert opened.page.evaluate("map_review.getZoom()") > before
    assert "已修复" in opened.page.inner_text(".leaflet-popup .review-card")


def test_a_layer_switched_off_leaves_the_map_and_its_list_brings_it_back(opened: Any) -> None:
    page = opened.page
    shown = page.screenshot()
    page.locator('[data-layer="found"] input').uncheck()
    page.wait_for_timeout(300)
    assert page.screenshot() != shown
    first_place(page, "found")
    assert page.locator('[data-layer="found"] input').is_checked()


def test_a_click_on_a_mark_opens_its_card(opened: Any) -> None:
    page = opened.page
    first_place(page, "found")
    page.click(".leaflet-popup-close-button")
    page.wait_for_selector(".leaflet-popup", state="detached")
    at = page.evaluate("""() => {
      let spot = null;
      map_review.eachLayer((l) => {
        if (l instanceof L.CircleMarker && map_review.getBounds().contains(l.getLatLng())) spot = l.getLatLng();
      });
      const p = map_review.latLngToContainerPoint(spot);
      return [p.x, p.y];
    }""")
    page.mouse.click(*at)
    page.wait_for_selector(".leaflet-popup .review-card")


def test_on_a_phone_panel_and_card_fit_the_screen(visit: Visit, review_page: str, tmp_path: Path) -> None:
    opened = visit(review_page, READY, size=(360, 740))
    opened.page.screenshot(path=tmp_path / "phone.png")
    first_place(opened.page, "done")
    opened.page.screenshot(path=tmp_path / "phone-place.png")
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 360
    popup, panel = (opened.page.locator(s).bounding_box() for s in (".leaflet-popup", ".review-panel"))
    assert popup["y"] + popup["height"] <= panel["y"] + 1
