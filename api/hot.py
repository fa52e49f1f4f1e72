"""The hot road: ``GET /locate?lon=..&lat=..``, the question of every call, answered without the web framework.

It gives the bytes that ``routes.locate`` gives; whatever is not plainly a point (other parameters, other
ways to write a number, errors) is left to that route.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_plus

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from api.answers import OPTIONS, REVISION_HEADER, Json
from gridgis.errors import GridgisError
from gridgis.service.locator import Locator, Snapshot

_NUMBER = rb"(-?[0-9]{1,3}(?:\.[0-9]{1,15})?)"
_POINT = re.compile(rb"lon=" + _NUMBER + rb"&lat=" + _NUMBER + rb"(?:&crs=([0-9A-Za-z%:._-]+))?")


class Hot:
    """ASGI middleware: answers plain lookups by itself, and passes on everything else."""

    def __init__(self, app: ASGIApp, locator: Locator) -> None:
        self.app = app
        self._locator = locator
        self._of: Snapshot | None = None
        self._cards: dict[str, orjson.Fragment] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        answer = self._answer(scope) if scope["type"] == "http" and scope["path"] == "/locate" else None
        if answer is None:
            await self.app(scope, receive, send)
            return
        body, revision = answer
        headers = [
            (b"content-length", str(len(body)).encode()),
            (b"content-type", Json.media_type.encode()),
            (REVISION_HEADER.lower().encode(), str(revision).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _answer(self, scope: Scope) -> tuple[bytes, int] | None:
        point = _POINT.fullmatch(scope["query_string"]) if scope["method"] == "GET" else None
        if point is None:
            return None
        lon, lat, crs = point.groups()
        now = self._locator.snapshot()
        try:
            hit = now.locate(float(lon), float(lat), unquote_plus((crs or b"EPSG:4490").decode()))
            card = None if hit.code is None else self._card(now, hit.code)
            body = orjson.dumps({"hit": hit, "card": card}, option=OPTIONS)
        except GridgisError:
            return None
        return body, hit.revision

    def _card(self, now: Snapshot, code: str) -> Any:
        """Return the card of a grid as JSON, kept as long as its snapshot answers."""
        if now is not self._of:
            self._of, self._cards = now, {}
        if code not in self._cards:
            self._cards[code] = orjson.Fragment(orjson.dumps(now.card(code), option=OPTIONS))
        return self._cards[code]
