"""The command line: parse, wire, call service, print. Each file holds one family of commands.

``commands.py`` puts the families together; ``point.py`` answers ``gridgis locate LON LAT`` before all else is loaded.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    from gridgis.cli.point import answer_point

    code = answer_point(sys.argv[1:])
    if code is not None:
        sys.exit(code)
    from gridgis.cli.commands import main as run

    run()
