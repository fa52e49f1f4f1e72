"""Regions: pieces of ground between STRONG barriers, and what they must share across them."""
