"""The rules of the record, pure: what continues what, states and moves of plans, conforming, coverage faults, codes."""
