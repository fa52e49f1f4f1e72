"""Reading a code by its scheme: what its characters say, or which of them are wrong and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NoReturn

from gridgis.coding.check import check_character
from gridgis.coding.code import Code
from gridgis.coding.form import Form
from gridgis.coding.refuse import check_characters, fail, fail_at, wrong_length
from gridgis.coding.segment import Segment

CODE = ("编码", "code")
REGION = ("社区代码", "community code")
Said = tuple[str | None, int | None]
"""Kind and level, each None where the digits do not say it."""


def parse(scheme: Form, text: str) -> Code:
    """Read a code; nothing is repaired.

    Raises
    ------
    InvalidInput
        Says which characters are wrong, and why.
    """
    of_union, segments = scheme.is_union(text), scheme.segments
    if of_union:
        segments = tuple(replace(s, zero=s.zero or s.name in scheme.below_union) for s in segments)
    values = split(scheme, text, segments, CODE)
    _check_digit(scheme, text, values)
    kind, level = _what_kind(scheme, text, values)
    region = "".join(values[s.name] for s in segments if s.role == "region")
    sequence = "".join(values[s.name] for s in segments if s.role == "sequence")
    region = region[: scheme.union_width if of_union else None]
    return Code(text, scheme.name, region, sequence, level, kind, MappingProxyType(values))


def split(scheme: Form, text: str, segments: tuple[Segment, ...], what: tuple[str, str]) -> dict[str, str]:
    """Cut a text into segments, and check its length and characters; ``what`` names it in both languages."""
    if not isinstance(text, str):
        fail(
            f"{what[0]} {text!r} 不是文本；数字会丢失前导零",
            f"{what[1]} {text!r} is no text; numbers lose leading zeros",
            text,
        )
    if len(text) != sum(s.width for s in segments):
        wrong_length(text, segments, what, scheme.name, scheme.region_length)
    out, start = {}, 0
    for s in segments:
        check_characters(text, s, start, what)
        out[s.name] = text[start : start + s.width]
        start += s.width
    return out


def region_of(scheme: Form, community: str) -> str:
    """Return what of a community's code stands in its grids' codes; see `gridgis.coding.scheme.Scheme.region_of`."""
    longer = scheme.community_width
    if longer and isinstance(community, str) and len(community) != scheme.region_length:
        rest = Segment("rest", "free", longer - scheme.region_length, zh="其余")
        split(scheme, community, (*scheme.regions, rest), REGION)
        return community[: scheme.region_length]
    split(scheme, community, scheme.regions, REGION)
    return community


def _check_digit(scheme: Form, text: str, values: Mapping[str, str]) -> None:
    check = scheme.segments[-1]
    if check.role != "check":
        return
    right = check_character(check.algorithm, text[: -check.width])
    if values[check.name] != right:
        fail_at(
            CODE,
            text,
            len(text) - check.width,
            check.width,
            (f"校验码应为“{right}”；其中有一位抄错了", f"the check digit must be '{right}'; some digit is wrong"),
        )


def _what_kind(scheme: Form, text: str, values: Mapping[str, str]) -> Said:
    """Return what the digits say of kind and level; refuse what no grid can have."""
    digit = _told(scheme, text, values, "level")
    kind = _told(scheme, text, values, "kind") or {None: None, "dedicated": "dedicated"}.get(digit, "comprehensive")
    level = int(digit) if digit not in (None, "dedicated") else None
    if (digit == "dedicated") != (kind == "dedicated") and digit is not None:
        _fail_role(scheme, text, "level", (f"与类别 {kind} 不符", f"it does not go with the kind {kind}"))
    depth = _depth(scheme, text, values)
    if depth == 0:
        return _of_whole(scheme, text, kind, level)
    segment = scheme.sequences[depth - 1]
    if (kind == "dedicated" and not segment.dedicated) or (kind == "comprehensive" and not segment.levels):
        why = (
            f"与类别不符：{kind} 在“{segment.label}”段没有编号",
            f"it does not go with its kind: no {kind} grid has a number in '{segment.name}'",
        )
        _fail_role(scheme, text, "sequence", why)
    if level is not None and level not in segment.levels:
        why = f"{level}级网格不在“{segment.label}”段编号", f"no grid of level {level} is numbered in '{segment.name}'"
        _fail_role(scheme, text, "level", why)
    if level is None and (kind == "comprehensive" or not segment.dedicated) and len(segment.levels) == 1:
        return "comprehensive", segment.levels[0]
    return kind, level


def _depth(scheme: Form, text: str, values: Mapping[str, str]) -> int:
    """Return how many sequences are used; a number below a zero is refused."""
    zeros = [s.is_zero(values[s.name]) for s in scheme.sequences]
    depth = zeros.index(True) if True in zeros else len(zeros)
    if not all(zeros[depth:]):
        why = "上一级序号为零而下一级不为零", "a number below a zero"
        _fail_role(scheme, text, "sequence", why)
    return depth


def _of_whole(scheme: Form, text: str, kind: str | None, level: int | None) -> Said:
    if scheme.whole_level is None or kind == "dedicated":
        _fail_role(scheme, text, "sequence", ("序号从1起", "numbers start at 1"))
    if level not in (None, scheme.whole_level):
        why = f"序号为零的是{scheme.whole_level}级网格", f"a sequence of zeros is a grid of level {scheme.whole_level}"
        _fail_role(scheme, text, "level", why)
    return "comprehensive", scheme.whole_level


def _told(scheme: Form, text: str, values: Mapping[str, str], role: str) -> str | None:
    """Return the key whose characters stand in the segment of this role; None without such a segment."""
    for s in scheme.segments:
        if s.role == role:
            names = {v: k for k, v in s.values.items()}
            if values[s.name] not in names:
                may = sorted(names)
                _fail_role(scheme, text, role, (f"“{s.label}”应为 {may} 之一", f"{s.name} must be one of {may}"))
            return names[values[s.name]]
    return None


def _fail_role(scheme: Form, text: str, role: str, why: tuple[str, str]) -> NoReturn:
    """Refuse a code for its characters of one role, from the first to the last."""
    start, spans = 0, []
    for s in scheme.segments:
        if s.role == role:
            spans.append((start, start + s.width))
        start += s.width
    fail_at(CODE, text, spans[0][0], spans[-1][1] - spans[0][0], why)
