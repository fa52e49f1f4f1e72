"""Writing a code by its scheme."""

from __future__ import annotations

from gridgis.coding.check import check_character
from gridgis.coding.code import Code
from gridgis.coding.form import Form
from gridgis.coding.parse import parse, region_of
from gridgis.coding.segment import Segment
from gridgis.errors import InvalidInput, Rejected


def build(
    scheme: Form,
    region: str,
    numbers: tuple[int, ...] = (),
    kind: str = "comprehensive",
    level: int | None = None,
) -> str:
    """Write the code of a grid; see `gridgis.coding.scheme.Scheme.build`."""
    region = _full_region(scheme, region)
    rest, text, given = region, "", iter(numbers)
    for s in scheme.segments:
        if s.role == "region":
            text, rest = text + rest[: s.width], rest[s.width :]
        elif s.role == "sequence":
            text += printed(s, next(given, 0), region)
        elif s.role == "kind":
            text += s.values[kind]
        elif s.role == "level":
            text += s.values[_level_key(scheme, sum(n > 0 for n in numbers), kind, level)]
        else:
            text += s.value or check_character(s.algorithm, text)
    parse(scheme, text)
    return text


def rewrite(scheme: Form, code: Code, region: str, add: int = 0) -> str:
    """Write a code for another region: what it says besides stays, its first number grows by ``add``.

    Raises
    ------
    InvalidInput
        The region does not fit the scheme.
    Rejected
        The number does not fit its segment.
    """
    rest, text, more = _full_region(scheme, region), "", add if scheme.numbers(code) else 0
    for s in scheme.segments:
        if s.role == "region":
            text, rest = text + rest[: s.width], rest[s.width :]
        elif s.role == "sequence":
            text += printed(s, s.number(code.values[s.name]) + more, region)
            more = 0
        elif s.role == "check":
            text += check_character(s.algorithm, text)
        else:
            text += code.values[s.name]
    parse(scheme, text)
    return text


def _full_region(scheme: Form, region: str) -> str:
    """Return the characters of a region for a code: a street, where it can be a grid, is filled with zeros."""
    if scheme.union is not None and len(region) == scheme.union_width:
        return region + "".join(s.print(0) for s in scheme.segments if s.name in scheme.below_union)
    return region_of(scheme, region)


def _level_key(scheme: Form, depth: int, kind: str, level: int | None) -> str:
    """Return the key of the level digit of a grid that uses so many sequences."""
    if kind == "dedicated":
        return "dedicated"
    levels = scheme.sequences[depth - 1].levels if depth else (scheme.whole_level,)
    if (level is None and len(levels) != 1) or level not in (None, *levels):
        may = sorted(n for n in levels if n)
        raise InvalidInput(
            f"规则 {scheme.name} 的编码含级别：level = {level}，应为 {may} 之一",
            f"codes of scheme {scheme.name} tell the level: level is {level}, give one of {may}",
            level=level,
        )
    return str(levels[0] if level is None else level)


def printed(segment: Segment, number: int, region: str) -> str:
    """Write a number into its segment.

    Raises
    ------
    Rejected
        It does not fit: the region has no numbers left.
    """
    if not 0 <= number <= segment.capacity:
        raise Rejected(
            f"{region} 的编号已满：“{segment.label}”段最大{segment.capacity}号，不能写 {number}",
            f"{region} has no numbers left: segment '{segment.name}' ends at {segment.capacity}, {number} does not fit",
            region=region,
            needed=number,
            capacity=segment.capacity,
        )
    return segment.print(number)
