"""Events as a hotline would send them, and invented people for the teams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import shapely

from gridgis.geometry.shift import wgs84_to_bd09, wgs84_to_gcj02
from sample_shapes.plan import WORDS, Building, Town
from sample_shapes.write import to_lonlat, write_table

COUNT = 400
PLACE_ONLY = range(20, 395, 25)
GCJ = range(11, 400, 40)
BD = range(31, 400, 40)
OUTSIDE = {133: (0.0, 0.0), 266: (109.0871234, 32.7402345)}
"""Two points outside the town: one that was never set, one from the next county."""
ZONE = timezone(timedelta(hours=8))
START = datetime(2026, 10, 12, tzinfo=ZONE)
SOURCES = (("12345热线", 0.42), ("网格员上报", 0.28), ("随手拍", 0.22), ("摄像头", 0.08))
CAMERA_ITEMS = ("违章停车", "环境卫生", "占道经营", "道路破损")


@dataclass(frozen=True)
class Spot:
    """Where an event is: a point in plane metres, how people say it, and the name to be looked up."""

    x: float
    y: float
    words: str
    place: str


def _pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    return options[int(rng.integers(len(options)))]


def _source(rng: np.random.Generator, item: str) -> str:
    source = str(rng.choice([name for name, _ in SOURCES], p=[share for _, share in SOURCES]))
    return "随手拍" if source == "摄像头" and item not in CAMERA_ITEMS else source


class _Spots:
    """Chooses spots near buildings and on roads, and says them as people do."""

    def __init__(self, town: Town) -> None:
        self.rng = town.rng
        self.roads = [r for r in town.roads if r.klass != "motorway"]
        self.length = np.array([r.line.length for r in self.roads])
        self.tree = shapely.STRtree([r.line for r in self.roads])
        self.named = [b for b in town.buildings if b.name and b.households]
        village = next(s for c, _, s in town.communities if c.endswith("201"))
        self.homes = [b for b in town.buildings if b.households]
        self.rural = [b for b in self.homes if village.covers(b.shape.centroid)]
        self.weight = np.array([float(b.households) for b in self.homes])
        self.compounds = town.compounds

    def at(self, kind: str) -> Spot:
        if kind == "any":
            kind = str(self.rng.choice(["home", "road"]))
        if kind == "road":
            return self._road()
        pool = self.rural if kind == "farm" else self.homes
        weight = None if kind == "farm" else self.weight / self.weight.sum()
        return self._near(pool[int(self.rng.choice(len(pool), p=weight))])

    def place_only(self, k: int) -> Spot:
        """Return a spot that is only a name: every third one an estate, the others a building."""
        if k % 3 == 0:
            name = self.compounds[int(self.rng.integers(len(self.compounds)))].name
            return Spot(np.nan, np.nan, name, name)
        name = str(self.named[int(self.rng.integers(len(self.named)))].name)
        return Spot(np.nan, np.nan, name, name)

    def _road(self) -> Spot:
        road = self.roads[int(self.rng.choice(len(self.roads), p=self.length / self.length.sum()))]
        p = road.line.interpolate(float(self.rng.uniform(0.02, 0.98)), normalized=True)
        x, y = p.x + self.rng.normal(0, 2.5), p.y + self.rng.normal(0, 2.5)
        near = [self.roads[int(i)].name for i in self.tree.query(p.buffer(60.0), predicate="intersects")]
        others = [n for n in near if n != road.name]
        words = (
            f"{road.name}与{others[0]}路口附近" if others and self.rng.random() < 0.6 else f"{road.name}{self._side()}"
        )
        return Spot(x, y, words, "")

    def _side(self) -> str:
        return _pick(self.rng, ("路段", "中段", "北侧", "人行道边", "公交站旁", "沿线"))

    def _near(self, b: Building) -> Spot:
        c = b.shape.representative_point()
        x, y = c.x + self.rng.normal(0, 3.0), c.y + self.rng.normal(0, 3.0)
        if b.name:
            unit = f"{int(self.rng.integers(1, 4))}单元" if b.storeys >= 5 and self.rng.random() < 0.6 else ""
            return Spot(x, y, b.name + unit, "")
        road = self.roads[int(self.tree.nearest(c))]
        return Spot(x, y, f"{road.name}{int(self.rng.integers(1, 90))}号", "")


def _text(rng: np.random.Generator, item: str, spot: Spot, source: str) -> str:
    words = WORDS["items"][item]
    happened = _pick(rng, words["what"])
    if source == "摄像头":
        return f"视频巡查：{spot.words}，{happened}。"
    opening = (
        _pick(rng, WORDS["openings"]) if source == "12345热线" else ("巡查发现：" if source == "网格员上报" else "")
    )
    tail = _pick(rng, words["asks"]) if rng.random() < 0.8 else ""
    when = "" if any(t in happened + tail for t in WORDS["timed"].split()) else _pick(rng, WORDS["when"])
    return f"{opening}{when}{spot.words}{happened}。{tail}"


def _time(rng: np.random.Generator) -> datetime:
    hour = float(np.clip(rng.choice([rng.normal(9.5, 1.8), rng.normal(16, 2.2), rng.normal(20.5, 1.5)]), 0.2, 23.8))
    return START + timedelta(days=int(rng.integers(14)), seconds=int(hour * 3600) + int(rng.integers(60)))


def _shift(k: int) -> tuple[str, Callable[..., tuple[np.ndarray, np.ndarray]] | None]:
    if k in GCJ:
        return "GCJ-02", wgs84_to_gcj02
    if k in BD:
        return "BD-09", wgs84_to_bd09
    return "EPSG:4490", None


def _coordinates(k: int, spot: Spot) -> tuple[str, str, str]:
    """Return lon, lat and the label of their coordinates, as text; empty where only a place is given."""
    if spot.place:
        return "", "", "EPSG:4490"
    lon, lat = OUTSIDE.get(k) or to_lonlat(np.array([[spot.x, spot.y]]))[0]
    label, shift = _shift(k)
    if shift is not None:
        moved = shift(np.array([lon]), np.array([lat]))
        lon, lat = float(moved[0][0]), float(moved[1][0])
    return f"{lon:.7f}", f"{lat:.7f}", label


def write_events(town: Town, folder: Path) -> None:
    """Write events.csv: COUNT events in order of time."""
    rng, spots = town.rng, _Spots(town)
    items = [*WORDS["items"]]
    weights = np.array(
        [3.0 if i in ("环境卫生", "设施损坏", "违章停车") else 0.8 if i == "农事服务" else 1.6 for i in items]
    )
    times = sorted(_time(rng) for _ in range(COUNT))
    rows = []
    for k, time in enumerate(times, 1):
        item = str(rng.choice(items, p=weights / weights.sum()))
        source = _source(rng, item)
        if k in PLACE_ONLY:
            item, source = "物业服务", "12345热线"
            spot = spots.place_only(k)
        else:
            spot = spots.at(WORDS["items"][item]["spot"])
        rows.append(
            (k, time.isoformat(), source, item, _text(rng, item, spot, source), *_coordinates(k, spot), spot.place)
        )
    write_table(folder / "events.csv", ("id", "time", "source", "item", "text", "lon", "lat", "crs", "place"), rows)


PEOPLE = 450


def write_people(town: Town, folder: Path) -> None:
    """Write people.csv: invented persons; their numbers begin with 100, which no mobile network has."""
    rng = town.rng
    rows: list[tuple[str, str]] = []
    names: set[str] = set()
    for k in range(PEOPLE):
        tail = k * 199_999 + int(rng.integers(199_999))  # never the same number twice
        while True:
            given = "".join(
                WORDS["given"][int(i)] for i in rng.integers(len(WORDS["given"]), size=int(rng.choice([1, 2, 2, 2])))
            )
            name = _pick(rng, WORDS["surnames"]) + given
            if name not in names:
                break
        names.add(name)
        rows.append((name, f"100{tail:08d}"))
    write_table(folder / "people.csv", ("name", "phone"), rows)
