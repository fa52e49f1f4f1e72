"""One community in work coordinates: its boundary, its layers, and its rivers with their bridges."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gridgis.checks.edges import Geometries, components
from gridgis.checks.layers import boundary_crs, layer, move, opt_layer, polygon_parts
from gridgis.model import Community, DivisionRules, need_columns

BANK_M = 0.02
"""Rivers are widened by this before they are taken away: the bank of a grid is snapped, that of the river is not."""

REACH_M = 0.1
"""A bridge reaches a piece of ground that is so near to it."""

BRIDGE_CLASSES = ("motorway", "primary", "secondary", "tertiary", "residential")
"""Barrier classes that are roads, and so make a bridge where they cross water."""


@dataclass(frozen=True, eq=False)
class Place:
    """One community in work coordinates.

    ``boundary`` is the polygon parts of the given boundary; ``given_valid`` tells whether that is all of it.
    """

    community: Community
    rules: DivisionRules
    boundary: BaseGeometry
    given_valid: bool
    barriers: gpd.GeoDataFrame
    compounds: gpd.GeoDataFrame | None
    sites: gpd.GeoDataFrame | None

    @cached_property
    def river(self) -> BaseGeometry:
        """The water of the rivers, widened by BANK_M; empty where there is none."""
        b = self.barriers
        wet = b[(b["klass"] == "river") & (shapely.get_dimensions(b.geometry.to_numpy()) == 2)]
        return shapely.buffer(shapely.union_all(wet.geometry.to_numpy()), BANK_M, join_style="mitre")

    @cached_property
    def bridges(self) -> list[BaseGeometry]:
        """The bridges over the rivers: road pieces over water, those that touch taken as one multi-line."""
        if self.river.is_empty:
            return []
        roads = self.lines(BRIDGE_CLASSES)
        parts = shapely.get_parts(shapely.intersection(roads, self.river))
        parts = parts[shapely.get_dimensions(parts) == 1]
        label = components(len(parts), zip(*shapely.STRtree(parts).query(parts, predicate="intersects"), strict=True))
        return [shapely.multilinestrings(list(parts[label == k])) for k in np.unique(label)]

    def lines(self, classes: tuple[str, ...]) -> Geometries:
        """Return the barrier lines of some classes, (n,)."""
        b = self.barriers
        geoms = np.asarray(b.loc[b["klass"].isin(classes)].geometry.to_numpy(), dtype=object)
        return np.asarray(geoms[shapely.get_dimensions(geoms) == 1], dtype=object)


def place_of(c: Community, rules: DivisionRules, work_crs: str) -> Place:
    """Bring a community to the work CRS."""
    bare = move(c.boundary, boundary_crs(c), work_crs)
    sound = bool(shapely.is_valid(bare))
    barriers = layer(c.barriers if c.barriers is not None else gpd.GeoDataFrame(geometry=[], crs=work_crs), work_crs)
    if len(barriers):
        need_columns(barriers, ("klass",), "barriers")
    elif "klass" not in barriers:
        barriers = barriers.assign(klass=np.array([], dtype=object))
    compounds, sites = opt_layer(c.compounds, work_crs), opt_layer(c.sites, work_crs)
    place = Place(c, rules, bare if sound else polygon_parts(bare), sound, barriers, None, sites)
    return place if compounds is None else replace(place, compounds=_in_pieces(compounds, place))


def _in_pieces(compounds: gpd.GeoDataFrame, place: Place) -> gpd.GeoDataFrame:
    """Return the connected pieces of the compounds, a row each.

    What lies outside of the boundary, or what a river, a carved site or a smaller compound takes, is not theirs; a
    piece that is cut off so, or drawn apart, is whole by itself.
    """
    ground = shapely.buffer(place.boundary, BANK_M, join_style="mitre")
    shapely.prepare(ground)
    geoms = np.asarray(compounds.geometry.to_numpy(), dtype=object)
    b, s = place.barriers, place.sites
    taken = list(b.geometry[(b["klass"] == "river").to_numpy() & (shapely.get_dimensions(b.geometry.to_numpy()) == 2)])
    if s is not None and len(s):
        taken += list(s.geometry[(s["mode"] == "carve").to_numpy()])
    rank = np.lexsort((np.arange(len(geoms)), shapely.area(geoms)))
    pieces: dict[int, Geometries] = {}
    for done, i in enumerate(rank):
        other = np.array([*taken, *geoms[rank[:done]]], dtype=object)
        near = other[shapely.intersects(other, geoms[i])] if len(other) else other
        rest = shapely.difference(geoms[i], shapely.union_all(near)) if len(near) else geoms[i]
        if not shapely.covers(ground, rest):
            rest = shapely.intersection(rest, place.boundary)
        parts = shapely.get_parts(rest)
        pieces[int(i)] = np.asarray(parts[shapely.get_dimensions(parts) == 2], dtype=object)
    rows = [i for i in range(len(geoms)) for _ in pieces[i]]
    apart = gpd.GeoSeries([g for i in range(len(geoms)) for g in pieces[i]], crs=compounds.crs)
    return compounds.iloc[rows].reset_index(drop=True).set_geometry(apart)
