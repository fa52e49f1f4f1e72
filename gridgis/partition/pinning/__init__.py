"""Pinning: the planner's word is settled on the atoms before the search, and checked after it."""
