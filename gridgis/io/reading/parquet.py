"""Read GeoParquet."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pyarrow.parquet as pq

from gridgis.io.reading.source import Source, check_size, damage_told


def parquet_layers(source: Source) -> list[str]:
    """Name the one layer of a Parquet file."""
    return [source.name]


def read_parquet(source: Source, layer: str) -> Any:
    """Read a GeoParquet file; its unpacked size, as it declares it, is checked first."""
    with damage_told(source.shown):
        with pq.ParquetFile(source.path) as file:
            groups = [file.metadata.row_group(k).total_byte_size for k in range(file.metadata.num_row_groups)]
        check_size(sum(groups), source.shown)
        return gpd.read_parquet(source.path)
