from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from gridgis.errors import Forbidden, InvalidInput
from gridgis.service.showing import Shown
from maps import write_map
from maps.page import inline_images, leaflet_folder, render_map, save_page

ADDRESS = re.compile(r"""(?:src|href)\s*=\s*["']?([^"'\s>]+)|url\(\s*["']?([^"')]+)|@import|sourceMappingURL""")


@pytest.fixture(scope="module")
def page(shown: Shown) -> str:
    return render_map(shown.grids, shown.context, shown.cards, shown.title, shown.subtitle)


def test_the_page_of_the_town_has_no_address_to_load_from(page: str) -> None:
    markup = re.sub(r"<script>.*?</script>", "", page, flags=re.S)
    addresses = [a or b for a, b in ADDRESS.findall(markup)]
    assert [a for a in addresses if not a.startswith(("data:", "#"))] == []


def test_the_page_of_the_town_is_small_enough_to_mail(page: str) -> None:
    assert len(page.encode()) < 6e6


def test_the_page_holds_every_grid(page: str, shown: Shown) -> None:
    assert [code for code in shown.grids["code"] if f'"code":"{code}"' not in page] == []


def test_the_same_input_writes_the_same_bytes(small: Any, tmp_path: Path) -> None:
    a = write_map(tmp_path / "a.html", small.grids, small.context, small.cards, "图")
    b = write_map(tmp_path / "b.html", small.grids, small.context, small.cards, "图")
    assert a.read_bytes() == b.read_bytes()


def test_a_name_cannot_end_the_script_or_the_title(small: Any) -> None:
    small.grids.loc[0, "name"] = "</script><b>"
    html = render_map(small.grids, small.context, small.cards, "</title><b>")
    assert "</script><b>" not in html
    assert "</title><b>" not in html


def test_braces_in_a_name_are_no_template(small: Any) -> None:
    small.grids.loc[0, "name"] = "{{ 6 * 7 }}"
    assert "{{ 6 * 7 }}" in render_map(small.grids, small.context, small.cards, "{{ 6 * 7 }}")


def test_a_card_with_a_clear_phone_number_is_refused(small: Any) -> None:
    small.cards["11"]["leader"] = {"name": "王某", "role": "leader", "phone": "13800001234"}
    with pytest.raises(Forbidden, match="11"):
        render_map(small.grids, small.context, small.cards, "图")


def test_a_clear_phone_number_of_a_chain_is_refused_too(small: Any) -> None:
    small.cards["11"]["chain"] = [{"code": "1", "leader": {"name": "王某", "phone": "0915-3218888"}}]
    with pytest.raises(Forbidden):
        render_map(small.grids, small.context, small.cards, "图")


def test_a_masked_phone_number_is_shown(small: Any) -> None:
    small.cards["11"]["leader"] = {"name": "王某", "role": "leader", "phone": "138****1234"}
    assert "138****1234" in render_map(small.grids, small.context, small.cards, "图")


def test_no_grids_are_refused(small: Any) -> None:
    with pytest.raises(InvalidInput, match="no grids"):
        render_map(small.grids.head(0), {}, {}, "图")


def test_a_missing_column_is_named(small: Any) -> None:
    with pytest.raises(InvalidInput, match="households"):
        render_map(small.grids.drop(columns="households"), {}, {}, "图")


def test_a_folder_that_is_not_there_is_told_and_nothing_is_left(small: Any, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot write"):
        write_map(tmp_path / "none" / "map.html", small.grids, small.context, small.cards, "图")
    assert list(tmp_path.iterdir()) == []


def test_a_map_of_grids_alone_needs_no_context(small: Any) -> None:
    assert '"areas":[]' in render_map(small.grids, {}, {}, "图")


def test_the_images_of_leaflets_style_are_inlined() -> None:
    css = inline_images((leaflet_folder() / "leaflet.css").read_text(encoding="utf-8"), leaflet_folder())
    assert "images/" not in css
    assert css.count("data:image/png;base64,") == 3


def test_an_interrupt_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save_page(tmp_path / "map.html", "<html>")
    assert not list(tmp_path.iterdir())
