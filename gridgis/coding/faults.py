"""What may be wrong with a scheme file: all of it is found, not the first fault only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import accumulate, pairwise
from typing import Any

from gridgis.coding.check import ALGORITHMS, DIGITS
from gridgis.coding.segment import KINDS, LEVELS, ROLES, Segment

_TYPES: dict[type, tuple[str, str]] = {
    str: ('文本，如 "ZH"', 'a text, as "ZH"'),
    int: ("整数，如 3", "a whole number, as 3"),
    bool: ("true 或 false", "true or false"),
    list: ("列表，如 [2, 3]", "a list, as [2, 3]"),
    dict: ("表，如 { 名 = 值 }", "a table, as { name = value }"),
}
_SCHEME_KEYS = {
    "name": str, "title_zh": str, "title_en": str, "source": str, "not_found": str, "whole_level": int,
    "ancestors": dict, "union": str, "community_width": int, "segment": list,
}  # fmt: skip
_SEGMENT_KEYS = {
    "name": str, "zh": str, "source": str, "role": str, "width": int, "alphabet": str, "zero": bool,
    "merged_from": int, "levels": list, "dedicated": bool, "values": dict, "value": str, "algorithm": str,
}  # fmt: skip
_ONLY_FOR = {
    "zero": ("region",), "merged_from": ("region",), "levels": ("sequence",), "dedicated": ("sequence",),
    "values": ("kind", "level"), "value": ("fixed", "free"), "algorithm": ("check",),
}  # fmt: skip
"""Keys that have a meaning in some roles only."""


@dataclass(frozen=True)
class Fault:
    """One fault of a scheme file, in both languages: where, which value, which rule."""

    zh: str
    en: str


MAX_WIDTH = 40
"""A segment is not wider; a slip of the pen would make numbers that fill the memory."""

Rules = Iterator[tuple[bool, str, str]]
"""Whether a rule holds, and the fault where it does not."""


def find_faults(data: Mapping[str, Any]) -> list[Fault]:
    """Return all faults of a scheme file's content; none where it is a scheme.

    Examples
    --------
    >>> [f.en for f in find_faults({"segment": [{"name": "no", "role": "sequence", "width": 3, "levels": [1]}]})]
    ['needs a name', 'needs a segment of the role region']
    """
    faults = [Fault(zh, en) for zh, en in _key_faults(data, _SCHEME_KEYS)]
    if not isinstance(data.get("name"), str) or not data["name"]:
        faults.append(Fault("缺少 name（规则名称）", "needs a name"))
    raw = data.get("segment")
    if not isinstance(raw, list) or not raw or not all(isinstance(s, dict) for s in raw):
        faults.append(
            Fault("须有若干段，每段以 [[segment]]（双方括号）开头", "needs segments, each a [[segment]] table")
        )
        return faults
    whole: list[Segment] = []
    for i, values in enumerate(raw, start=1):
        found = _segment_faults(values)
        name = values.get("name", "?")
        faults += [Fault(f"第{i}段（{name}）：{zh}", f"segment {i} ({name}): {en}") for zh, en in found]
        if not found:
            whole.append(made_segment(values))
    typed = {k: v for k, v in data.items() if not list(_key_faults({k: v}, _SCHEME_KEYS))}
    rules = [*_presence([str(s.get("role")) for s in raw]), *_of_file(typed)]
    if len(whole) == len(raw):
        rules += [*_among(whole), *_of_scheme(whole, typed)]
    return faults + [Fault(zh, en) for holds, zh, en in rules if not holds]


def made_segment(data: Mapping[str, Any]) -> Segment:
    """Make the segment of a ``[[segment]]`` table without faults."""
    values: dict[str, Any] = {**data, "levels": tuple(data.get("levels", ()))}
    if values.get("alphabet") == "digits":
        values["alphabet"] = DIGITS
    if data["role"] == "fixed":
        values["alphabet"] = "".join(dict.fromkeys(data.get("value", "")))
    if data["role"] == "check":
        values["alphabet"] = ALGORITHMS.get(data.get("algorithm", ""), DIGITS)
    return Segment(**values)


def _key_faults(data: Mapping[str, Any], known: Mapping[str, type]) -> Iterator[tuple[str, str]]:
    for key, value in data.items():
        if key not in known:
            near = get_close_matches(key, known, 1)
            zh, en = (f"（是否为 {near[0]}？）", f" (is it {near[0]}?)") if near else ("", "")
            yield f"未知的键 {key}{zh}", f"unknown key {key}{en}"
        elif not isinstance(value, known[key]) or (known[key] is int and isinstance(value, bool)):
            zh, en = _TYPES[known[key]]
            yield f"{key} = {value!r} 类型不对，应为{zh}", f"{key} = {value!r} must be {en}"


def _segment_faults(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    faults = list(_key_faults(data, _SEGMENT_KEYS))
    if missing := [k for k in ("name", "role", "width") if k not in data]:
        faults.append((f"缺少 {'、'.join(missing)}", f"lacks {', '.join(missing)}"))
    role = data.get("role")
    if isinstance(role, str) and role not in ROLES:
        near = get_close_matches(role, ROLES, 1)
        zh, en = (f"（是否为 {near[0]}？）", f" (is it {near[0]}?)") if near else ("", "")
        faults.append((f"role “{role}”不对，须为 {'、'.join(ROLES)} 之一{zh}",
                       f"role '{role}' is wrong, role must be one of {', '.join(ROLES)}{en}"))  # fmt: skip
    elif isinstance(role, str):
        for key in (k for k in data if role not in _ONLY_FOR.get(k, ROLES)):
            roles = _ONLY_FOR[key]
            faults.append((f"{key} 只用于 role 为 {'、'.join(roles)} 的段，此段是 {role}",
                           f"{key} is for the role {' or '.join(roles)} only, this is a {role}"))  # fmt: skip
    if faults:
        return faults
    segment = made_segment(data)
    for rules in (_of_segment, _of_role[segment.role]):
        if found := [(zh, en) for holds, zh, en in rules(segment) if not holds]:
            return found
    return []


def _of_segment(s: Segment) -> Rules:
    yield bool(s.name), "name 为空", "its name is empty"
    yield (
        0 < s.width <= MAX_WIDTH,
        f"width = {s.width}，须为 1-{MAX_WIDTH}",
        f"width = {s.width}, must be 1 to {MAX_WIDTH}",
    )
    if get_close_matches(s.alphabet, ["digits"]) and s.alphabet != "digits":
        yield False, f"alphabet = “{s.alphabet}”，是否为 digits？", f"alphabet = '{s.alphabet}', is it digits?"
        return
    double = sorted({c for c in s.alphabet if s.alphabet.count(c) > 1})
    yield not double, f"alphabet 中字符重复：{double}", f"alphabet has characters twice: {double}"
    yield (
        len(s.alphabet) >= 2 or s.role == "fixed",
        "alphabet 至少须有2个不同字符",
        "alphabet needs 2 different characters",
    )


def _of_value(s: Segment) -> Rules:
    yield (
        len(s.value) == s.width,
        f"value “{s.value}”有{len(s.value)}位，应与 width = {s.width} 相同",
        f"value '{s.value}' has {len(s.value)} characters; value must be as long as width = {s.width}",
    )
    stray = sorted(set(s.value) - set(s.alphabet))
    yield not stray, f"value 中的 {stray} 不在 alphabet 中", f"value: {stray} are not in the alphabet"


def _of_values(s: Segment) -> Rules:
    texts = [v for v in s.values.values() if isinstance(v, str)]
    may = KINDS if s.role == "kind" else (*map(str, LEVELS), "dedicated")
    if s.role == "kind":
        yield (
            set(s.values) == set(KINDS),
            f"values 须给出 {'、'.join(KINDS)}",
            f"values must give {' and '.join(KINDS)}",
        )
    stray = sorted(set(s.values) - set(may))
    yield (
        not stray,
        f"values 中 {stray} 不对，只能是 {'、'.join(may)}",
        f"values: {stray}, can only be {', '.join(may)}",
    )
    yield len(texts) == len(s.values), 'values 的值须为文本，如 "1"', 'values must be texts, as "1"'
    yield len(set(texts)) == len(texts), f"values 的值重复：{texts}", f"values must differ, they are {texts}"
    yield (
        all(len(v) == s.width and set(v) <= set(s.alphabet) for v in texts),
        f"values 的值须为 alphabet 中的字符，长度等于 width = {s.width}",
        f"values must be of the alphabet, and as long as width = {s.width}",
    )


def _of_sequence(s: Segment) -> Rules:
    yield (
        bool(s.levels or s.dedicated),
        "没有说明给谁编号：请加 levels = [...] 或 dedicated = true",
        "says nothing of whom it numbers: add levels = [...] or dedicated = true",
    )
    yield (
        all(type(n) is int and n in LEVELS for n in s.levels),
        f"levels = {list(s.levels)}，只能是整数 1、2、3",
        f"levels = {list(s.levels)}, can only be the whole numbers 1, 2, 3",
    )


def _of_region(s: Segment) -> Rules:
    yield (
        0 <= s.merged_from <= s.capacity,
        f"merged_from = {s.merged_from}，超出此段的最大号 {s.capacity}",
        f"merged_from = {s.merged_from}, but the segment ends at {s.capacity}",
    )


def _of_check(s: Segment) -> Rules:
    known = sorted(ALGORITHMS)
    yield (
        s.algorithm in ALGORITHMS,
        f"algorithm “{s.algorithm}”不对，须为 {'、'.join(known)} 之一",
        f"algorithm '{s.algorithm}' is wrong, algorithm must be one of {', '.join(known)}",
    )
    yield s.width == 1, f"width = {s.width}，校验码为1位", f"width = {s.width}, a check digit has width 1"


_of_role = {
    "fixed": _of_value, "free": _of_value, "kind": _of_values, "level": _of_values, "sequence": _of_sequence,
    "region": _of_region, "check": _of_check,
}  # fmt: skip


def _presence(roles: Sequence[str]) -> Rules:
    """Check what the roles alone tell, also where other keys are wrong."""
    for role, zh in (("region", "社区代码"), ("sequence", "网格序号")):
        yield role in roles, f'须有 role = "{role}" 的段（{zh}）', f"needs a segment of the role {role}"
    for role in ("kind", "level", "check"):
        yield (
            roles.count(role) <= 1,
            f'只能有一个 role = "{role}" 的段',
            f"can have one segment of the role {role} only",
        )
    yield "check" not in roles[:-1], "校验码（check）须为最后一段", "the check segment must be the last"


def _among(segments: Sequence[Segment]) -> Rules:
    """Check what the segments mean together."""
    names = [s.name for s in segments]
    double = sorted({n for n in names if names.count(n) > 1})
    yield not double, f"段名重复：{double}", f"two segments have one name: {double}"
    known = segments[-1].alphabet if segments[-1].role == "check" else None
    stray = sorted({c for s in segments[:-1] for c in s.alphabet} - set(known)) if known else []
    yield (
        not stray,
        f"校验算法 {segments[-1].algorithm} 不能用于字符 {stray[:5]}；数字和大写字母可用 iso7064-mod-37-36",
        f"the check algorithm {segments[-1].algorithm} does not know the characters {stray[:5]}; for digits and capital"
        " letters there is iso7064-mod-37-36",
    )
    sequences = [s for s in segments if s.role == "sequence"]
    yield sum(s.dedicated for s in sequences) <= 1, "专属网格在两段中编号", "dedicated grids are numbered twice"
    numbered = [n for s in sequences for n in s.levels]
    double_levels = sorted({n for n in numbered if numbered.count(n) > 1})
    yield (
        not double_levels,
        f"级别 {double_levels} 在 levels 中出现两次",
        f"the levels {double_levels} are numbered twice",
    )
    for upper, lower in pairwise(sequences):
        yield (
            bool(upper.levels) and (not lower.levels or max(upper.levels) < min(lower.levels)),
            f"“{lower.name}”在“{upper.name}”之内编号，其级别须更低（数字更大）",
            f"'{lower.name}' counts inside '{upper.name}', so its levels must be below (larger numbers)",
        )
    yield (
        not any(s.role == "kind" for s in segments) or any(s.dedicated for s in sequences),
        "有类别（kind）段，但没有一段给专属网格编号（dedicated = true）",
        "has a kind segment, but no sequence numbers dedicated grids (dedicated = true)",
    )
    merging = [s for s in segments if s.role == "region"][:-1]
    yield (
        not any(s.merged_from for s in merging),
        "merged_from 只用于最后一个 region 段",
        "merged_from is for the last region segment only",
    )


def _of_file(data: Mapping[str, Any]) -> Rules:
    """Check the keys of the whole file by themselves."""
    whole = data.get("whole_level")
    yield whole in (None, *LEVELS), f"whole_level = {whole}，须为 1、2、3", f"whole_level must be 1, 2 or 3, is {whole}"
    stray = {k: w for k, w in data.get("ancestors", {}).items() if type(w) is not int or w < 1}
    yield (
        not stray,
        f"ancestors 的位数须为正整数：{stray}",
        f"ancestors: widths must be whole numbers from 1 on: {stray}",
    )


def _of_scheme(segments: Sequence[Segment], data: Mapping[str, Any]) -> Rules:
    """Check the keys of the whole file against the segments."""
    regions = [s.width for s in segments if s.role == "region"]
    numbered = {n for s in segments for n in s.levels}
    whole = data.get("whole_level")
    yield (
        not isinstance(whole, int) or all(whole < n for n in numbered),
        f"whole_level = {whole} 须高于（小于）各序号段的级别 {sorted(numbered)}；一个级别不能编号两次",
        f"whole_level = {whole} must be above (less than) the levels {sorted(numbered)}; no level is numbered twice",
    )
    told = {str(n) for n in {*numbered, whole} - {None}} | (
        {"dedicated"} if any(s.dedicated for s in segments) else set()
    )
    for s in (s for s in segments if s.role == "level"):
        lacking = sorted(told - set(s.values))
        yield (
            not lacking,
            f"段 {s.name} 的 values 缺少 {lacking}",
            f"segment {s.name}: values lacks {lacking}, which are numbered",
        )
    yield from _of_widths(regions, data)
    yield (
        whole is not None or not any(s.merged_from for s in segments),
        "merged_from 须与 whole_level 同用：合并的网格是其区域的整体",
        "merged_from needs whole_level: a merged grid is the whole of its region",
    )


def _of_widths(regions: Sequence[int], data: Mapping[str, Any]) -> Rules:
    width, whole = sum(regions), data.get("whole_level")
    ancestors = data.get("ancestors", {})
    stray = {k: w for k, w in ancestors.items() if type(w) is not int or not 0 < w <= width}
    yield (
        not stray,
        f"ancestors 的位数须在 1 到 {width} 之间：{stray}",
        f"ancestors: widths must be 1 to {width}: {stray}",
    )
    if (union := data.get("union")) is not None:
        yield (
            whole == 1 and ancestors.get(union) in list(accumulate(regions))[:-1],
            f"union = {union!r} 须是 ancestors 中占前几个完整 region 段的一级，且 whole_level = 1",
            f"union = {union!r}: union must name one of the ancestors, of whole region segments and above the last,"
            " with whole_level = 1",
        )
    if (community := data.get("community_width")) is not None:
        yield (
            community > width and whole is None,
            f"community_width = {community} 须大于 region 各段之和 {width}，且不能与 whole_level 同用",
            f"community_width = {community} must be more than the {width} of the region segments, and without"
            " whole_level (several communities share a region)",
        )
