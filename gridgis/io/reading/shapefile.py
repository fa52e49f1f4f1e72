"""Read a Shapefile: all its parts there and of one length, its texts decoded by their content."""

from __future__ import annotations

import struct
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from gridgis.errors import InvalidInput
from gridgis.io.reading.encodings import Choice, choose, codec_name, note_choice, read_cell, reads, stated
from gridgis.io.reading.ogr import read_frame
from gridgis.io.reading.source import Source, check_size, damage_told, is_text, unreadable

MAGIC = 9994
"""First number of a .shp and a .shx file (ESRI Shapefile Technical Description, 1998)."""
LANGUAGE_BYTES = {0x4D: "gbk", 0x7A: "gbk", 0x4F: "big5", 0x78: "big5", 0x7B: "cp932", 0x13: "cp932", 0x79: "cp949"}
"""Language bytes of a DBF that say something: the others stand for what programs write without thinking."""
RAW = "ISO-8859-1"
"""Turns each byte into one character and back, so that GDAL hands over the texts as they are."""
SHOWN = 5


def shapefile_layers(source: Source) -> list[str]:
    """Name the one layer of a Shapefile."""
    return [source.name]


def read_shapefile(source: Source, layer: str) -> Any:
    """Read a Shapefile.

    Raises
    ------
    InvalidInput
        A part is missing or cut, or the parts do not have the same number of rows.
    """
    parts = _parts(source)
    _check_parts(source, parts)
    frame = read_frame(source, source.path.stem, encoding=RAW)
    with damage_told(source.shown):
        said = _said(parts)
        widths = _text_widths(parts[".dbf"])
        return _decode(frame, source, said, widths)


def _parts(source: Source) -> dict[str, Path]:
    """Map the lower-case endings of the files of a Shapefile to them."""
    stem = source.path.stem
    return {f.suffix.lower(): f for f in sorted(source.path.parent.iterdir()) if f.stem == stem and f.is_file()}


def _check_parts(source: Source, parts: dict[str, Path]) -> None:
    with damage_told(source.shown):
        length = _declared_bytes(source.path)
    if missing := [ending for ending in (".shx", ".dbf") if ending not in parts]:
        what = {".shx": ("索引", "the index"), ".dbf": ("属性", "the attributes")}
        zh, en = ("、".join(f"{m}（{what[m][0]}）" for m in missing), ", ".join(f"{m} ({what[m][1]})" for m in missing))
        raise InvalidInput(
            f"{source.shown} 缺少 {zh}；Shapefile 的 .shp、.shx、.dbf（和 .prj）要放在一起，请从来源处重新拷全",
            f"{source.shown} lacks {en}; a Shapefile is .shp, .shx, .dbf (and .prj) side by side: copy all of them",
            path=source.shown,
            missing=missing,
        )
    for path in (source.path, parts[".dbf"]):
        check_size(path.stat().st_size, source.shown)
    with damage_told(source.shown):
        shapes, rows = (_declared_bytes(parts[".shx"]) - 100) // 8, _dbf_rows(parts[".dbf"], source.shown)
    if source.path.stat().st_size < length or parts[".shx"].stat().st_size < 100 + 8 * shapes:
        raise unreadable(source.shown, f".shp/.shx: {length} bytes declared, the file is cut")
    if shapes != rows:
        raise unreadable(source.shown, f".shx: {shapes} shapes, .dbf: {rows} rows")


def _declared_bytes(path: Path) -> int:
    """Read how long a .shp or .shx file says it is, in bytes."""
    with path.open("rb") as file:
        code, words = struct.unpack(">i20xi", file.read(28))
    if code != MAGIC:
        raise ValueError(f"{path.suffix}: no Shapefile")
    return int(words) * 2


def _dbf_rows(path: Path, shown: str) -> int:
    """Read the number of rows that a DBF declares; refuse one that is cut."""
    with path.open("rb") as file:
        rows, start, width = struct.unpack("<4xIHH", file.read(12))
    if path.stat().st_size < start + rows * width:
        raise unreadable(shown, f".dbf: {rows} rows declared, the file is cut")
    return int(rows)


def _said(parts: dict[str, Path]) -> str:
    """Return the encoding that the .cpg, or else the language byte, names; empty for none."""
    if ".cpg" in parts:
        return parts[".cpg"].read_bytes()[:64].decode("latin-1").strip()
    with parts[".dbf"].open("rb") as file:
        return LANGUAGE_BYTES.get(file.read(30)[29], "")


def _text_widths(path: Path) -> list[int]:
    """List the widths of a DBF's fields, 0 for those that hold no text."""
    with path.open("rb") as file:
        start = struct.unpack("<8xH", file.read(10))[0]
        file.seek(32)
        fields = [file.read(32) for _ in range((start - 33) // 32)]
    return [f[16] if f[11:12] == b"C" else 0 for f in fields if len(f) == 32]


def _decode(frame: Any, source: Source, said: str, widths: Sequence[int]) -> Any:
    """Decode column names and texts; a character that the end of its field cuts is left out, and named."""
    names = [str(c) for c in frame.columns if c != "geometry"]
    if len(widths) != len(names):
        widths = [0] * len(names)
    texts = [n for n in names if is_text(frame[n])]
    cells = {n: [v.encode(RAW) for v in pd.unique(frame[n]) if isinstance(v, str)] for n in texts}
    full = {c for n, w in zip(names, widths, strict=True) for c in cells.get(n, ()) if w and len(c) >= w}
    whole = [c for n in texts for c in cells[n]] + [n.encode(RAW) for n in names]
    choice = _choice(source, whole, said, full)
    note_choice(choice, whole, said, source.label, source.notes)
    for name in texts:
        known = {c.decode(RAW): read_cell(c, choice.encoding, c in full, "replace") for c in cells[name]}
        _note_cut(frame[name], full, choice.encoding, source)
        frame[name] = pd.Series([known.get(v, v) for v in frame[name]], index=frame.index, dtype=frame[name].dtype)
    return frame.rename(columns={n: n.encode(RAW).decode(choice.encoding, "replace") for n in names})


def _choice(source: Source, cells: list[bytes], said: str, full: Container[bytes]) -> Choice:
    if source.encoding is None:
        return choose(cells, codec_name(said) if said else None, full)
    codec = stated(source.encoding)
    if not reads(cells, codec, full):
        wrong = next(c for c in cells if not reads([c], codec, full)).decode(codec, "replace")
        raise InvalidInput(
            f"{source.shown} 的文字不是 {source.encoding}，例如“{wrong}”；请不指明编码（按内容判断）或换一种",
            f"{source.shown}: texts are not in {source.encoding}, e.g. '{wrong}'; state none (the content decides), or "
            "another",
            path=source.shown,
            encoding=source.encoding,
        )
    return Choice(codec, "由用户指明", "stated by the user")


def _note_cut(column: pd.Series[Any], full: Container[bytes], codec: str, source: Source) -> None:
    """Name the rows whose text the width of the field cut inside a character."""
    rows = [n for n, v in enumerate(column, 1) if isinstance(v, str) and _is_cut(v.encode(RAW), full, codec)]
    if not rows:
        return
    name = str(column.name).encode(RAW).decode(codec, "replace")
    listed = ", ".join(map(str, rows[:SHOWN])) + (" ..." if len(rows) > SHOWN else "")
    zh = f"列 {name} 有 {len(rows)} 行文字写满字段，末字被截断、已略去；请在来源处核对；行号：{listed}"
    en = f"column {name}: {len(rows)} texts fill the field, their last character is cut and left out; rows {listed}"
    source.notes.add("warning", source.label, "cut-text", len(rows), zh, en)


def _is_cut(cell: bytes, full: Container[bytes], codec: str) -> bool:
    return cell in full and not reads([cell], codec) and reads([cell], codec, full)
