"""Responses: JSON by orjson, each naming the revision it is of."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

REVISION_HEADER = "X-Gridgis-Revision"
OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z


class Json(Response):
    """A JSON response; NaN becomes null. Its content may hold ready-made ``orjson.Fragment``."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return the bytes of the body."""
        return orjson.dumps(content, option=OPTIONS)


class GeoJson(Json):
    """A GeoJSON response."""

    media_type = "application/geo+json"


def answer(content: Any, revision: int, kind: type[Json] = Json) -> Json:
    """Return a response that names its revision in the header."""
    return kind(content, headers={REVISION_HEADER: str(revision)})
