"""Scheme files: those shipped, and how one is read."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from typing import Any

from gridgis.coding.faults import Fault, find_faults, made_segment
from gridgis.errors import InvalidInput

_TOML_HINTS = {
    "Cannot overwrite": ("同一个键写了两次", "the key is written twice"),
    "Cannot declare": (
        "同一个表写了两次；每段须以 [[segment]]（双方括号）开头",
        "a table is there twice; each segment begins with [[segment]], in double brackets",
    ),
    "": (
        '文本须加引号，如 name = "my"；数字和符号用半角；列表如 [1, 2]',
        'texts need quotes, as name = "my"; digits and signs are half-width; a list is [1, 2]',
    ),
}
"""How the parser's reason begins -> what to do."""


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
        raise wrong(source, [_bad_toml(text, str(e))]) from e
    if faults := find_faults(data):
        raise wrong(source, faults)
    segments = tuple(made_segment(s) for s in data.pop("segment"))
    return {**data, "segments": segments, "toml": text}


def _bad_toml(text: str, why: str) -> Fault:
    """Tell where a text is no TOML, and show the line."""
    place = re.search(r" \(at line (\d+), column (\d+)\)", why)
    if not place:
        return Fault(f"不是有效的 TOML（文件不完整）：{why}", f"is no valid TOML (something is not closed): {why}")
    line = text.splitlines()[int(place[1]) - 1].strip()
    reason = why.replace(place[0], "")
    zh, en = next(hint for start, hint in _TOML_HINTS.items() if reason.startswith(start))
    return Fault(
        f"第{place[1]}行“{line}”不是有效的 TOML（{reason}）：{zh}",
        f"line {place[1]}, '{line}', is no valid TOML ({reason}): {en}",
    )


def wrong(source: str, faults: list[Fault]) -> InvalidInput:
    """Make the error that tells the faults of a scheme file."""
    count_zh, count_en = ("", "") if len(faults) == 1 else (f"有 {len(faults)} 处错误：", f"{len(faults)} faults: ")
    return InvalidInput(
        f"编码规则 {source}：{count_zh}{'；'.join(f.zh for f in faults)}",
        f"scheme {source}: {count_en}{'; '.join(f.en for f in faults)}",
        scheme=source,
        faults=[{"zh": f.zh, "en": f.en} for f in faults],
    )
