"""Rule "households": what a grid says it holds is what its buildings sum to, at every level."""

from __future__ import annotations

from collections.abc import Iterator

from gridgis.checks.finding import Finding, Outcome
from gridgis.checks.layers import NO_GRID
from gridgis.checks.scene import Scene


def households(scene: Scene) -> Outcome:
    """Check the households of each grid; measure: households said minus households counted, or metres."""
    count, least, most = scene.households, scene.tally("lo")[1], scene.tally("hi")[1]
    found = [*_buildings(scene)]
    for i, name in enumerate(scene.ids):
        said = int(scene.grids["households"].iloc[i])
        if scene.overlay[i] and said:
            found.append(Finding("households", name, said, "叠加专属网格不计户数", "an overlay counts no households"))
        elif not scene.overlay[i] and not least[i] <= said <= most[i]:
            zh, en = (
                f"写明 {said} 户，建筑合计 {count[i]} 户",
                f"says {said} households, its buildings sum to {count[i]}",
            )
            found.append(Finding("households", name, said - count[i], zh, en))
    return Outcome(len(scene.ids) + len(scene.buildings), tuple(found))


def _buildings(scene: Scene) -> Iterator[Finding]:
    b = scene.buildings
    for name, code in b.loc[b["leaf"] == NO_GRID, ["id", "community"]].itertuples(index=False):
        yield Finding("households", code, 1, f"建筑 {name} 不在任何网格", f"building {name} is in no grid")
    for name, leaf, away in b.loc[b["away_m"] > 0, ["id", "leaf", "away_m"]].itertuples(index=False):
        zh, en = f"建筑 {name} 不在任何网格内，计入最近的", f"building {name} lies in no grid: counted in the nearest"
        yield Finding("households", scene.ids[leaf], away, zh, en, confirmed=True)
    for name, leaf, also in b.loc[b["also"] != NO_GRID, ["id", "leaf", "also"]].itertuples(index=False):
        zh = f"建筑 {name} 在与 {scene.ids[also]} 的边界上，计入任一均可"
        en = f"building {name} lies on the border with {scene.ids[also]}: either may count it"
        yield Finding("households", scene.ids[leaf], 0, zh, en, confirmed=True)
