"""The figures of the town, printed when it is made."""

from __future__ import annotations

from collections import Counter

import shapely

from sample_shapes.plan import Building, Town

STRONG = {"motorway", "primary"}


def members(town: Town) -> dict[str, list[Building]]:
    """Return the buildings of each community, by representative point."""
    out: dict[str, list[Building]] = {}
    for code, _, shape in town.communities:
        shapely.prepare(shape)
        out[code] = [b for b in town.buildings if shape.covers(b.shape.representative_point())]
    return out


def pieces(town: Town, code: str) -> list[tuple[float, int, int]]:
    """Return the pieces of a community between strong barriers: hectares, households, households counted."""
    shape = next(s for c, _, s in town.communities if c == code)
    lines = [r.line for r in [*town.roads, *town.rails, *town.rivers] if r.klass in STRONG | {"railway", "river"}]
    lines += [w.exterior for k, _, w in town.water if k == "river"]
    faces = shapely.get_parts(
        shapely.polygonize([shapely.union_all([*lines, *(p.exterior for p in shapely.get_parts(shape))])])
    )
    out = []
    for face in faces:
        if not shape.covers(face.representative_point()):
            continue
        inside = [b for b in town.buildings if face.covers(b.shape.representative_point())]
        out.append((face.area / 1e4, sum(b.households for b in inside), sum(b.households for b in inside if b.counted)))
    return sorted(out, reverse=True)


def table(town: Town) -> str:
    """Return the figures as text."""
    rows = []
    by_code = members(town)
    for code, name, shape in town.communities:
        inside = by_code[code]
        uses = " ".join(f"{u} {n}" for u, n in sorted(Counter(b.use for b in inside).items()))
        households = sum(b.households for b in inside)
        counted = sum(b.households for b in inside if b.counted)
        rows.append(f"{code} {name}: {households} households ({counted} counted), {shape.area / 1e4:.0f} ha, {uses}")
        rows += [
            f"    between strong barriers: {a:6.1f} ha {h:5d} households ({c} counted)"
            for a, h, c in pieces(town, code)
        ]
        for c in town.compounds:
            if shape.covers(c.shape.representative_point()):
                homes = [b for b in inside if c.shape.covers(b.shape) and b.households]
                held = sum(b.households for b in homes)
                sizes = sorted(Counter(b.households for b in homes).items())
                rows.append(f"    estate {c.name}: {held} households in {len(homes)} buildings {sizes}")
    total = sum(b.households for b in town.buildings)
    homes = [b for b in town.buildings if b.use == "residential"]
    lost = sum(not b.counted for b in homes)
    rows.append(
        f"{len(town.buildings)} buildings, {total} households, {lost} of {len(homes)} residential buildings uncounted"
    )
    return "\n".join(rows)
