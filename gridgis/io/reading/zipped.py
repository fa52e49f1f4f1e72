"""Zip files (and KMZ, Excel) taken apart safely: no path outside, no bomb, nothing but what is asked for."""

from __future__ import annotations

import shutil
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from gridgis.errors import InvalidInput
from gridgis.io.reading.encodings import GB, reads
from gridgis.io.reading.source import MAX_BYTES, damage_told

MAX_MEMBERS = 10_000
MAX_RATIO = 250
"""Text and coordinates seldom shrink to less than a hundredth: what grows more than this, and is large, is a bomb."""
SMALL = 64 * 2**20
"""Below this many bytes the ratio does not matter."""
_UTF8_NAME = 0x800
"""Flag of a member whose name is UTF-8 (APPNOTE.TXT 4.4.4); others are in the sender's own encoding."""
_ENCRYPTED = 0x1


@contextmanager
def open_zip(path: Path, shown: str) -> Iterator[zipfile.ZipFile]:
    """Open a zip file after checking all its members; damage found while it is used is told too.

    Raises
    ------
    InvalidInput
        Cut or damaged; a path that leads outside, a link, a password; too many or too large members.
    """
    with damage_told(shown), zipfile.ZipFile(path) as archive:
        _check_members(archive, shown)
        yield archive


def members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Map the names of the files in a zip, as their sender wrote them, to the members."""
    found = {_name(info): info for info in archive.infolist() if not info.is_dir()}
    return {
        n: i for n, i in found.items() if not n.startswith("__MACOSX/") and not PurePosixPath(n).name.startswith(".")
    }


def extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    """Write one member to a file of our own naming; zipfile gives no more bytes than the member declares."""
    with archive.open(info) as packed, target.open("wb") as out:
        shutil.copyfileobj(packed, out)


def _name(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & _UTF8_NAME:
        return info.filename
    raw = info.filename.encode("cp437", "replace")
    return raw.decode("utf-8" if reads([raw], "utf-8") else GB, "replace")


def _check_members(archive: zipfile.ZipFile, shown: str) -> None:
    infos = archive.infolist()
    for info in infos:
        name = info.filename.replace("\\", "/")
        parts = PurePosixPath(name).parts
        if name.startswith("/") or ".." in parts or (parts and parts[0].endswith(":")):
            raise _refused(shown, "有指向压缩包之外的路径", "holds a path that leads outside of it", _name(info))
        if stat.S_ISLNK(info.external_attr >> 16):
            raise _refused(shown, "含有链接", "holds a link", _name(info))
        if info.flag_bits & _ENCRYPTED:
            raise _refused(shown, "有密码，请去掉密码", "is encrypted: remove the password", _name(info))
    if len(infos) > MAX_MEMBERS:
        raise _refused(shown, f"有 {len(infos)} 个文件", f"holds {len(infos)} files", f"<= {MAX_MEMBERS}")
    total, packed = sum(i.file_size for i in infos), sum(i.compress_size for i in infos)
    if total > MAX_BYTES or (total > SMALL and total > MAX_RATIO * max(packed, 1)):
        zh, en = f"解开后有 {total / 2**20:.0f} MiB", f"unpacks to {total / 2**20:.0f} MiB"
        raise _refused(shown, zh, en, f"<= {MAX_BYTES / 2**20:.0f} MiB, <= {MAX_RATIO} x")


def _refused(shown: str, zh: str, en: str, what: str) -> InvalidInput:
    return InvalidInput(
        f"压缩包 {shown} {zh}（{what}），不予读取；请用可靠的来源重新打包",
        f"the zip {shown} {en} ({what}) and is not read: pack it anew from a source you trust",
        path=shown,
        what=what,
    )
