"""Requests per CPU-second of the lookup routes, in one process, without a network: what the server itself costs.

Run: ``python -m benchmarks.requests REGISTRY``.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import numpy as np

from api.deps import Limits, Services
from api.main import wired
from gridgis.service.locator import Locator

REQUESTS = 3_000
BATCH = 10_000


async def ask(app: Any, method: str, path: str, query: str, body: bytes = b"") -> tuple[int, bytes]:
    """Send one request to an ASGI application; return status and body."""
    headers = [(b"host", b"localhost"), (b"content-length", str(len(body)).encode())]
    if body:
        headers.append((b"content-type", b"application/json"))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": headers, "client": ("127.0.0.1", 1), "server": ("localhost", 80),
    }  # fmt: skip
    got: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        got.append(message)

    await app(scope, receive, send)
    return got[0]["status"], b"".join(m.get("body", b"") for m in got[1:])


def main(registry: str) -> None:
    """Print the figures of a registry."""
    with Locator.open(registry) as locator:
        services: Services = wired(locator, Limits(requests_per_s=1e9, burst=10**9))
        from api.app import build_app

        app = build_app(services)
        west, south, east, north = locator.grids().total_bounds
        rng = np.random.default_rng(1)
        points = np.column_stack([rng.uniform(west, east, BATCH), rng.uniform(south, north, BATCH)])
        queries = [f"lon={x:.7f}&lat={y:.7f}" for x, y in points[:REQUESTS].tolist()]
        body = json.dumps({"lon": points[:, 0].tolist(), "lat": points[:, 1].tolist()}).encode()
        asyncio.run(_measure(app, queries, body))


async def _measure(app: Any, queries: list[str], body: bytes) -> None:
    await ask(app, "GET", "/locate", queries[0])
    await ask(app, "POST", "/locate", "", body)
    begin = time.process_time()
    for query in queries:
        status, _ = await ask(app, "GET", "/locate", query)
        assert status == 200, status
    print(f"GET /locate: {len(queries) / (time.process_time() - begin):,.0f} requests per CPU-second")
    begin = time.process_time()
    status, _ = await ask(app, "POST", "/locate", "", body)
    assert status == 200, status
    print(f"POST /locate: {BATCH / (time.process_time() - begin):,.0f} points per CPU-second")


if __name__ == "__main__":
    main(sys.argv[1])
