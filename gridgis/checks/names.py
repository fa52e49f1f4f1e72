"""Rule "names": a grid has a name, and no other grid of its community has the same."""

from __future__ import annotations

from collections import Counter

from gridgis.checks.finding import Finding, Outcome
from gridgis.checks.layers import texts
from gridgis.checks.scene import Scene


def names(scene: Scene) -> Outcome:
    """Check that names are there and unique in the community; the measure is how many grids bear the name."""
    given = [(n or "").strip() for n in texts(scene.grids["name"])]
    uses = Counter(zip(scene.community, given, strict=True))
    found = []
    for name, code, text in zip(scene.ids, scene.community, given, strict=True):
        if not text:
            found.append(Finding("names", name, 0, "网格没有名称", "the grid has no name"))
        elif (n := uses[code, text]) > 1:
            zh, en = f"名称“{text}”在社区内用了 {n} 次", f"the name '{text}' is used {n} times in the community"
            found.append(Finding("names", name, n, zh, en))
    return Outcome(len(given), tuple(found))
