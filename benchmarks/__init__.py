"""Benchmarks: figures beside their peers, in one run, on one core."""

import os

for _name in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ.setdefault(f"{_name}_NUM_THREADS", "1")  # before numpy is imported: it reads them then
