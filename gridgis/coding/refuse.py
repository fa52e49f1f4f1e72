"""Refusals of codes: which characters are wrong, why, and what they may have been meant to be."""

from __future__ import annotations

import re
import unicodedata
from typing import NoReturn

from gridgis.coding.check import DIGITS
from gridgis.coding.segment import Segment
from gridgis.errors import InvalidInput

_LOOK_ALIKE = {"O": "0", "o": "0", "I": "1", "l": "1", "Z": "2"}
_AS_NUMBER = re.compile(r"\d(\.\d+)?[eE]\+?\d+|\d+\.0+")
"""How a spreadsheet writes a long code that it took for a number."""


def fail(zh: str, en: str, text: object) -> NoReturn:
    """Refuse a code."""
    raise InvalidInput(zh, en, code=str(text))


def fail_at(what: tuple[str, str], text: str, start: int, width: int, why: tuple[str, str]) -> NoReturn:
    """Refuse a code for some of its characters, from ``start`` (0 is the first)."""
    part, last = text[start : start + width], start + width
    zh, en = (f"第{last}位", f"character {last}") if width == 1 else (
        f"第{start + 1}-{last}位", f"characters {start + 1}-{last}"
    )  # fmt: skip
    raise InvalidInput(
        f"{what[0]}“{text}”{zh}“{part}”不对：{why[0]}",
        f"{what[1]} '{text}': {en}, '{part}', is wrong: {why[1]}",
        code=text,
        first=start + 1,
        last=last,
    )


def check_characters(text: str, s: Segment, start: int, what: tuple[str, str]) -> None:
    """Check one segment's characters, which begin at ``start`` (0 is the first) in the text.

    Parameters
    ----------
    what
        What the text is, in both languages.
    """
    part = text[start : start + s.width]
    if s.role == "fixed" and part != s.value:
        fail_at(what, text, start, s.width, (f"应为“{s.value}”", f"must be '{s.value}'"))
    if part.strip(s.alphabet):
        i, character = next((i, c) for i, c in enumerate(part) if c not in s.alphabet)
        zh, en = _meant(character, s.alphabet)
        may = "0-9" if s.alphabet == DIGITS else s.alphabet
        why = f"“{s.label}”段只能用 {may}{zh}", f"segment '{s.name}' takes {may} only{en}"
        fail_at(what, text, start + i, 1, why)
    if s.role == "region" and not s.zero and s.is_zero(part):
        why = (
            f"“{s.label}”段不能全为零（是否为补零的上级代码？）",
            f"segment '{s.name}' cannot be all zeros (the code of a higher region, padded?)",
        )
        fail_at(what, text, start, s.width, why)


def _meant(character: str, alphabet: str) -> tuple[str, str]:
    """Guess, for the message only, how a character came there."""
    plain = unicodedata.normalize("NFKC", character)
    if character.isspace():
        return "；这里是空格，请删去", "; it is a blank, delete it"
    if plain != character and plain in alphabet:
        return f"；这是全角字符，请改为半角“{plain}”", f"; it is a full-width character, write '{plain}'"
    if _LOOK_ALIKE.get(character, "") in alphabet and character in _LOOK_ALIKE:
        digit = _LOOK_ALIKE[character]
        return f"；是否为数字“{digit}”？", f"; is it the digit '{digit}'?"
    if character.upper() != character and character.upper() in alphabet:
        return "；请用大写字母", "; use capital letters"
    return "", ""


def wrong_length(
    text: str, segments: tuple[Segment, ...], what: tuple[str, str], scheme: str, regions: int
) -> NoReturn:
    """Refuse a text that is too long or too short; ``regions`` is the length of a region's code in the scheme."""
    width = sum(s.width for s in segments)
    parts_zh = "+".join(f"{s.label}{s.width}" for s in segments)
    parts_en = " + ".join(f"{s.width} {s.name}" for s in segments)
    hint_zh, hint_en = "请核对有无缺漏或多余字符", "look for missing or extra characters"
    if text != text.strip():
        hint_zh, hint_en = "首尾有空格，请删去", "there are blanks around it, delete them"
    elif _AS_NUMBER.fullmatch(text):
        hint_zh = "像是 Excel 当作数字改写了，末位可能已丢失；请从原始数据重取，并把该列设为文本"
        hint_en = (
            "a spreadsheet seems to have made a number of it and lost digits: take it from the source again, as text"
        )
    elif len(text) == regions != width and text.isascii():
        hint_zh, hint_en = "这像是社区（区划）代码，不是网格编码", "it seems to be a community's code and not a grid's"
    fail(
        f"{what[0]}“{text}”有{len(text)}位，应为{width}位（{parts_zh}，规则 {scheme}）；{hint_zh}",
        f"{what[1]} '{text}' has {len(text)} characters, {width} are needed ({parts_en}; scheme {scheme}); {hint_en}",
        text,
    )
