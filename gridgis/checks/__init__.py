"""The verifier: checks any set of grids against the rules, and shares no code with the engine that makes them.

It knows the model, the errors, the coordinate systems, and shapely, numpy and geopandas; nothing else of gridgis.
"""

from gridgis.checks.verify import RULES, verify

__all__ = ["RULES", "verify"]
