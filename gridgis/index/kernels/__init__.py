"""What the index does point by point and edge by edge, compiled by numba; imported when it is needed."""
