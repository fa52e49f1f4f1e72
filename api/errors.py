"""One table from error to HTTP status, and one body for every error: ``{error, zh, en, fields}``."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.answers import Json
from gridgis.errors import Conflict, Forbidden, GridgisError, InvalidInput, NotFound, Rejected, Unavailable

log = logging.getLogger("gridgis.api")


class TooLarge(GridgisError):  # noqa: N818 (named as the tree in gridgis.errors)
    """The request is larger than this server takes."""


class TooManyRequests(GridgisError):  # noqa: N818 (named as the tree in gridgis.errors)
    """One caller asks too often."""


class InternalError(GridgisError):
    """A fault of ours."""


class MethodNotAllowed(GridgisError):  # noqa: N818 (named as the tree in gridgis.errors)
    """The address exists, but not for this method."""


STATUS: Mapping[type[GridgisError], int] = {
    InvalidInput: 422,
    NotFound: 404,
    Rejected: 422,
    Conflict: 409,
    Forbidden: 403,
    Unavailable: 503,
    MethodNotAllowed: 405,
    TooLarge: 413,
    TooManyRequests: 429,
    InternalError: 500,
}

RULES_ZH = {
    "missing": "缺少",
    "float_parsing": "应为数字",
    "float_type": "应为数字",
    "finite_number": "应为有限的数字",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "bool_parsing": "应为 true 或 false",
    "list_type": "应为列表",
    "string_type": "应为文本",
    "json_invalid": "不是有效的 JSON",
    "model_attributes_type": "应为 JSON 对象",
    "extra_forbidden": "不认识的字段",
    "greater_than_equal": "太小",
    "less_than_equal": "太大",
    "string_too_short": "太短",
    "string_too_long": "太长",
    "too_short": "太短",
    "too_long": "太长",
    "literal_error": "不在可选值之内",
}


def body_of(error: GridgisError) -> dict[str, Any]:
    """Return the body of an error.

    Examples
    --------
    >>> body_of(NotFound("没有网格 9", "there is no grid 9", code="9"))
    {'error': 'NotFound', 'zh': '没有网格 9', 'en': 'there is no grid 9', 'fields': {'code': '9'}}
    """
    return {"error": type(error).__name__, "zh": error.zh, "en": error.en, "fields": error.fields}


def status_of(error: GridgisError) -> int:
    """Return the HTTP status of an error, by its class or the nearest parent in the table."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def response_of(error: GridgisError) -> Json:
    """Return the response for an error."""
    return Json(body_of(error), status_code=status_of(error))


def from_validation(problems: list[Any]) -> InvalidInput:
    """Turn FastAPI's list of wrong parameters into one error that names each of them in both languages."""
    rows = [
        {"where": ".".join(str(p) for p in problem["loc"]), "rule": problem["type"], "en": problem["msg"]}
        for problem in problems[:10]
    ]
    for row in rows:
        row["zh"] = RULES_ZH.get(row["rule"], "值不对")
    return InvalidInput(
        "请求参数有误：" + "；".join(f"{row['where']} {row['zh']}" for row in rows),
        "wrong parameters: " + "; ".join(f"{row['where']}: {row['en']}" for row in rows),
        problems=rows,
    )


def from_http(status: int, method: str, path: str) -> GridgisError:
    """Turn an error of the web framework (unknown address, wrong method, unreadable body) into one of ours."""
    fields = {"method": method, "path": path}
    if status == 405:
        return MethodNotAllowed(
            f"{path} 不支持 {method}；可用的请求见 /docs", f"{path} has no {method}; see /docs", **fields
        )
    if status == 404:
        return NotFound(f"没有 {path} 这个地址；可用的地址见 /docs", f"there is no {path}; see /docs", **fields)
    return InvalidInput(f"无法读取对 {path} 的请求", f"cannot read the request to {path}", **fields)


def install(app: FastAPI) -> None:
    """Register the handlers, so that every error of the app has the one shape."""

    async def ours(request: Request, error: Exception) -> Json:
        assert isinstance(error, GridgisError)
        return response_of(error)

    async def wrong_parameters(request: Request, error: Exception) -> Json:
        assert isinstance(error, RequestValidationError)
        return response_of(from_validation(list(error.errors())))

    async def http(request: Request, error: Exception) -> Json:
        assert isinstance(error, HTTPException)
        return response_of(from_http(error.status_code, request.method, request.url.path))

    async def fault(request: Request, error: Exception) -> Json:
        log.error("fault at %s %s", request.method, request.url.path, exc_info=error)
        return response_of(InternalError("服务器内部错误，已记入日志", "a fault of the server; it is in its log"))

    app.add_exception_handler(GridgisError, ours)
    app.add_exception_handler(RequestValidationError, wrong_parameters)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, fault)
