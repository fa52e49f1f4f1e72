"""One zip of papers with a manifest: what each file is, its size and its SHA-256; and the check of such a zip.

``manifest.json`` is for machines, ``目录.txt`` for people. The same files give the same bytes: their dates are fixed (1
January 1980, the first that the format knows) and nothing tells of the machine. Names are UTF-8 and say so (bit 11 of
the general purpose flags, APPNOTE 6.3 appendix D), which Windows Explorer, 7-Zip and unzip read right.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from gridgis.errors import InvalidInput
from gridgis.io.plan_file import check_output
from gridgis.io.steps import beside
from gridgis.io.writing.earlier import need_earlier

MANIFEST = "manifest.json"
CONTENTS = "目录.txt"
VERSION = 1
LARGEST_MANIFEST = 64 * 2**20
"""Bytes of a manifest that are read at most: half a million files."""

ABOUT = {
    "title": "范围", "source": "资料来源", "office": "填报单位", "day": "日期", "approval": "审图号",
    "contact": "联系电话", "supervision": "监督电话", "notice_from": "公示起始日", "notice_to": "公示截止日",
}  # fmt: skip
"""What is said of a whole package, in Chinese; other words stand as they are."""

_PACKED = {".png", ".pdf", ".xlsx", ".zip", ".kmz", ".parquet"}
"""Files that are compressed in themselves: they are stored as they are."""
_DAY = (1980, 1, 1, 0, 0, 0)
_CHUNK = 2**20
_BROKEN = (
    zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, struct.error, zlib.error,
    lzma.LZMAError,
)  # fmt: skip
"""What zipfile raises for bytes that are no sound zip: names that are no UTF-8, unknown methods, torn streams."""


def write_archive(
    path: str | Path, items: Iterable[tuple[str, bytes, str]], about: Mapping[str, object]
) -> list[dict[str, Any]]:
    """Write files into a zip with a manifest; in one step: it is there whole or not at all.

    Parameters
    ----------
    path
        The .zip to write; an earlier package that is there is replaced.
    items
        (path in the zip, bytes, what it is), taken one at a time, so that they need not all be in memory.
    about
        What the whole is: plain data, put into the manifest as it is.

    Returns
    -------
    list[dict[str, Any]]
        The rows of the manifest: file, bytes, sha256, what.

    Raises
    ------
    InvalidInput
        As ``check_package_target``; the zip cannot be written; a path is given twice, absolute, empty, leads out of
        the zip or is reserved.
    """
    target = Path(path)
    check_package_target(target)
    rows: list[dict[str, Any]] = []
    with beside(target) as partial, zipfile.ZipFile(partial, "w", strict_timestamps=True) as archive:
        for name, data, what in items:
            _need_name(name, {str(row["file"]) for row in rows})
            rows.append(_put(archive, name, data, what))
        rows.append(_put(archive, CONTENTS, _contents(rows, about), "目录 contents"))
        value = {"version": VERSION, "about": dict(about), "files": rows}
        _put(archive, MANIFEST, (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode(), "")
    return rows


def check_package_target(path: str | Path, inputs: Sequence[object] = ()) -> None:
    """Refuse a zip that cannot be written, or that would replace something else than an earlier package.

    Raises
    ------
    InvalidInput
        A file is there that is no earlier package; or as ``check_output``.
    """
    check_output(path, inputs, (".zip",))
    need_earlier(Path(path), _is_package)


def _is_package(path: Path) -> bool:
    """Tell whether a zip ends with our list and manifest, and all its files are of the fixed day."""
    with zipfile.ZipFile(path) as archive:
        files = archive.infolist()
    return [f.filename for f in files[-2:]] == [CONTENTS, MANIFEST] and all(f.date_time == _DAY for f in files)


def check_archive(path: str | Path) -> list[dict[str, str]]:
    """Compare a zip with its manifest.

    Returns
    -------
    list[dict[str, str]]
        What does not agree: file, rule (missing | changed | added | twice), zh, en; nothing where all agrees.

    Raises
    ------
    InvalidInput
        No zip, a broken one, or one without a manifest that can be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            rows = {row["file"]: row for row in _read_manifest(archive, path)["files"]}
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
            problems = [_problem(n, "twice") for n in sorted({n for n in names if names.count(n) > 1})]
            problems += [_problem(n, "missing") for n in rows if n not in names]
            problems += [_problem(n, "added") for n in sorted(set(names) - set(rows) - {MANIFEST})]
            return problems + [_problem(n, "changed") for n in rows if n in names and not _agrees(archive, rows[n])]
    except FileNotFoundError as e:
        raise InvalidInput(f"没有文件 {path}", f"there is no file {path}", path=str(path)) from e
    except _BROKEN as e:
        raise InvalidInput(f"{path} 不是完好的 zip：{e}", f"{path} is no sound zip: {e}", path=str(path)) from e


def _put(archive: zipfile.ZipFile, name: str, data: bytes, what: str) -> dict[str, Any]:
    info = zipfile.ZipInfo(name, _DAY)
    info.create_system = 3
    info.external_attr = 0o644 << 16
    packed = PurePosixPath(name).suffix.lower() in _PACKED
    info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
    archive.writestr(info, data)
    return {"file": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "what": what}


def _need_name(name: str, taken: set[str]) -> None:
    """Refuse a path that another program would unpack elsewhere, or not at all."""
    parts = name.split("/")
    reserved = name in {MANIFEST, CONTENTS}
    if not name or reserved or name in taken or "\\" in name or ":" in name or {"", ".", ".."} & set(parts):
        why_zh, why_en = (
            ("重复或保留", "given twice or reserved") if reserved or name in taken else ("不合法", "not allowed")
        )
        raise InvalidInput(
            f"压缩包内的路径“{name}”{why_zh}：应为相对路径，以 / 分隔，不含 .. \\ :",
            f"the path '{name}' in the zip is {why_en}: it must be relative, parted by /, without .. \\ :",
            file=name,
        )


def _contents(rows: Iterable[Mapping[str, Any]], about: Mapping[str, object]) -> bytes:
    """Return the list of files for people; Windows' Notepad wants the mark at the head and its line ends."""
    lines = ["备案材料目录 / contents of the filing package", ""]
    lines += [f"{ABOUT.get(key, key)}：{value}" for key, value in about.items() if value]
    lines += ["", "文件 file | 内容 what | 字节 bytes | SHA-256"]
    lines += [f"{r['file']} | {r['what']} | {r['bytes']} | {r['sha256']}" for r in rows]
    lines += ["", f"核对 / check: gridgis export --check FILE.zip （{MANIFEST}）", ""]
    return ("\ufeff" + "\r\n".join(lines)).encode()


def _read_manifest(archive: zipfile.ZipFile, path: str | Path) -> dict[str, Any]:
    try:
        with archive.open(MANIFEST) as file:
            text = file.read(LARGEST_MANIFEST + 1)
        value = json.loads(text) if len(text) <= LARGEST_MANIFEST else None
        files = value["files"]  # type: ignore[index]
        if not all(
            isinstance(r["file"], str) and isinstance(r["bytes"], int) and isinstance(r["sha256"], str) for r in files
        ):
            raise TypeError
    except (KeyError, TypeError, *_BROKEN) as e:
        raise InvalidInput(
            f"{path} 中没有可读的 {MANIFEST}：不是本程序生成的备案材料，或已损坏",
            f"{path} has no {MANIFEST} that can be read: it is no filing package of this program, or it is damaged",
            path=str(path),
        ) from e
    return cast(dict[str, Any], value)


def _agrees(archive: zipfile.ZipFile, row: Mapping[str, Any]) -> bool:
    """Tell whether a file is as the manifest says; no more of it is read than that, however large it unpacks."""
    digest, left = hashlib.sha256(), int(row["bytes"])
    try:
        with archive.open(row["file"]) as opened:
            file = cast(BinaryIO, opened)
            while left > 0 and (chunk := file.read(min(_CHUNK, left))):
                digest.update(chunk)
                left -= len(chunk)
            return left == 0 and not file.read(1) and digest.hexdigest() == row["sha256"]
    except _BROKEN:
        return False


_WORDS = {
    "missing": ("目录中有、压缩包中没有", "is in the manifest and not in the zip"),
    "changed": ("内容与目录中的校验值不符", "is not what its checksum in the manifest says"),
    "added": ("目录中没有", "is not in the manifest"),
    "twice": ("在压缩包中出现多次", "is in the zip more than once"),
}


def _problem(name: str, rule: str) -> dict[str, str]:
    zh, en = _WORDS[rule]
    return {"file": name, "rule": rule, "zh": f"{name}：{zh}", "en": f"{name}: {en}"}
