"""``python -m benchmarks.lookup``."""

from __future__ import annotations

from benchmarks.lookup.run import main

if __name__ == "__main__":
    main()
