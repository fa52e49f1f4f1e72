"""A registry's address: the path of a file, or the URL of a database."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from gridgis.errors import InvalidInput

_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def is_url(address: str | Path) -> bool:
    """Tell a URL from the path of a file.

    Examples
    --------
    >>> is_url("registry.gpkg"), is_url("postgresql://host/city")
    (False, True)
    """
    return "://" in str(address)


def url_of(address: str | Path) -> sa.URL:
    """Return the SQLAlchemy URL of a file, whatever its name, or of PostgreSQL.

    ``?schema=NAME`` chooses a schema of the database, default public.

    Raises
    ------
    InvalidInput
        The URL is of another kind of database, or cannot be read.

    Examples
    --------
    >>> url_of("a?b.gpkg").database, url_of("postgresql://host/city").drivername
    ('a?b.gpkg', 'postgresql+psycopg')
    """
    if not is_url(address):
        return sa.URL.create("sqlite", database=str(address))
    try:
        url = sa.make_url(str(address))
    except (sa.exc.ArgumentError, ValueError) as e:
        raise _no_store(address) from e
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    if url.drivername not in _DRIVERS.values():
        raise _no_store(address)
    schema = url.query.get("schema", "public")
    if not isinstance(schema, str) or not schema.isidentifier():
        raise InvalidInput(f"模式名“{schema}”无效", f"'{schema}' is no name of a schema", schema=str(schema))
    return url


def shown(address: str | Path) -> str:
    """Return an address as it may be shown: without a password.

    Examples
    --------
    >>> shown("postgresql://ann:secret@host/city"), shown("registry.gpkg")
    ('postgresql://ann:***@host/city', 'registry.gpkg')
    """
    return sa.make_url(str(address)).render_as_string() if is_url(address) else str(address)


def _no_store(address: str | Path) -> InvalidInput:
    scheme = str(address).partition("://")[0]
    return InvalidInput(
        f"不支持 {scheme}:// 形式的注册库；请用 .gpkg 文件或 postgresql://用户@主机/库",
        f"no registry is kept in {scheme}://; give a .gpkg file or postgresql://USER@HOST/DATABASE",
        scheme=scheme,
    )
