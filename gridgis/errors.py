"""The error tree of gridgis.

    GridgisError
    ├── InvalidInput   the input is wrong: names the value, the rule and the way out      (HTTP 422, exit 2)
    ├── NotFound       what was asked for does not exist                                  (HTTP 404, exit 2)
    ├── Rejected       the request is well formed, but a rule forbids it                  (HTTP 422, exit 1)
    ├── Conflict       somebody else came first, or the state does not allow it           (HTTP 409, exit 1)
    ├── Forbidden      not allowed to this caller                                         (HTTP 403, exit 1)
    └── Unavailable    a disk is full, a server is not there: try again when it is mended  (HTTP 503, exit 2)

Every error carries its text in Chinese and in English and the data as fields. No HTTP here: ``api.errors`` and
``gridgis.cli`` hold the tables from error to status and exit code.
"""

from __future__ import annotations


class GridgisError(Exception):
    """An error meant for a user, in two languages.

    Parameters
    ----------
    zh, en
        The message: the value, the rule and what to do.
    **fields
        The data behind the message, JSON-serialisable.

    Examples
    --------
    >>> e = InvalidInput("社区代码应为12位", "a community code has 12 digits", code="61090")
    >>> str(e)
    '社区代码应为12位 / a community code has 12 digits'
    >>> e.fields
    {'code': '61090'}
    """

    def __init__(self, zh: str, en: str, **fields: object) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh = zh
        self.en = en
        self.fields = fields


class InvalidInput(GridgisError):
    """The input is wrong."""


class NotFound(GridgisError):
    """What was asked for does not exist."""


class Rejected(GridgisError):
    """A rule forbids it."""


class Conflict(GridgisError):
    """Somebody else came first, or the state does not allow it."""


class Forbidden(GridgisError):
    """Not allowed to this caller."""


class Unavailable(GridgisError):
    """What is needed does not work now: a full disk, a server that is not there."""
