"""One grid's code, as a scheme reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Code:
    """A grid's code that keeps the rules of its scheme. Ordered by its text, and hashable.

    Parameters
    ----------
    text
        The code as written; ``str(code)`` is the same.
    scheme
        Name of the scheme.
    region
        The region segments together: the community's code; that of the street for the grid that is all of it.
    sequence
        The sequence segments together, as text: "012".
    level
        1, 2 or 3 where the digits say it, else None: then it is an attribute of the grid.
    kind
        "comprehensive" or "dedicated" where the digits say it, else None.
    values
        Each segment's name and characters.
    """

    text: str
    scheme: str
    region: str
    sequence: str
    level: int | None = field(compare=False)
    kind: str | None = field(compare=False)
    values: Mapping[str, str] = field(compare=False, repr=False)

    def __str__(self) -> str:
        return self.text
