"""Exact: the cheapest partition of a small graph, or whether there is one, proven."""
