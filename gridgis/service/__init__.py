"""Use cases: each command line family, the API and the maps call these, and nothing below them."""
