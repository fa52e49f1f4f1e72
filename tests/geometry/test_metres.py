"""A single lookup's way to metres is that of whole layers."""

from __future__ import annotations

import numpy as np
import pytest

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import STORED_CRS, transform_xy
from gridgis.geometry.metres import lonlat_to_metres

LON, LAT = [109.0, 109.3, 108.9], [32.0, 32.7, 33.1]


@pytest.mark.parametrize("work_crs", ["EPSG:4545", "EPSG:32649", "EPSG:25832"])
def test_lists_become_what_arrays_become(work_crs: str) -> None:
    german = work_crs == "EPSG:25832"  # ETRS89 is another datum
    lon, lat = ([9.0, 9.1, 9.2], [48.0, 48.1, 48.2]) if german else (LON, LAT)
    there = transform_xy(np.column_stack([lon, lat]), STORED_CRS, work_crs)
    assert np.column_stack(lonlat_to_metres(lon, lat, work_crs)).tolist() == there.tolist()


def test_a_work_crs_on_a_datum_without_a_known_way_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no known transformation"):
        lonlat_to_metres([109.0], [32.0], "EPSG:2345")
