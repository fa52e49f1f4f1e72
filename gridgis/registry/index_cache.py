"""The file with the index of the revision in force: where it lies, what it must be of, and making it anew.

It is never trusted: a file that is missing, broken, of another version, registry or revision is noticed (checksum and
key, ``gridgis.index.mapped``) and made anew from the registry as a whole. It may be deleted at any time. Nothing here
loads more than the standard library, until an index is built or opened.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from gridgis.errors import InvalidInput

if TYPE_CHECKING:
    from gridgis.index import Resolver

SUFFIX = ".gridx"
_log = logging.getLogger("gridgis.index")
_told: set[Path] = set()


def cache_path(address: str | Path) -> Path:
    """Return where the index of a registry is kept: beside its file, or in the user's cache folder for a database.

    Examples
    --------
    >>> cache_path("data/registry.gpkg").as_posix()
    'data/registry.gpkg.gridx'
    >>> a, b = (cache_path(f"postgresql://{user}@host/city?schema=east") for user in ("ann", "bob:secret"))
    >>> a == b, a.suffix
    (True, '.gridx')
    """
    text = str(address)
    if "://" not in text:
        return Path(f"{text}{SUFFIX}")
    url = urlsplit(text)
    place = [url.hostname, url.port, unquote(url.path), sorted(parse_qsl(url.query))]
    name = hashlib.sha256(json.dumps(place).encode()).hexdigest()[:24]
    return _user_folder() / f"{name}{SUFFIX}"


def _user_folder() -> Path:
    """Return GRIDGIS_CACHE or, where it is not set, the folder gridgis in the user's cache folder."""
    if own := os.environ.get("GRIDGIS_CACHE"):
        return Path(own)
    return (
        Path(os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache") / "gridgis"
    )


def cache_key(work_crs: str, revision: int, seal: str) -> str:
    """Return what tells the index of a revision from all others: its seal covers all grids, by the seals before it.

    Examples
    --------
    >>> cache_key("EPSG:4545", 1, "ab") == cache_key("EPSG:4545", 2, "ab")
    False
    """
    return hashlib.sha256(json.dumps([work_crs, revision, seal]).encode()).hexdigest()


def damage(path: Path) -> InvalidInput | None:
    """Return what is wrong with the file of an index; None where it is whole, of another version, or not there."""
    from gridgis.index.mapped import map_sections

    try:
        map_sections(path)
    except InvalidInput as e:
        return e if path.exists() and "version" not in e.fields else None
    return None


def open_or_build(path: Path, key: str, build: Callable[[], Resolver]) -> Resolver:
    """Return the resolver of a file or, where that will not do, build it and write the file.

    Where the file cannot be written the resolver answers all the same; this is told once, as a warning of the logger
    ``gridgis.index``.
    """
    from gridgis.index import Resolver

    try:
        return Resolver.open(path, key)
    except InvalidInput as e:
        zh, en = (e.zh, e.en) if path.exists() else ("还没有", "there is none yet")
        _log.info("正在建立查询索引 %s（%s） / building the index (%s)", path, zh, en)
    resolver = build()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        resolver.save(path, key)
        return Resolver.open(path, key)  # its pages are shared with other processes
    except (OSError, InvalidInput) as e:
        if path not in _told:
            _told.add(path)
            reason = getattr(e, "strerror", None) or e
            _log.warning("查询索引 %s 无法保存（%s），每次启动都要重建", path, reason)
            _log.warning("the index %s cannot be kept (%s): each start builds it anew", path, reason)
    return resolver
