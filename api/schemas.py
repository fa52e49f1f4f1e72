"""The shapes of requests and answers, for checking what comes in and for the pages at /docs."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Degrees = Annotated[float, Field(allow_inf_nan=False)]


class ErrorBody(BaseModel):
    """Every error of this server."""

    error: str = Field(examples=["NotFound"])
    zh: str
    en: str
    fields: dict[str, Any]


class BulkPoints(BaseModel):
    """Points to look up at once: two lists of the same length."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"lon": [109.03], "lat": [32.69]}]})

    lon: list[Degrees] = Field(description="经度 / longitudes, degrees")
    lat: list[Degrees] = Field(description="纬度 / latitudes, degrees")
    crs: str = Field("EPSG:4490", description="EPSG:4490, EPSG:4326, GCJ-02 or BD-09")


class HitBody(BaseModel):
    """Which grid is responsible, and why."""

    lon: float
    lat: float
    crs: str
    revision: int
    code: str | None
    base: str | None
    chain: list[str]
    rule: str
    precision: str | None
    border_m: float | None
    neighbour: str | None
    nearest: str | None
    nearest_m: float | None


class Leader(BaseModel):
    """A person of a grid; the phone number is masked."""

    name: str
    role: str
    phone: str | None = Field(examples=["138****1234"])


class Link(BaseModel):
    """One grid of the chain of leaders."""

    code: str
    name: str
    level: int | None
    leader: Leader | None
    vacant: bool


class CardBody(BaseModel):
    """The card of a grid."""

    model_config = ConfigDict(extra="allow")

    code: str
    name: str
    level: int | None
    kind: str
    mode: str | None
    category: str | None
    parent: str | None
    chain: list[Link]
    households: int | None
    area_m2: float | None
    revision: int


class LocateAnswer(BaseModel):
    """The hit, with the card of the responsible grid (null outside)."""

    hit: HitBody
    card: CardBody | None


class BulkAnswer(BaseModel):
    """Columns in the order of the points."""

    revision: int
    crs: str
    count: int
    code: list[str | None]
    base: list[str | None]
    rule: list[str | None]
    """Null where the point cannot be meant."""
    precision: list[str | None]
    """grid, or community where no finer grid is in force; null outside."""
    note: list[str | None]
    """Why a point cannot be meant: (0, 0), swapped, out of range."""


class Found(BaseModel):
    """One result of a search."""

    model_config = ConfigDict(extra="allow")

    kind: str
    label: str
    code: str | None = None
    lon: float
    lat: float


class SearchAnswer(BaseModel):
    """The results of a search, best first."""

    revision: int
    query: str
    count: int
    truncated: bool
    """There are more; give a longer name."""
    results: list[Found]


class Health(BaseModel):
    """That the server is up, and what it serves."""

    status: str
    version: str
    revision: int
    grids: int
