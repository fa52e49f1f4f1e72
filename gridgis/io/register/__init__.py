"""The register of grids (网格备案表) as an Excel file: written for print, and read back after people edited it.

The first sheet is the form. What may be edited is yellow and unlocked: name, leader, phone, remarks. A hidden sheet
keeps what was written, so that an edit is told from a change made elsewhere meanwhile. The same register gives the
same bytes. Texts are texts: a cell that begins with ``=`` is shown, never run.
"""

from __future__ import annotations

from gridgis.io.register.columns import COLUMNS, EDITABLE, Register, Row, cell_text
from gridgis.io.register.read import ReadRegister, keep_edits, read_register
from gridgis.io.register.write import register_bytes

__all__ = [
    "COLUMNS",
    "EDITABLE",
    "ReadRegister",
    "Register",
    "Row",
    "cell_text",
    "keep_edits",
    "read_register",
    "register_bytes",
]
