"""Geometry that knows nothing of grids: coordinate systems, shifts, coverages, measures."""
