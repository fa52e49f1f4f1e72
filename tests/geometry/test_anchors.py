from __future__ import annotations

import numpy as np
import shapely

from gridgis.geometry.anchors import label_anchors


def test_the_anchor_of_a_horseshoe_lies_inside_it() -> None:
    horseshoe = shapely.box(109, 32, 109.03, 32.03) - shapely.box(109.01, 32.01, 109.02, 32.03)
    centre, _ = label_anchors([horseshoe])
    assert shapely.contains_xy(horseshoe, *centre[0])


def test_the_radius_is_in_metres_east_to_west_too() -> None:
    narrow = shapely.box(109, 32, 109.001, 32.1)
    _, radius = label_anchors([narrow])
    assert abs(radius[0] - 0.0005 * 111_195 * np.cos(np.radians(32.05))) < 1


def test_of_two_parts_the_larger_carries_the_name() -> None:
    parts = shapely.union_all([shapely.box(0, 0, 0.01, 0.01), shapely.box(0.02, 0, 0.021, 0.001)])
    centre, _ = label_anchors([parts])
    assert centre[0, 0] < 0.01


def test_no_polygon_gives_no_anchor() -> None:
    centre, radius = label_anchors([])
    assert centre.shape == (0, 2)
    assert radius.shape == (0,)
