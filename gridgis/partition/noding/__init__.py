"""Noding: from the ground to atoms, the faces that grids are made of."""
