"""The search's inner loops, compiled by numba: spanning trees, balanced tree cuts (ReCom), single flips.

The first call of a function compiles it (seconds); the machine code is cached beside the source.
"""
