"""Redivision: from the present grids to the next, moving as little as possible."""
