"""Rule "households": what a grid says it holds is what its buildings sum to, at every level."""

from __future__ import annotations

from collections.abc import Iterator

from gridgis.checks.finding import Finding, Outcome
from gridgis.checks.layers import NO_GRID
from gridgis.checks.scene import Scene


def households(scene: Scene) -> Outcome:
    """Check the households of each grid; measure: households said minus households counted.

    Confirmed exceptions: a building in no grid (measure: metres to the nearest, which counts it), on a border (0), with
    copies (how many, not counted).
    """
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
    odd = b[(b["away_m"] > 0) | (b["also"] != NO_GRID) | (b["copies"] > 0)]
    for row in odd[["id", "leaf", "away_m", "also", "copies"]].to_dict("records"):
        name, grid = row["id"], scene.ids[row["leaf"]]
        if row["away_m"] > 0:
            zh, en = (
                f"建筑 {name} 不在任何网格内，计入最近的",
                f"building {name} lies in no grid: the nearest counts it",
            )
            yield Finding("households", grid, row["away_m"], zh, en, confirmed=True)
        if row["also"] != NO_GRID:
            other = scene.ids[row["also"]]
            zh, en = f"建筑 {name} 在与 {other} 的边界上", f"building {name} lies on the border with {other}"
            yield Finding("households", grid, 0, f"{zh}，计入任一均可", f"{en}: either may count it", confirmed=True)
        if row["copies"]:
            n = row["copies"]
            zh, en = (
                f"建筑 {name} 另有 {n} 份完全相同的记录",
                f"building {name} has {n} more rows that are copies of it",
            )
            yield Finding("households", grid, n, f"{zh}，未计入", f"{en}: not counted", confirmed=True)
