"""Names of grids over the years: a made name gives way to the name of the grid that is continued (SEMANTICS 14)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

_MADE = re.compile(r"(第\d+网格(第\d+微网格)?)?(（\d+）)?")


def is_made(name: str | None, community: str) -> bool:
    """Tell whether a name is one that dividing makes, not one that somebody chose.

    Examples
    --------
    >>> is_made("西大街社区第3网格第7微网格", "西大街社区"), is_made("幸福里网格", "西大街社区")
    (True, False)
    """
    if not name:
        return True
    return name.startswith(community) and _MADE.fullmatch(name[len(community) :]) is not None


def carried_names(
    grids: Iterable[tuple[str, str | None, str | None]], old: Mapping[str, str | None], communities: Mapping[str, str]
) -> list[str | None]:
    """Return the names of a plan's grids, with those of the grids that they continue in the place of made ones.

    Parameters
    ----------
    grids
        community, name, and the code of the grid that it continues (None if new), for each grid.
    old
        Code -> name of the grids in force.
    communities
        Code -> name of the communities.

    Returns
    -------
    list
        A chosen name stays as it is. A made one that another grid has by inheritance gets a number.

    Examples
    --------
    >>> rows = [("A", "甲第1网格", None), ("A", "甲第2网格", "c1"), ("A", "幸福里", "c2")]
    >>> carried_names(rows, {"c1": "甲第1网格", "c2": "平安里"}, {"A": "甲"})
    ['甲第1网格（2）', '甲第1网格', '幸福里']
    """
    rows = list(grids)
    made = [is_made(name, communities.get(community, "")) for community, name, _ in rows]
    out = [
        old[before] if ours and before is not None and old.get(before) else name
        for (_, name, before), ours in zip(rows, made, strict=True)
    ]
    taken: dict[str, set[str | None]] = defaultdict(set)
    new = [k for k, (name, row) in enumerate(zip(out, rows, strict=True)) if made[k] and name == row[1]]
    for k in sorted(set(range(len(rows))) - set(new)):
        taken[rows[k][0]].add(out[k])
    for k in new:
        used, name = taken[rows[k][0]], out[k]
        number = 2
        while name and out[k] in used:
            out[k] = f"{name}（{number}）"
            number += 1
        used.add(out[k])
    return out
