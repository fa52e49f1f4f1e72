"""The viewer page, its files, the documentation page; all from this server."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import FileResponse, HTMLResponse, Response

from api.answers import answer
from api.deps import Wired
from api.routes.collections import link
from gridgis.errors import NotFound

router = APIRouter(include_in_schema=False)


@router.get("/", response_model=None)
def home(services: Wired, request: Request, f: Annotated[Literal["html", "json"] | None, Query()] = None) -> Response:
    """Return the viewer page; to a client that wants JSON, the landing page of OGC API - Features."""
    accepts = request.headers.get("accept", "")
    if f == "html" or (f is None and "text/html" in accepts):
        return FileResponse(services.assets["index.html"], media_type="text/html")
    links = [
        link(request, "/?f=json", "self"),
        link(request, "/openapi.json", "service-desc", "application/vnd.oai.openapi+json;version=3.1"),
        link(request, "/docs", "service-doc", "text/html"),
        link(request, "/conformance", "conformance"),
        link(request, "/collections", "data"),
    ]
    body = {"title": "gridgis", "description": "城乡社区网格 Community service grids", "links": links}
    return answer(body, services.locator.revision)


@router.get("/assets/{name}", response_model=None)
def asset(services: Wired, name: str) -> Response:
    """Return a file of the pages; only those listed at start can be had."""
    if name not in services.assets:
        raise NotFound(f"没有文件 {name}", f"there is no file {name}", name=name)
    return FileResponse(services.assets[name])


@router.get("/favicon.ico", response_model=None)
def favicon(services: Wired) -> Response:
    """Return the icon of the pages."""
    return FileResponse(services.assets["favicon.svg"], media_type="image/svg+xml")


@router.get("/docs", response_model=None)
def docs(request: Request) -> HTMLResponse:
    """Return the documentation page (Swagger UI from local files)."""
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="gridgis 接口文档 API",
        swagger_js_url="/assets/swagger-ui-bundle.js",
        swagger_css_url="/assets/swagger-ui.css",
        swagger_favicon_url="/assets/favicon.svg",
    )
