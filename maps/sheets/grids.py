"""The grids of a package one by one, and how their figures are written on all papers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from gridgis.model import SITE_CATEGORIES
from gridgis.service.package import Package

VACANT = "空缺"
UNKNOWN_FIGURE = "—"


@dataclass(frozen=True)
class Grid:
    """A row of ``Package.grids``."""

    code: str
    name: str
    community: str
    level: int | None
    """None: a dedicated grid."""
    parent: str | None
    mode: str | None
    category: str
    """In Chinese; '' for a comprehensive grid."""
    households: int | None
    area_m2: float
    leader: str
    phone: str
    workers: str
    extent: str
    shape: Any

    @property
    def last(self) -> str:
        """The last three digits of the code: the number within the community."""
        return self.code[-3:]

    @property
    def counted(self) -> str:
        """Households, where they are counted."""
        return UNKNOWN_FIGURE if self.households is None or self.level is None else str(self.households)

    @property
    def hectares(self) -> str:
        """The area as a figure in hectares."""
        return f"{self.area_m2 / 1e4:.2f}"

    @property
    def area(self) -> str:
        """The area in words."""
        return f"{self.area_m2:.0f} 平方米（{self.hectares} 公顷）"

    @property
    def led_by(self) -> str:
        """Name and masked phone of the leader."""
        return f"{self.leader}　{self.phone}".strip() or VACANT

    def short(self, above: str) -> str:
        """Return the name without the name of what the grid is part of."""
        return self.name.removeprefix(above).strip() or self.name


def grids_of(package: Package) -> list[Grid]:
    """Return the grids of a package, in the order of codes."""
    table = package.grids.drop(columns="geometry").astype(object)
    rows = cast(list[dict[str, Any]], table.where(table.notna(), None).to_dict("records"))
    return [_grid(row, shape) for row, shape in zip(rows, package.grids.geometry, strict=True)]


def _grid(row: dict[str, Any], shape: Any) -> Grid:
    category = row["category"]
    return Grid(
        code=str(row["code"]),
        name=str(row["name"] or row["code"]),
        community=str(row["community"]),
        level=None if row["level"] is None else int(row["level"]),
        parent=row["parent"],
        mode=row["mode"],
        category="" if category is None else SITE_CATEGORIES.get(str(category), str(category)),
        households=None if row["households"] is None else int(row["households"]),
        area_m2=float(row["area_m2"]),
        leader=str(row["leader"]),
        phone=str(row["phone"]),
        workers=str(row["workers"]),
        extent=str(row["extent"]),
        shape=shape,
    )
