"""Asking for texts by their beginning, so that either store uses its index: codes begin with their region."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def begins(column: sa.ColumnElement[Any], start: str) -> sa.ColumnElement[bool]:
    """Return the condition that a text, sorted by its Unicode numbers, begins so (not empty)."""
    return (column >= start) & (column < start[:-1] + chr(ord(start[-1]) + 1))
