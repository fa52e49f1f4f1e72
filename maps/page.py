"""One offline HTML file: a folium map in which Leaflet, styles, scripts and data are inlined."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping, Sequence
from importlib import util
from pathlib import Path
from typing import Any, cast

import folium
import geopandas as gpd
import orjson
from branca.element import Element, Figure, MacroElement
from folium.template import Template

from gridgis.errors import InvalidInput
from maps.payload import make_payload

WEB = Path(__file__).with_name("web")
SCRIPTS = ("words.js", "common.js", "shapes.js", "townmap.js")
STYLES = ("common.css", "townmap.css")


class OfflineMap(folium.Map):
    """A folium map that loads nothing: Leaflet is inlined; jQuery, Bootstrap and icon fonts are left out."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 (folium declares them as instance variables)
    default_css: list[tuple[str, str]] = []  # noqa: RUF012


class RawHtml(Element):
    """Markup that is no template: braces in scripts and styles stay as they are."""

    _template = Template("{{ this.html }}")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html


class TownLayer(MacroElement):
    """Calls the page's script with the map and the data."""

    call = "gridgisTownMap"
    _template = Template(
        "{% macro script(this, kwargs) %}{{ this.call }}({{ this.map_name }}, {{ this.data }});{% endmacro %}"
    )

    def __init__(self, map_name: str, payload: Mapping[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._id = "layer"
        self.map_name = map_name
        self.data = for_script(orjson.dumps(payload).decode())


def write_map(
    path: str | Path,
    grids: gpd.GeoDataFrame,
    context: Mapping[str, gpd.GeoDataFrame],
    cards: Mapping[str, Mapping[str, Any]],
    title: str,
    subtitle: str = "",
) -> Path:
    """Write the map of a town's grids as one HTML file that needs no network.

    Parameters
    ----------
    path
        The file to write; replaced in one step, never half-written.
    grids
        code, name, level, kind, mode, category, parent, community, households, geometry (lon/lat).
    context
        The town under the grids, lon/lat, any of: roads, railways, rivers (lines with klass, name), water,
        buildings, compounds, communities (polygons).
    cards
        Of each code what a click shows, as ``Locator.card`` gives it, phone numbers masked.
    title, subtitle
        Written at the head of the map.

    Raises
    ------
    InvalidInput
        No grids, a column is missing, or the file cannot be written.
    Forbidden
        A phone number is not masked.

    Notes
    -----
    The same input writes the same bytes.
    """
    return save_page(path, render_map(grids, context, cards, title, subtitle))


def save_page(path: str | Path, html: str) -> Path:
    """Write a page; replaced in one step, never half-written.

    Raises
    ------
    InvalidInput
        The file cannot be written.
    """
    target = Path(path)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        partial.write_text(html, encoding="utf-8")
        os.replace(partial, target)
    except OSError as e:
        raise InvalidInput(
            f"无法写入 {target}：{e.strerror}", f"cannot write {target}: {e.strerror}", path=str(target)
        ) from e
    finally:
        partial.unlink(missing_ok=True)
    return target


def render_map(
    grids: gpd.GeoDataFrame,
    context: Mapping[str, gpd.GeoDataFrame],
    cards: Mapping[str, Mapping[str, Any]],
    title: str,
    subtitle: str = "",
) -> str:
    """Return the page that ``write_map`` writes."""
    payload = make_payload(grids, context, cards, title, subtitle)
    (south, west), (north, east) = payload["bounds"]
    page = OfflineMap(
        location=[(south + north) / 2, (west + east) / 2],
        tiles=None, zoom_start=14, min_zoom=9, max_zoom=21, zoom_snap=0.25, zoom_delta=0.5,
        zoom_control=False, attribution_control=False,
    )  # fmt: skip
    page._id = "town"  # folium draws a random name; a fixed one keeps the file the same from run to run
    figure = cast(Figure, page.get_root())
    fill_head(figure, title, STYLES, SCRIPTS)
    page.add_child(TownLayer(page.get_name(), payload))
    return str(figure.render())


def fill_head(figure: Figure, title: str, style_names: Sequence[str], script_names: Sequence[str]) -> None:
    """Put the title, Leaflet, and styles and scripts of `WEB` into the head of a page, all of them inline."""
    leaflet = leaflet_folder()
    script = (leaflet / "leaflet.js").read_text(encoding="utf-8")
    style = inline_images((leaflet / "leaflet.css").read_text(encoding="utf-8"), leaflet)
    styles = "\n".join([style, *((WEB / name).read_text(encoding="utf-8") for name in style_names)])
    scripts = "\n".join([no_source_map(script), *((WEB / name).read_text(encoding="utf-8") for name in script_names)])
    for key, html in {
        "title": f"<title>{escaped(title)}</title>",
        "styles": f"<style>{styles}</style>",
        "scripts": f"<script>{scripts}</script>",
    }.items():
        figure.header.add_child(RawHtml(html), name=key)


def leaflet_folder() -> Path:
    """Return the folder of Leaflet's files, as the package xstatic-leaflet brings them."""
    spec = util.find_spec("xstatic.pkg.leaflet")
    if spec is None or spec.origin is None:
        raise InvalidInput("缺少软件包 xstatic-leaflet", "the package xstatic-leaflet is not installed")
    return Path(spec.origin).parent / "data"


def inline_images(css: str, folder: Path) -> str:
    """Replace ``url(images/x.png)`` by the image itself."""

    def inline(match: re.Match[str]) -> str:
        name = match.group(1)
        if name.startswith(("#", "data:")):
            return match.group(0)
        return f"url(data:image/png;base64,{base64.b64encode((folder / name).read_bytes()).decode()})"

    return re.sub(r"url\(['\"]?([^)'\"]+)['\"]?\)", inline, css)


def for_script(json: str) -> str:
    r"""Make JSON safe inside a script element: no ``<`` can end it.

    Examples
    --------
    >>> for_script('{"name": "</script>"}')
    '{"name": "\\u003c/script>"}'
    """
    return json.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def no_source_map(script: str) -> str:
    """Leave out the line that names a source map: the page has none."""
    return re.sub(r"//# sourceMappingURL=\S+", "", script)


def escaped(text: str) -> str:
    """Return text as HTML shows it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
