"""One segment of a code, and how a segment is read from a scheme file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from gridgis.coding.check import ALGORITHMS
from gridgis.errors import InvalidInput

ROLES = ("region", "fixed", "sequence", "kind", "check")
KINDS = ("comprehensive", "dedicated")
DIGITS = "0123456789"

_KEYS = {
    "name": str,
    "zh": str,
    "source": str,
    "role": str,
    "width": int,
    "alphabet": str,
    "zero": bool,
    "levels": list,
    "dedicated": bool,
    "values": dict,
    "value": str,
    "algorithm": str,
}
_ONLY_FOR = {
    "zero": "region",
    "levels": "sequence",
    "dedicated": "sequence",
    "values": "kind",
    "value": "fixed",
    "algorithm": "check",
}
"""Keys that have a meaning in one role only."""


@dataclass(frozen=True)
class Segment:
    """Some characters of a code that mean one thing.

    Parameters
    ----------
    name, zh, source
        Its name, its Chinese name, and where the structure is taken from.
    role
        "region" (all of them together are the region), "fixed" (always ``value``), "sequence", "kind", "check".
    width
        Number of characters.
    alphabet
        The characters that may occur; the first one counts as zero in a sequence.
    zero
        Region: whether all zeros may occur (they mark a shorter code that was padded).
    levels, dedicated
        Sequence: the levels whose grids are numbered here, and whether dedicated grids are.
    values
        Kind: the characters of "comprehensive" and "dedicated".
    value
        Fixed: the characters.
    algorithm
        Check: a key of `gridgis.coding.check.ALGORITHMS`; it covers all characters before this segment.
    """

    name: str
    role: str
    width: int
    zh: str = ""
    source: str = ""
    alphabet: str = DIGITS
    zero: bool = True
    levels: tuple[int, ...] = ()
    dedicated: bool = False
    values: Mapping[str, str] = field(default_factory=dict, hash=False)
    value: str = ""
    algorithm: str = ""

    @property
    def label(self) -> str:
        """Its Chinese name, else its name."""
        return self.zh or self.name

    @property
    def capacity(self) -> int:
        """The highest number that a sequence of this width can hold."""
        return int(len(self.alphabet) ** self.width - 1)

    def number(self, text: str) -> int:
        """Read characters of the alphabet as a number."""
        out = 0
        for character in text:
            out = out * len(self.alphabet) + self.alphabet.index(character)
        return out

    def print(self, number: int) -> str:
        """Write a number in the alphabet, padded to the width.

        Examples
        --------
        >>> Segment("n", "sequence", 2, alphabet="0123456789AB").print(23)
        '1B'
        """
        out = ""
        for _ in range(self.width):
            number, digit = divmod(number, len(self.alphabet))
            out = self.alphabet[digit] + out
        return out

    def is_zero(self, text: str) -> bool:
        """Tell whether all characters are the zero of the alphabet."""
        return not text.strip(self.alphabet[0])


def read_segment(data: Mapping[str, Any], scheme: str) -> Segment:
    """Read one ``[[segment]]`` table of a scheme file.

    Raises
    ------
    InvalidInput
        A key is missing, unknown, of a wrong type, or has no meaning in the segment's role.
    """
    name = str(data.get("name", "?"))
    if missing := sorted({"name", "role", "width"} - set(data)):
        raise wrong(scheme, f"段 {name} 缺少 {missing}", f"segment {name} lacks {missing}")
    for key, value in data.items():
        if key not in _KEYS:
            raise wrong(scheme, f"段 {name} 有未知的键 {key}", f"segment {name} has the unknown key {key}")
        kind = _KEYS[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise wrong(
                scheme,
                f"段 {name} 的 {key} 的值 {value!r} 类型不对",
                f"segment {name}: {key} = {value!r} must be {kind.__name__}",
            )
        if data["role"] != _ONLY_FOR.get(key, data["role"]):
            raise wrong(
                scheme,
                f"段 {name} 的 {key} 只用于 {_ONLY_FOR[key]}",
                f"segment {name}: {key} is for the role {_ONLY_FOR[key]} only",
            )
    values: dict[str, Any] = {**data, "levels": tuple(data.get("levels", ()))}
    if values.get("alphabet") == "digits":
        values["alphabet"] = DIGITS
    if data["role"] == "fixed":
        values["alphabet"] = "".join(dict.fromkeys(data.get("value", "")))
    segment = Segment(**values)
    _check(segment, scheme)
    return segment


def _check(segment: Segment, scheme: str) -> None:
    s = segment
    rules = [
        (s.role in ROLES, f"role 须为 {ROLES} 之一", f"role must be one of {ROLES}"),
        (s.width > 0, "width 须为正数", "width must be positive"),
        (
            len(set(s.alphabet)) == len(s.alphabet) >= 2,
            "alphabet 须至少两个互异字符",
            "alphabet needs 2 different characters",
        ),
        (s.role != "fixed" or len(s.value) == s.width, "value 的长度须等于 width", "value must be as long as width"),
        (
            s.role != "kind" or (set(s.values) == set(KINDS) and len(set(s.values.values())) == 2),
            f"values 须给出 {KINDS} 且互异",
            f"values must give {KINDS}, and they must differ",
        ),
        (
            s.role != "kind" or all(isinstance(v, str) and len(v) == s.width for v in s.values.values()),
            "values 的长度须等于 width",
            "values must be as long as width",
        ),
        (
            s.role != "sequence" or bool(s.levels or s.dedicated),
            "须说明编号的级别（levels）或专属网格（dedicated）",
            "must say whom it numbers: levels or dedicated",
        ),
        (all(n in (1, 2, 3) for n in s.levels), "levels 只能是 1、2、3", "levels can only be 1, 2, 3"),
        (
            s.role != "check" or (s.algorithm in ALGORITHMS and s.width == 1),
            f"algorithm 须为 {sorted(ALGORITHMS)} 之一，宽度 1",
            f"algorithm must be one of {sorted(ALGORITHMS)}, width 1",
        ),
    ]
    for holds, zh, en in rules:
        if not holds:
            raise wrong(scheme, f"段 {s.name}：{zh}", f"segment {s.name}: {en}")


def wrong(scheme: str, zh: str, en: str) -> InvalidInput:
    """Make the error for a fault in a scheme file."""
    return InvalidInput(f"编码规则 {scheme}：{zh}", f"scheme {scheme}: {en}", scheme=scheme)


def fail(zh: str, en: str, text: object) -> NoReturn:
    """Refuse a code."""
    raise InvalidInput(zh, en, code=str(text))


def check_characters(text: str, s: Segment, start: int, zh: str, en: str) -> None:
    """Check one segment's characters, which begin at ``start`` (from 0) in the text."""
    part = text[start : start + s.width]
    where_zh, where_en = f"第{start + 1}-{start + s.width}位", f"characters {start + 1}-{start + s.width}"
    if s.role == "fixed" and part != s.value:
        fail(
            f"{zh}“{text}”{where_zh}“{part}”不对：应为“{s.value}”",
            f"{en} '{text}': {where_en}, '{part}', must be '{s.value}'",
            text,
        )
    for i, character in enumerate(part, start=start + 1):
        if character not in s.alphabet:
            may = "0-9" if s.alphabet == DIGITS else s.alphabet
            fail(
                f"{zh}“{text}”第{i}位“{character}”不对：“{s.label}”段只能用 {may}",
                f"{en} '{text}': character {i}, '{character}', is wrong: segment '{s.name}' takes {may} only",
                text,
            )
    if s.role == "region" and not s.zero and s.is_zero(part):
        fail(
            f"{zh}“{text}”{where_zh}“{part}”不对：“{s.label}”段不能全为零（是否为补零的上级代码？）",
            f"{en} '{text}': {where_en}, '{part}', is wrong: segment '{s.name}' cannot be all zeros"
            " (the code of a higher region, padded?)",
            text,
        )
