"""Scheme files: those shipped, and how one is read."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

from gridgis.coding.faults import Fault, find_faults, made_segment
from gridgis.errors import InvalidInput


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
        It is no valid TOML or no valid scheme. Tells all faults, each as {"zh", "en"} in the field ``faults``.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        hint_zh, hint_en = (
            "；文本须加引号，每段以 [[segment]] 开头",
            "; texts need quotes, a segment begins with [[segment]]",
        )
        raise wrong(source, [Fault(f"不是有效的 TOML：{e}{hint_zh}", f"is no valid TOML: {e}{hint_en}")]) from e
    if faults := find_faults(data):
        raise wrong(source, faults)
    segments = tuple(made_segment(s) for s in data.pop("segment"))
    return {**data, "segments": segments, "toml": text}


def wrong(source: str, faults: list[Fault]) -> InvalidInput:
    """Make the error that tells the faults of a scheme file."""
    count_zh, count_en = ("", "") if len(faults) == 1 else (f"有 {len(faults)} 处错误：", f"{len(faults)} faults: ")
    return InvalidInput(
        f"编码规则 {source}：{count_zh}{'；'.join(f.zh for f in faults)}",
        f"scheme {source}: {count_en}{'; '.join(f.en for f in faults)}",
        scheme=source,
        faults=[{"zh": f.zh, "en": f.en} for f in faults],
    )
