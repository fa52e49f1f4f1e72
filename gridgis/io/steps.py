"""Writing in one step: beside its place under another name, then renamed; what fails leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gridgis.errors import InvalidInput

FIXED_DAY = (2000, 1, 1, 0, 0, 0)
"""Time of each file in a zip, so that the same content gives the same bytes."""


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Hand out a name beside ``path``, of the same ending, and rename what was written there to ``path``.

    Raises
    ------
    InvalidInput
        It cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with beside(Path(folder) / "a.txt") as partial:
    ...         _ = partial.write_text("x")
    ...     sorted(p.name for p in Path(folder).iterdir())
    ['a.txt']
    """
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield partial
        if partial.is_dir() and path.is_dir():
            path.rmdir()  # it is empty, or this fails
        os.replace(partial, path)
    except OSError as e:
        raise InvalidInput(f"无法写入 {path}：{e}", f"cannot write {path}: {e}", path=str(path)) from e
    finally:
        for rest in path.parent.iterdir():
            if rest.name.startswith(partial.name):
                shutil.rmtree(rest) if rest.is_dir() else rest.unlink()


def zip_folder(folder: Path, target: Path) -> None:
    """Pack the files of a folder, sorted by name, all of one time: the same files give the same bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for file in sorted(folder.iterdir()):
            entry = zipfile.ZipInfo(file.name, FIXED_DAY)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED, 6)
