"""Whole text files: their encoding by content, read a block at a time so that memory stays bounded."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from gridgis.errors import InvalidInput
from gridgis.io.notes import Notes
from gridgis.io.reading.encodings import GB, UTF8, Choice, choose, codec_name, note_choice, reads, stated
from gridgis.io.reading.source import Source

BLOCK = 4 * 2**20
"""So many bytes are read at a time."""
SAMPLE = 64 * 2**10
KEPT = 10_000
"""An encoding must read the whole file; whether it makes sense is judged by cells from the start of each block, so many
bytes, and so many of them at most."""
_CELL_END = re.compile(rb'[",;:<>\t\r\n]+')
"""What ends a cell in CSV, JSON and XML, and is never part of a character in GB18030."""
UTF8_BOM = b"\xef\xbb\xbf"


def text_encoding(
    path: Path, shown: str | Path, stated_as: str | None = None, said: str = ""
) -> tuple[Choice, list[bytes]]:
    """Return the encoding of a text file, and some of its cells that are not ASCII.

    Raises
    ------
    InvalidInput
        UTF-16 or no text; neither UTF-8 nor GB18030, or not what the user states: names the first such line.
    """
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in start:
        kind = path.suffix[1:].upper()
        raise InvalidInput(
            f"{shown} 是 UTF-16 文本或不是文本；请另存为 UTF-8 编码的 {kind}",
            f"{shown} is UTF-16 text, or no text: save it as {kind} in UTF-8",
            path=str(shown),
        )
    marked = start.startswith(UTF8_BOM)
    names = (stated(stated_as),) if stated_as else (UTF8,) if marked else (UTF8, GB)
    possible, cells = _possible(path, names)
    if not possible:
        raise _undecodable(path, shown, names)
    if stated_as:
        return Choice(possible[0], "由用户指明", "stated by the user"), cells
    if marked:
        return Choice(
            "utf-8-sig", "文件以 UTF-8 标记（BOM）开头", "the file begins with the mark of UTF-8 (BOM)"
        ), cells
    found = choose(cells, codec_name(said) if said else None)
    return (found if found.encoding in possible else Choice(possible[0], found.zh, found.en)), cells


def source_encoding(source: Source, said: str = "") -> str:
    """Return the codec of a Source's text file, and report it."""
    choice, cells = text_encoding(source.path, source.shown, source.encoding, said)
    note_choice(choice, cells, said, source.label, source.notes)
    return choice.encoding


def plain_encoding(path: Path, notes: Notes | None = None) -> str:
    """Return the codec of a text file that is no layer."""
    choice, cells = text_encoding(path, path)
    if notes is not None:
        note_choice(choice, cells, "", path.name, notes)
    return choice.encoding


def _possible(path: Path, names: tuple[str, ...]) -> tuple[list[str], list[bytes]]:
    """Return those of the encodings that read all of a file, and some of its cells that are not ASCII."""
    decoders = {name: codecs.getincrementaldecoder(name)() for name in names}
    cells: list[bytes] = []
    first, last = True, False
    with path.open("rb") as file:
        while not last:
            block = file.read(BLOCK)
            last = len(block) < BLOCK
            decoders = {name: d for name, d in decoders.items() if _feeds(d, block, last)}
            found = _CELL_END.split(block[:SAMPLE])[0 if first else 1 :]  # what a block cuts is no cell
            cells += [c for c in (found if len(block) <= SAMPLE and last else found[:-1]) if not c.isascii()]
            first = False
            if len(cells) >= KEPT:
                cells = cells[::2]
    return list(decoders), cells


def _feeds(decoder: codecs.IncrementalDecoder, block: bytes, last: bool) -> bool:
    try:
        decoder.decode(block, last)
    except ValueError:
        return False
    return True


def _undecodable(path: Path, shown: str | Path, names: tuple[str, ...]) -> InvalidInput:
    """Name the first line that is wrong, in the encoding that reads the most lines before it."""
    line, bad, name = max((*_first_wrong(path, name), name) for name in names)
    text = bad.strip()[:80].decode(name, "replace")
    return InvalidInput(
        f"{shown} 第 {line} 行不是有效的文字（{name.upper()} 读作“{text}”）；请另存为 UTF-8 编码，或指明编码",
        f"{shown}, line {line}: no text ({name.upper()} reads '{text}'); save it in UTF-8, or state its encoding",
        path=str(shown),
        line=line,
    )


def _first_wrong(path: Path, name: str) -> tuple[int, bytes]:
    with path.open("rb") as file:
        return next((n, line) for n, line in enumerate(file, 1) if not reads([line], name))
