"""``gridgis locate LON LAT -r REGISTRY``: one point's answer, and how hits are printed.

Loading the command line's parser takes longer than the answer does. So this one form is read here; whatever else is
asked, or cannot be answered from the index that is kept, goes the way of all commands (``locate.py``).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from gridgis.errors import InvalidInput
from gridgis.geometry.lonlat import STORED_CRS, canonical_crs, check_lonlat

RULES = {
    "inside": "在网格内",
    "shared-border": "在共同边界上",
    "outer-border": "在外边界上",
    "overlay": "在叠加专属网格内",
    "outside": "在所有网格之外",
}
"""Rules of a hit in Chinese."""

Found = tuple[str | None, str | None, Any, dict[str, Any] | None]
"""Name and kind of a place (None: a point), its hit, the card of its grid."""


def answer_point(words: Sequence[str]) -> int | None:
    """Print the answer if the command line is of this form and the index is there; return the exit code, else None."""
    asked = _read(words)
    if asked is None:
        return None
    registry, lon, lat, crs, as_json = asked
    from gridgis.registry.quick import locate_quickly

    try:
        check_lonlat(lon, lat)
        label = canonical_crs(crs)
        if label not in (STORED_CRS, "EPSG:4326"):
            from gridgis.geometry.shift import to_stored_lonlat

            lon, lat = (float(v) for v in to_stored_lonlat(lon, lat, crs)[:2])
        found = locate_quickly(registry, lon, lat, label)
    except InvalidInput:
        return None  # told by the other way
    try:
        return None if found is None else print_found([(None, None, *found)], as_json)
    except BrokenPipeError:  # the reader, e.g. head, went away
        sys.stderr.close()
        return 0


def _read(words: Sequence[str]) -> tuple[str, float, float, str, bool] | None:
    """Return registry, lon, lat, crs, as_json of the simple form; None for any other."""
    if not words or words[0] != "locate":
        return None
    options, numbers, rest = {"-r": "", "--crs": STORED_CRS}, list[float](), list(words[1:])
    as_json = "--json" in rest
    if as_json:
        rest.remove("--json")
    while rest:
        word = rest.pop(0)
        word = "-r" if word == "--registry" else word
        if word in options and rest:
            options[word] = rest.pop(0)
            continue
        try:
            numbers.append(float(word))
        except ValueError:
            return None
    if len(numbers) != 2 or not options["-r"]:
        return None
    return options["-r"], numbers[0], numbers[1], options["--crs"], as_json


def print_found(found: Sequence[Found], as_json: bool) -> int:
    """Print hits; return the exit code: 1 where no grid is responsible."""
    if as_json:
        rows = [{"name": name, "kind": kind, "hit": hit.to_dict(), "card": card} for name, kind, hit, card in found]
        print(json.dumps(rows[0] if len(rows) == 1 and rows[0]["name"] is None else rows, ensure_ascii=False, indent=2))
    else:
        for name, kind, hit, card in found:
            if name:
                print(f"{name}（{kind}）")
            _print(hit, card)
    sys.stdout.flush()
    return 0 if any(hit.code for _, _, hit, _ in found) else 1


def _print(hit: Any, card: dict[str, Any] | None) -> None:
    given = "" if hit.crs == STORED_CRS else f"，给出的是 / given as {hit.crs}"
    print(f"{hit.lon:.6f}, {hit.lat:.6f}（{STORED_CRS}{given}），第 {hit.revision} 版 / revision {hit.revision}")
    if card is None:
        far = "无法量算 / cannot be measured" if hit.nearest_m is None else f"{hit.nearest} ({hit.nearest_m:.1f} m)"
        print(f"  {RULES['outside']} / outside; 最近 / nearest: {far}")
        return
    print(f"  {hit.code} {card['name'] or ''}，{RULES.get(hit.rule, hit.rule)} / {hit.rule}")
    if hit.border_m is not None:
        beyond = f"，对面 / beyond: {hit.neighbour}" if hit.neighbour else ""
        print(f"  距边界 / border: {hit.border_m:.1f} m{beyond}")
    for link in card["chain"]:
        leader = link["leader"]
        who = f"{leader['name']} {leader['phone'] or ''}" if leader else "空缺 / vacant"
        print(f"  {link['level'] or '专属'}级 {link['code']} {link['name'] or ''}：{who}")
