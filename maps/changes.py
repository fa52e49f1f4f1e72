"""A drawing of what changed between two states of the grids: one SVG file, no network, no library."""

from __future__ import annotations

from html import escape
from math import cos, radians
from pathlib import Path
from typing import Any

import shapely

from gridgis.errors import InvalidInput
from gridgis.ledger.changes import Changes

WIDTH = 900.0
_MARGIN = 20.0
_HEAD = 64.0
_STYLE = """
text { font-family: "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; font-size: 12px; text-anchor: middle; }
.head { text-anchor: start; font-size: 14px; }
.added { fill: #cfe8cf; stroke: #1b7837; stroke-width: 2; }
.changed { fill: #fff3c4; stroke: #1b7837; stroke-width: 2; }
.before { fill: none; stroke: #b2182b; stroke-width: 1.5; stroke-dasharray: 6 4; }
"""


def changes_svg(changes: Changes) -> str:
    """Draw what changed: new borders green, earlier ones red and dashed; grids that are new green, changed ones yellow.

    Of several levels the lowest is drawn: only grids that are nobody's parent among those that changed.
    """
    old, new = _lowest(changes.before), _lowest(changes.after)
    shapes = [row["geometry"] for row in (*old.values(), *new.values())]
    if not shapes:
        return _page(120.0, ['<text class="head" x="20" y="40">没有变化 no change</text>'])
    west, south, east, north = shapely.total_bounds(shapes)
    squeeze = cos(radians((south + north) / 2))  # a degree of longitude is shorter than one of latitude
    scale = (WIDTH - 2 * _MARGIN) / max((east - west) * squeeze, north - south)

    def place(xy: Any) -> Any:
        x = _MARGIN + (xy[:, 0] - west) * squeeze * scale
        return list(zip(x.round(1).tolist(), (_HEAD + (north - xy[:, 1]) * scale).round(1).tolist(), strict=True))

    out = [
        '<text class="head" x="20" y="26">变化 changes：<tspan fill="#1b7837">■ 现在 now</tspan> '
        '<tspan fill="#b2182b">┅ 以前 before</tspan></text>'
    ]
    for code, row in sorted(new.items()):
        kind = "added" if changes.before.get(code) is None else "changed"
        out.append(f'<path class="{kind}" d="{_path(row["geometry"], place)}"/>')
    out += [f'<path class="before" d="{_path(row["geometry"], place)}"/>' for _, row in sorted(old.items())]
    for code, row in sorted(new.items()):
        ((x, y),) = place(shapely.get_coordinates(shapely.point_on_surface(row["geometry"])))
        out.append(f'<text x="{x}" y="{y}">{escape(code[-6:])}</text>')
    return _page(_HEAD + (north - south) * scale + _MARGIN, out)


def write_changes(path: str | Path, changes: Changes) -> None:
    """Write the drawing of ``changes_svg``.

    Raises
    ------
    InvalidInput
        The name does not end in .svg.
    """
    if Path(path).suffix.lower() != ".svg":
        raise InvalidInput(f"输出文件应以 .svg 结尾：{path}", f"the output must end in .svg: {path}", path=str(path))
    Path(path).write_text(changes_svg(changes), encoding="utf-8")


def _lowest(rows: dict[str, dict[str, Any] | None]) -> dict[str, dict[str, Any]]:
    there = {code: row for code, row in rows.items() if row is not None}
    parents = {row["parent"] for row in there.values()}
    return {code: row for code, row in there.items() if code not in parents}


def _path(shape: Any, place: Any) -> str:
    rings = [r for part in shapely.get_parts(shape) for r in shapely.get_rings(part)]
    return " ".join(
        "M" + "L".join(f"{x},{y}" for x, y in place(shapely.get_coordinates(ring)[:-1])) + "Z" for ring in rings
    )


def _page(height: float, body: list[str]) -> str:
    size = f'viewBox="0 0 {WIDTH:.0f} {height:.0f}" width="{WIDTH:.0f}" height="{height:.0f}"'
    return "\n".join(
        [f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', f"<style>{_STYLE}</style>", *body, "</svg>", ""]
    )
