"""What stands before every request: host name, rate, size; and the headers of every response."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.answers import REVISION_HEADER
from api.deps import Services
from api.errors import TooLarge, TooManyRequests, response_of
from gridgis.errors import Forbidden, GridgisError, InvalidInput

POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ]
)
"""Pages may load from this server alone."""

CALLERS_KEPT = 10_000


class Buckets:
    """Token buckets: each caller has ``burst`` tokens, refilled at a rate; a request takes one."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s = per_s
        self._burst = burst
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, caller: str, now_s: float) -> bool:
        """Take a token; False when there is none.

        Examples
        --------
        >>> buckets = Buckets(per_s=1, burst=2)
        >>> [buckets.take("a", t) for t in (0, 0, 0, 1)]
        [True, True, False, True]
        """
        left, since = self._left.get(caller, (float(self._burst), now_s))
        left = min(self._burst, left + (now_s - since) * self._per_s)
        allowed = left >= 1
        if len(self._left) >= CALLERS_KEPT:
            self._left.clear()
        self._left[caller] = (left - allowed, now_s)
        return allowed


class Guard:
    """ASGI middleware: refuses what is too much or for another host, and marks each response with the revision."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self.app = app
        self.services = services
        self.buckets = Buckets(services.limits.requests_per_s, services.limits.burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault(REVISION_HEADER, str(self.services.locator.revision))
                headers.setdefault("Content-Security-Policy", POLICY)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        try:
            self._check(scope, Headers(scope=scope))
        except GridgisError as error:
            await response_of(error)(scope, receive, send_marked)
            return
        await self.app(scope, receive, send_marked)

    def _check(self, scope: Scope, headers: Headers) -> None:
        host = headers.get("host", "")
        name = host if host.endswith("]") else host.rsplit(":", 1)[0]
        if name.lower() not in self.services.hosts:
            raise Forbidden(
                f"本服务只接受 {sorted(self.services.hosts)}，不接受主机名 {host!r}",
                f"this server answers to {sorted(self.services.hosts)}, not to the host name {host!r}",
                host=host,
            )
        caller = (scope.get("client") or ("",))[0]
        limits = self.services.limits
        if not self.buckets.take(caller, self.services.ticks()):
            raise TooManyRequests(
                f"请求太频繁：每秒至多 {limits.requests_per_s:g} 次，请稍候",
                f"too many requests: at most {limits.requests_per_s:g} per second, please wait",
                per_second=limits.requests_per_s,
            )
        if "transfer-encoding" in headers:
            raise InvalidInput(
                "请求须带 Content-Length，不支持分块", "send Content-Length: chunked bodies are not taken"
            )
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdecimal()) or int(length) > limits.body_bytes:
            raise TooLarge(
                f"请求太大：{length} 字节，上限 {limits.body_bytes}；请分批",
                f"the request has {length} bytes, the limit is {limits.body_bytes}; send it in parts",
                bytes=length,
                limit=limits.body_bytes,
            )
