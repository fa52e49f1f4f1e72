"""The HTTP interface on ``gridgis.service``: point lookups, cards, GeoJSON collections, search, the viewer page."""
