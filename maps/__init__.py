"""Maps: pages that work on a closed network.

``write_map`` makes one HTML file (Leaflet inside) of a registry's or a plan's grids, to be mailed or put on a stick;
``web/`` holds the viewer page (MapLibre) that ``gridgis serve`` shows. Pure on frames: no store is known here.
"""

from __future__ import annotations

from maps.page import write_map
from maps.review import write_review

__all__ = ["write_map", "write_review"]
