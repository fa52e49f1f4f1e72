"""Codes of regions and grids: schemes as data, parse and print, allocate. Standard library only."""
