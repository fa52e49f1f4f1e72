"""What a rule returns: how much it tried, and what it found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

COLUMNS = ("rule", "grid", "measure", "why")


@dataclass(frozen=True)
class Finding:
    """One place where a rule does not hold.

    ``confirmed`` tells an exception that the verifier has proven itself from a broken rule. The unit of ``measure``
    is fixed by the rule (docs/verify.md).
    """

    rule: str
    grid: str
    measure: float
    zh: str
    en: str
    confirmed: bool = False

    def row(self) -> tuple[str, str, float, str]:
        """Return the row of the report."""
        return self.rule, self.grid, float(self.measure), f"{self.zh} / {self.en}"


@dataclass(frozen=True)
class Outcome:
    """The answer of one rule: how many things it was tried on, and its findings."""

    checked: int
    findings: tuple[Finding, ...] = ()


def table(findings: Iterable[Finding]) -> pd.DataFrame:
    """Return findings as a table (rule, grid, measure, why), in their order."""
    frame = pd.DataFrame([f.row() for f in findings], columns=list(COLUMNS))
    return frame.astype({"rule": object, "grid": object, "measure": float, "why": object})
