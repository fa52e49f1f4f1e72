"""Scheme files: those shipped, and how one is read and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from itertools import accumulate
from typing import Any

from gridgis.coding.segment import DIGITS, Segment, read_segment, wrong

_KEYS = {
    "name": str,
    "title_zh": str,
    "title_en": str,
    "source": str,
    "whole_level": int,
    "ancestors": dict,
    "union": str,
    "segment": list,
}


def scheme_names() -> list[str]:
    """List the shipped schemes."""
    files = (resources.files("gridgis") / "coding" / "schemes").iterdir()
    return sorted(f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml"))


def shipped_scheme(name: str) -> str:
    """Return the text of a shipped scheme file."""
    return (resources.files("gridgis") / "coding" / "schemes" / f"{name}.toml").read_text(encoding="utf-8")


def read_scheme(text: str, source: str) -> dict[str, Any]:
    """Read the text of a scheme file into the fields of a Scheme; ``source`` names the file in errors.

    Raises
    ------
    InvalidInput
        It is no valid TOML or no valid scheme; says what and where.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise wrong(source, f"不是有效的 TOML：{e}", f"is no valid TOML: {e}") from e
    for key, value in data.items():
        if key not in _KEYS:
            raise wrong(source, f"未知的键 {key}", f"unknown key {key}")
        if not isinstance(value, _KEYS[key]) or isinstance(value, bool):
            raise wrong(source, f"{key} 的类型不对", f"{key} must be {_KEYS[key].__name__}")
    if not data.get("name") or not data.get("segment") or not all(isinstance(s, dict) for s in data["segment"]):
        raise wrong(source, "须有 name 和 [[segment]]", "needs a name and [[segment]] tables")
    segments = tuple(read_segment(s, source) for s in data["segment"])
    rest = {k: v for k, v in data.items() if k != "segment"}
    _check(segments, rest.get("whole_level"), rest.get("ancestors", {}), source)
    _check_union(segments, rest, source)
    return {**rest, "segments": segments, "toml": text}


def _check(segments: tuple[Segment, ...], whole: int | None, ancestors: Mapping[str, Any], source: str) -> None:
    roles, names = [s.role for s in segments], [s.name for s in segments]
    levels = [n for s in segments for n in s.levels] + ([] if whole is None else [whole])
    covered = "".join(s.alphabet for s in segments[:-1])
    region = sum(s.width for s in segments if s.role == "region")
    rules = [
        (len(set(names)) == len(names), "段名重复", "two segments have one name"),
        ("region" in roles, "须有 region 段", "needs a region segment"),
        ("sequence" in roles, "须有 sequence 段", "needs a sequence segment"),
        (roles.count("kind") <= 1, "只能有一个 kind 段", "can have one kind segment only"),
        ("check" not in roles[:-1], "check 段须在最后", "the check segment must be the last"),
        (
            "check" not in roles or set(covered) <= set(DIGITS),
            "校验码只用于纯数字编码",
            "check digits are for digits only",
        ),
        (whole in (None, 1, 2, 3), "whole_level 须为 1、2、3", "whole_level must be 1, 2 or 3"),
        (len(set(levels)) == len(levels), "级别重复", "a level is numbered twice"),
        (sum(s.dedicated for s in segments) <= 1, "专属网格编号两次", "dedicated grids are numbered twice"),
        (
            all(isinstance(w, int) and 0 < w <= region for w in ancestors.values()),
            f"ancestors 的位数须在 1 到 {region} 之间",
            f"ancestors: widths must be 1 to {region}",
        ),
    ]
    for holds, zh, en in rules:
        if not holds:
            raise wrong(source, zh, en)


def _check_union(segments: tuple[Segment, ...], data: Mapping[str, Any], source: str) -> None:
    if "union" not in data:
        return
    widths = list(accumulate(s.width for s in segments if s.role == "region"))
    if data.get("whole_level") != 1 or data.get("ancestors", {}).get(data["union"]) not in widths[:-1]:
        raise wrong(
            source,
            "union 须是 ancestors 中占前几个完整 region 段的一级，且 whole_level = 1",
            "union must name one of the ancestors, of whole region segments and above the last, with whole_level = 1",
        )
