"""The use case behind ``gridgis encode --check``: what a coding scheme says, or what is wrong with its file."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from gridgis.coding import Scheme, Segment
from gridgis.coding.segment import LEVELS
from gridgis.errors import InvalidInput

_REGION = "610902001003"
"""The community of the examples, where the scheme's regions are digits."""


def check_scheme(name: str) -> dict[str, Any]:
    """Return ``ok`` and either the ``faults`` of a scheme file (zh, en), or what the scheme says.

    Parameters
    ----------
    name
        A shipped scheme, or a .toml file.

    Returns
    -------
    dict
        ok, name; faults; and of a scheme without faults title_zh, title_en, source, not_found, ``segments`` (place,
        name, zh, role, meaning) and ``codes`` (level, kind, first, last: None where such grids have no code).

    Raises
    ------
    NotFound
        There is no such scheme.

    Examples
    --------
    >>> [code["last"] for code in check_scheme("national-15")["codes"]]
    ['610902001003000', '610902001003999', '610902001003999', '610902001003999']
    """
    try:
        scheme = Scheme.load(name)
    except InvalidInput as e:
        return {"ok": False, "name": name, "faults": e.fields["faults"]}
    titles = {k: getattr(scheme, k).strip() for k in ("name", "title_zh", "title_en", "source", "not_found")}
    return {"ok": True, **titles, "faults": [], "segments": _segments(scheme), "codes": _codes(scheme)}


def _segments(scheme: Scheme) -> list[dict[str, str]]:
    out, start = [], 1
    for s in scheme.segments:
        end = start + s.width - 1
        place = str(start) if s.width == 1 else f"{start}-{end}"
        out.append({"place": place, "name": s.name, "zh": s.zh, "role": s.role, "meaning": _meaning(s)})
        start = end + 1
    return out


def _meaning(s: Segment) -> str:
    if s.role in ("kind", "level"):
        return ", ".join(f"{text} = {name}" for name, text in s.values.items())
    if s.role == "sequence":
        return ", ".join([*(f"level {n}" for n in s.levels), *(["dedicated"] if s.dedicated else [])])
    merged = f"{s.print(s.merged_from)}- merged" if s.merged_from else ""
    return s.value or s.algorithm or merged


def _codes(scheme: Scheme) -> list[dict[str, Any]]:
    """Return for each sort of grid its first and last code in one region."""
    region = "".join(s.print(1) for s in scheme.segments if s.role == "region")
    with suppress(InvalidInput):  # regions of letters, or longer ones
        region = scheme.region_of(_REGION[: len(region)])
    out: list[dict[str, Any]] = []
    for level in (*LEVELS, None):
        kind = "dedicated" if level is None else "comprehensive"
        first, last = _ends(scheme, region, level, kind)
        out.append({"level": level, "kind": kind, "first": first, "last": last})
    return out


def _ends(scheme: Scheme, region: str, level: int | None, kind: str) -> tuple[str | None, str | None]:
    try:
        depth = scheme.depth(level, kind)
    except InvalidInput:
        return None, None
    most = [s.capacity for s in scheme.sequences[:depth]]
    return scheme.build(region, [1] * depth, kind, level), scheme.build(region, most, kind, level)
