"""Texts that were garbled before the file was written: found and named by row, never changed."""

from __future__ import annotations

import codecs
import re
from typing import Any

import pandas as pd

from gridgis.io.notes import Notes
from gridgis.io.reading.source import is_text

LOST = "\ufffd"
"""The mark that decoders set where they could not read (U+FFFD)."""
SHOWN = 5
_COMMON = 0xD7
"""Last lead byte of the more frequent half of the characters of GB 2312."""
_LEADS = "".join(bytes([a, b]).decode("gbk", "ignore") for a in range(0xE2, 0xF0) for b in range(0x80, 0xFF))
"""Characters of GBK whose first byte is the first of a Chinese character in UTF-8."""
_HAN = re.compile("[\u4e00-\u9fff]")
_RUN = re.compile("[\u0080-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122]{4,}")
_SUSPECT = re.compile(f"^[\x00-\x09\x0b-\x7f]*+[{_LEADS}]|{LOST}|{_RUN.pattern}", re.MULTILINE)
"""What every garbled text holds, and few sound ones: spares looking closer at a million texts."""


def probable_text(text: str) -> tuple[str, str] | None:
    r"""Return what a garbled text probably was, and how it came about; None for a text that looks sound.

    Examples
    --------
    >>> probable_text("西大街".encode().decode("gb18030", "replace"))
    ('西大', 'UTF-8 -> GBK')
    >>> probable_text("西大街".encode("gbk").decode("latin-1"))
    ('西大街', 'GBK -> Latin-1')
    >>> probable_text("西大街\ufffd")
    ('', 'U+FFFD')
    >>> probable_text("西大街"), probable_text("Töölönkatu"), probable_text("ÆØÅ")
    (None, None, None)
    """
    if not _SUSPECT.search(text):
        return None
    if (was := _as_utf8(text.rstrip(LOST + "?"), "gb18030")) and len(_HAN.findall(was)) >= 2:
        return was, "UTF-8 -> GBK"
    if _RUN.search(text):
        for codec in ("cp1252", "latin-1"):
            if (was := _as_utf8(text, codec)) and _HAN.search(was):
                return was, "UTF-8 -> Latin-1"
        if (was := _as_gbk(text)) and len(_HAN.findall(was)) >= 2:
            return was, "GBK -> Latin-1"
    return ("", "U+FFFD") if LOST in text else None


def _as_utf8(text: str, codec: str) -> str:
    """Write a text in one encoding and read it as UTF-8; the last character may be cut. Empty where that fails."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(text.encode(codec))
    except ValueError:
        return ""


def _as_gbk(text: str) -> str:
    try:
        was = text.encode("latin-1").decode("gbk")
        leads = [c.encode("gb2312")[0] for c in was if not c.isascii()]
    except ValueError:
        return ""
    common = sum(lead <= _COMMON for lead in leads)  # "ÄÖÜß" too could be read as GBK, but not as common characters
    return was if common >= 0.75 * len(leads) else ""


def note_garbled(frame: pd.DataFrame, subject: str, notes: Notes) -> None:
    """Report garbled texts, in one row for each column: how many, and the first rows with what they probably were."""
    for column in frame.columns:
        if column == "geometry" or not is_text(frame[column]):
            continue
        found = _garbled_rows(frame[column])
        if not found:
            continue
        rows = [f"{n}: {text!r}" + (f" ({was}, {how})" if was else f" ({how})") for n, text, was, how in found[:SHOWN]]
        listed = "; ".join(rows) + (" ..." if len(found) > SHOWN else "")
        zh = f"列 {column} 有 {len(found)} 行文字是乱码，请在来源处改正；行号：{listed}"
        en = f"column {column}: {len(found)} rows hold garbled text, mend them at the source; rows {listed}"
        notes.add("warning", subject, "garbled", len(found), zh, en)


def _garbled_rows(column: pd.Series[Any]) -> list[tuple[int, str, str, str]]:
    """List (row from 1, text, what it probably was, how) of the garbled texts of a column."""
    texts = {v for v in column if isinstance(v, str)}
    if not _SUSPECT.search("\n".join(texts)):
        return []
    verdicts = {text: probable_text(text) for text in texts}
    bad = {text for text, verdict in verdicts.items() if verdict is not None}
    if not bad:
        return []
    rows = [(n, text) for n, text in enumerate(column, 1) if isinstance(text, str) and text in bad]
    return [(n, text, *(verdicts[text] or ("", ""))) for n, text in rows]
