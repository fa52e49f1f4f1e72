"""GeoJSON collections, towards OGC API - Features (checked with GDAL's client)."""

from __future__ import annotations

import math
from datetime import UTC
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.answers import GeoJson, answer
from api.deps import Services, Wired
from api.features import SOURCES, Collection
from gridgis.errors import InvalidInput

router = APIRouter(tags=["数据 collections"])

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CONFORMS = (
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
)
PAGE = 100
Box = tuple[float, float, float, float]


def link(request: Request, path: str, rel: str, kind: str = "application/json", title: str = "") -> dict[str, str]:
    """Return a link with an absolute address on this server."""
    href = str(request.base_url).rstrip("/") + path
    return {"href": href, "rel": rel, "type": kind, **({"title": title} if title else {})}


def parse_bbox(text: str) -> Box:
    """Read "west,south,east,north" in degrees (or six numbers with heights, which are not used).

    Raises
    ------
    InvalidInput
        Not four (or six) finite numbers, out of range, or the wrong way round.

    Examples
    --------
    >>> parse_bbox("109.0,32.6,109.1,32.7")
    (109.0, 32.6, 109.1, 32.7)
    """
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:
        numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
    if len(numbers) != 4 or not all(math.isfinite(v) for v in numbers):
        raise InvalidInput(
            f"bbox“{text}”应为四个数：西,南,东,北（经纬度）",
            f"bbox '{text}' must be four numbers: west,south,east,north in degrees",
            bbox=text,
        )
    west, south, east, north = numbers
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise InvalidInput(
            f"bbox“{text}”次序或范围不对：应为 西,南,东,北，西≤东、南≤北；是否把经纬度写反了？",
            f"bbox '{text}': west <= east within ±180, south <= north within ±90; are lon and lat swapped?",
            bbox=text,
        )
    return west, south, east, north


def describe(request: Request, collection: Collection) -> dict[str, Any]:
    """Return what a collection is."""
    path = f"/collections/{collection.id}"
    extent = {"extent": {"spatial": {"bbox": [collection.extent], "crs": CRS84}}} if collection.extent else {}
    return {
        "id": collection.id,
        "title": f"{collection.source.zh} {collection.source.en}",
        "itemType": "feature",
        "crs": [CRS84],
        **extent,
        "revision": collection.revision,
        "links": [
            link(request, path, "self"),
            link(request, f"{path}/items", "items", "application/geo+json", collection.source.en),
        ],
    }


@router.get("/conformance", summary="遵循的规范 Conformance", response_model=None)
def conformance(services: Wired) -> Response:
    """遵循的规范部分。 / Which parts of OGC API - Features are followed (checked with GDAL, not certified)."""
    return answer({"conformsTo": CONFORMS}, services.locator.revision)


@router.get("/collections", summary="全部图层 Collections", response_model=None)
def collections(services: Wired, request: Request) -> Response:
    """全部图层。 / All collections."""
    found = [services.features.collection(name) for name in SOURCES]
    body = {"collections": [describe(request, c) for c in found], "links": [link(request, "/collections", "self")]}
    return answer(body, services.locator.revision)


@router.get("/collections/{name}", summary="图层说明 One collection", response_model=None)
def collection(services: Wired, request: Request, name: str) -> Response:
    """一个图层的说明。 / One collection."""
    found = services.features.collection(name)
    return answer(describe(request, found), found.revision)


@router.get("/collections/{name}/items", summary="图层要素 Features", response_model=None)
def items(
    services: Wired,
    request: Request,
    name: str,
    bbox: Annotated[str | None, Query(description="西,南,东,北 / west,south,east,north, degrees")] = None,
    limit: Annotated[int, Query(ge=1, description="每页个数，上限 10000 / on a page; more is lowered to 10000")] = PAGE,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000, description="从第几个起 / features to skip")] = 0,
) -> Response:
    """图层要素（GeoJSON，分页）。 / The features, page by page, in a fixed order."""
    found = services.features.collection(name)
    chosen = found.within(None if bbox is None else parse_bbox(bbox))
    size = min(limit, services.limits.page)
    page = chosen[offset : offset + size]
    body = {
        "type": "FeatureCollection",
        "numberMatched": len(chosen),
        "numberReturned": len(page),
        "timeStamp": _now(services),
        "revision": found.revision,
        "links": _links(request, name, offset, size, len(chosen)),
        "features": [orjson.Fragment(found.features[i]) for i in page],
    }
    return answer(body, found.revision, GeoJson)


@router.get("/collections/{name}/items/{fid}", summary="一个要素 One feature", response_model=None)
def item(services: Wired, request: Request, name: str, fid: str) -> Response:
    """一个要素。 / One feature."""
    found = services.features.collection(name)
    feature = orjson.loads(found.features[found.position(fid)])
    path = f"/collections/{name}"
    feature["links"] = [
        link(request, f"{path}/items/{fid}", "self", "application/geo+json"),
        link(request, path, "collection"),
    ]
    return answer(feature, found.revision, GeoJson)


def _now(services: Services) -> str:
    return services.clock().astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _links(request: Request, name: str, offset: int, size: int, matched: int) -> list[dict[str, str]]:
    path = f"/collections/{name}"

    def page(rel: str, start: int) -> dict[str, str]:
        query = request.url.include_query_params(limit=size, offset=start).query
        return link(request, f"{path}/items?{query}", rel, "application/geo+json")

    links = [page("self", offset), link(request, path, "collection")]
    if offset + size < matched:
        links.append(page("next", offset + size))
    if offset > 0:
        links.append(page("prev", max(0, offset - size)))
    return links
