"""Report rows: what was found in the input, and what was done about it. Nothing is repaired without one."""

from __future__ import annotations

import pandas as pd

from gridgis.model import REPORT_COLUMNS

Measure = float | int | str | None


class Notes:
    """A growing list of report rows (REPORT_COLUMNS).

    Examples
    --------
    >>> notes = Notes("read")
    >>> notes.add("info", "walls", "layer-missing", None, "没有围墙图层", "there is no layer of walls")
    >>> notes.frame()[["severity", "stage", "subject"]].to_numpy().tolist()
    [['info', 'read', 'walls']]
    """

    def __init__(self, stage: str) -> None:
        self.stage = stage
        self._rows: list[tuple[object, ...]] = []

    def add(self, severity: str, subject: str, rule: str, measure: Measure, zh: str, en: str) -> None:
        """Add one row; severity is info | warning | unmet."""
        text = "" if measure is None else str(measure)
        self._rows.append((severity, self.stage, subject, rule, text, zh, en))

    def frame(self) -> pd.DataFrame:
        """Return the rows as a table."""
        return pd.DataFrame(self._rows, columns=list(REPORT_COLUMNS), dtype=object)


def join_notes(*frames: pd.DataFrame) -> pd.DataFrame:
    """Put tables of report rows one under another."""
    full = [f.astype(object) for f in frames if len(f)]
    if not full:
        return pd.DataFrame(columns=list(REPORT_COLUMNS), dtype=object)
    return pd.concat(full, ignore_index=True)[list(REPORT_COLUMNS)]
