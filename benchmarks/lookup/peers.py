"""The peers that live in this process. What each prepares before the clock runs is said in its docstring."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from benchmarks.lookup.race import Engine, Told
from gridgis.geometry.arrays import Floats, Geometries, points


class ShapelyTree(Engine):
    """The yardstick. Before: the tree of the polygons, the points as geometries."""

    name = "shapely STRtree.query"

    def __init__(self, polygons: Geometries) -> None:
        self.tree = shapely.STRtree(polygons)

    def load(self, xy: Floats) -> None:
        self.points = points(xy)

    def answer(self) -> Any:
        return self.tree.query(self.points, predicate="intersects")

    def told(self, answer: Any) -> Told:
        return Told(answer.shape[1], int(answer[1].sum()))


class PointTree(Engine):
    """The other way about: prepared polygons ask a tree of the points. Before: preparing, the points as geometries."""

    name = "shapely, tree of the points"

    def __init__(self, polygons: Geometries) -> None:
        self.polygons = shapely.force_2d(polygons)  # copies: preparing changes what it is given
        shapely.prepare(self.polygons)

    def load(self, xy: Floats) -> None:
        self.points = points(xy)

    def answer(self) -> Any:
        return shapely.STRtree(self.points).query(self.polygons, predicate="intersects")

    def told(self, answer: Any) -> Told:
        return Told(answer.shape[1], int(answer[0].sum()))


class GeopandasJoin(Engine):
    """sjoin of points with polygons. Before: both tables, the spatial index of the polygons."""

    name = "geopandas sjoin"

    def __init__(self, polygons: Geometries) -> None:
        import geopandas as gpd

        self.gpd = gpd
        self.cells = gpd.GeoDataFrame(geometry=polygons, crs="EPSG:4490")
        _ = self.cells.sindex

    def load(self, xy: Floats) -> None:
        self.points = self.gpd.GeoDataFrame(geometry=points(xy), crs="EPSG:4490")

    def answer(self) -> Any:
        return self.gpd.sjoin(self.points, self.cells, predicate="intersects", how="inner")

    def told(self, answer: Any) -> Told:
        return Told(len(answer), int(answer["index_right"].sum()))


JOIN = "SELECT count(*) AS pairs, sum(c.id) AS total FROM points p JOIN cells c ON ST_Intersects(c.geom, p.geom)"
"""What the SQL engines are asked."""


class DuckDB(Engine):
    """Its operator SPATIAL_JOIN, one thread. Before: both tables. In the query: a tree over the smaller table."""

    name = "DuckDB SPATIAL_JOIN"

    def __init__(self, polygons: Geometries) -> None:
        import duckdb
        import pyarrow as pa

        spec = find_spec("duckdb_extension_spatial")
        assert spec is not None
        assert spec.origin is not None
        extension = next(Path(spec.origin).parent.glob("extensions/*/spatial.duckdb_extension"))
        self.base = duckdb.connect(config={
            "threads": 1, "autoinstall_known_extensions": False, "autoload_known_extensions": False,
        })  # fmt: skip
        self.base.execute(f"LOAD '{extension}'")
        table = pa.table({"id": np.arange(len(polygons)), "wkb": shapely.to_wkb(polygons)})
        self.base.register("given", table)
        self.base.execute("CREATE TABLE cells AS SELECT id, ST_GeomFromWKB(wkb) AS geom FROM given")
        self.base.unregister("given")

    def load(self, xy: Floats) -> None:
        import pyarrow as pa

        self.base.register("given", pa.table({"x": xy[:, 0], "y": xy[:, 1]}))
        self.base.execute("CREATE OR REPLACE TABLE points AS SELECT ST_Point(x, y) AS geom FROM given")
        self.base.unregister("given")
        plan = self.base.execute(f"EXPLAIN {JOIN}").fetchall()[0][1]
        if "SPATIAL_JOIN" not in plan:
            raise RuntimeError("DuckDB does not use its spatial join")

    def answer(self) -> Any:
        return self.base.execute(JOIN).fetchall()

    def told(self, answer: Any) -> Told:
        return Told(*map(int, answer[0]))

    def close(self) -> None:
        self.base.close()


class SedonaDB(Engine):
    """Its spatial join, one partition. Before: both tables in memory. In the query: a tree over the smaller table."""

    name = "SedonaDB spatial join"

    def __init__(self, polygons: Geometries) -> None:
        import sedonadb

        self.base = sedonadb.connect()
        self.base.sql("SET datafusion.execution.target_partitions = 1").execute()
        self._store("cells", polygons)

    def _store(self, name: str, geometries: Geometries) -> None:
        import pyarrow as pa

        wkb = pa.array(shapely.to_wkb(geometries), pa.binary())
        self.base.create_data_frame(pa.table({"id": np.arange(len(wkb)), "wkb": wkb})).to_view("given", True)
        made = self.base.sql("SELECT id, ST_GeomFromWKB(wkb) AS geom FROM given").to_memtable()
        made.to_view(name, True)
        self.base.drop_view("given")

    def load(self, xy: Floats) -> None:
        self._store("points", points(xy))

    def answer(self) -> Any:
        import pyarrow as pa

        return pa.table(self.base.sql(JOIN))

    def told(self, answer: Any) -> Told:
        row = answer.to_pylist()[0]
        return Told(int(row["pairs"]), int(row["total"]))
