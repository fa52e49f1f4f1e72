"""The use case behind ``gridgis encode``: a plan file to the codes of its grids."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd

from gridgis.coding import Scheme
from gridgis.errors import InvalidInput
from gridgis.geometry.crs import to_stored
from gridgis.io.codes import read_codes
from gridgis.io.plan_file import read_plan
from gridgis.ledger.encode import encode_plan
from gridgis.model import DivisionPlan

COLUMNS = (
    "community", "local_id", "code", "parent_code", "name", "level", "kind", "mode", "category", "households",
    "geometry",
)  # fmt: skip
"""Columns of a table of codes."""


def encode_file(plan: str | Path, scheme: str = "national-15", issued: str | Path | None = None) -> gpd.GeoDataFrame:
    """Give every grid of a plan file its code.

    Parameters
    ----------
    plan
        A plan file.
    scheme
        Name of a shipped scheme, or a .toml file.
    issued
        A text or CSV file of all codes ever issued; none means that nothing was issued yet.

    Returns
    -------
    GeoDataFrame
        COLUMNS, ordered by code, in stored coordinates.

    Raises
    ------
    GridgisError
        As `read_plan`, `Scheme.load`, `read_codes` and `encode_plan` do.
    """
    rules = Scheme.load(scheme)
    codes = [] if issued is None else issued_codes(rules, issued)
    return code_table(read_plan(plan), rules, codes)


def issued_codes(scheme: Scheme, path: str | Path) -> list[str]:
    """Read a list of issued codes; all must be of the scheme, for a code that is not seen would be issued again."""
    codes = read_codes(path)
    for i, text in enumerate(codes, start=1):
        try:
            scheme.parse(text)
        except InvalidInput as e:
            raise InvalidInput(
                f"已发放编码 {path} 的第{i}个编码：{e.zh}", f"issued codes {path}, code {i}: {e.en}", **e.fields
            ) from e
    return codes


def code_table(plan: DivisionPlan, scheme: Scheme, issued: list[str]) -> gpd.GeoDataFrame:
    """Return the grids of a plan with their codes: COLUMNS, ordered by code, in stored coordinates."""
    codes = encode_plan(plan.grids, scheme, issued)
    table = plan.grids.assign(code=codes["code"], parent_code=codes["parent_code"])[list(COLUMNS)]
    return to_stored(table.sort_values("code").reset_index(drop=True))
