"""Draw the picture of docs/howto-filing.md: ``python -m docs.draw_filing demo/plan.gpkg demo/team.csv``."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from gridgis.service.package import Stated, package_of
from maps.sheets.content import sheets
from maps.sheets.drawing import draw_sheet
from maps.sheets.fonts import find_font

OUT = Path(__file__).parent / "img"
CODE = "990001001001001"
WIDTH = 1400
"""Pixels: large enough to read the names of streets."""


def main(argv: Sequence[str]) -> None:
    """Draw the sheet of one grid."""
    plan, team = argv
    stated = Stated("陕S(2026)001号", "2026年3月1日", "澄湾街道办事处", title="澄湾街道")
    package = package_of(plan, stated, team=team)
    sheet = next(s for s in sheets(package) if s.code == CODE)
    with Image.open(io.BytesIO(draw_sheet(sheet, package, find_font()).png())) as image:
        small = image.convert("RGB").resize((WIDTH, WIDTH * image.height // image.width), Image.Resampling.LANCZOS)
    small.quantize(200).save(OUT / "filing-sheet.png", optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])
