"""What is balanced between grids: households, or another count of the buildings that the rules name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gridgis.errors import InvalidInput
from gridgis.geometry.arrays import Floats
from gridgis.model import DivisionRules
from gridgis.partition.ground import Ground

SHOWN = 5


def building_load(ground: Ground, rules: Mapping[str, DivisionRules]) -> Floats:
    """Return what each building weighs in the balance of its community, (b,).

    Raises
    ------
    InvalidInput
        The column that the rules name is not there, or a value of it is missing, negative or no number.
    """
    out = ground.buildings["households"].to_numpy(dtype=np.float64).copy()
    codes = ground.base["code"].astype(str).to_numpy()[ground.buildings["community"]]
    for column in sorted({r.balance_by for r in rules.values()} - {"households"}):
        if column not in ground.buildings:
            raise InvalidInput(
                f"规则按“{column}”均衡，但楼栋图层没有该列；请补上，或将 balance_by 改为 households",
                f"the rules balance '{column}', a column that the buildings do not have; add it, or set balance_by to "
                "households",
                column=column,
            )
        here = np.isin(codes, [code for code, r in rules.items() if r.balance_by == column])
        value = pd.to_numeric(ground.buildings[column], errors="coerce").to_numpy(dtype=np.float64)
        if (wrong := here & ~(value >= 0)).any():
            ids = [str(i) for i in ground.buildings["id"][wrong].head(SHOWN)]
            raise InvalidInput(
                f"{int(wrong.sum())} 栋楼的“{column}”缺失、为负或不是数，例如 {'、'.join(ids)}；规则按它均衡，请补全",
                f"{int(wrong.sum())} buildings have no, a negative or a wrong '{column}', e.g. {', '.join(ids)}; "
                "the rules balance it: fill it in",
                column=column,
                count=int(wrong.sum()),
            )
        out[here] = value[here]
    return out
