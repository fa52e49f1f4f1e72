"""Read the commented CSV files of test vectors."""

import csv
from pathlib import Path

HERE = Path(__file__).parent


def read_vectors(name: str) -> list[list[str]]:
    """Return the rows of a vector file without comments and empty lines."""
    with (HERE / "vectors" / f"{name}.csv").open(encoding="utf-8", newline="") as f:
        return list(csv.reader(line for line in f if line.strip() and not line.startswith("#")))
