"""The rules of a division: bands of households, prices of borders, profiles as TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from gridgis.errors import InvalidInput, NotFound

BARRIER_CLASSES = (
    "motorway", "railway", "river", "primary", "secondary", "tertiary", "residential", "wall",
)  # fmt: skip
"""Barrier classes, strongest first."""

STRONG = frozenset({"motorway", "railway", "river", "primary"})
"""Classes that a grid crosses only when it must (SEMANTICS 4: border along roads and rivers)."""


@dataclass(frozen=True)
class Band:
    """How many households a grid of a level holds, both ends included."""

    lower: int
    upper: int

    def __contains__(self, households: int) -> bool:
        return self.lower <= households <= self.upper

    def can_hold(self, households: int) -> bool:
        """Tell whether some number of grids in the band sums to so many households.

        Examples
        --------
        >>> [h for h in (299, 300, 501, 599, 600, 1001) if Band(300, 500).can_hold(h)]
        [300, 600, 1001]
        """
        return households > 0 and -(-households // self.upper) <= households // self.lower


@dataclass(frozen=True)
class DivisionRules:
    """The rules of a division: a profile. Load one by name or from a TOML file (see gridgis/profiles/template.toml).

    Examples
    --------
    >>> rules = DivisionRules.load("urban-300-500")
    >>> rules.level2, rules.level3
    (Band(lower=300, upper=500), Band(lower=30, upper=50))
    """

    name: str
    level2: Band
    level3: Band
    max_area_empty_m2: float
    m2_per_household: float
    default_storeys: float
    border_price: Mapping[str, float]
    balance_price: float
    effort: int
    compactness_price: float = 0.0
    moving_price: float = 100.0
    community_level: int = 1
    max_area_dedicated_m2: float = 0.0
    balance_by: str = "households"
    exact_effort: float = 1.0

    @property
    def first_level(self) -> int:
        """The largest level that dividing makes: 2, or 3 where the community itself is level 2 (SEMANTICS 6)."""
        return self.community_level + 1

    @classmethod
    def load(cls, name: str) -> DivisionRules:
        """Load a shipped profile by its name."""
        file = resources.files("gridgis") / "profiles" / f"{name}.toml"
        if not file.is_file():
            raise NotFound(
                f"没有名为“{name}”的规则；可用：{'、'.join(profile_names())}",
                f"no rule profile '{name}'; there are: {', '.join(profile_names())}",
                name=name,
            )
        return cls._parse(file.read_text(encoding="utf-8"), name)

    @classmethod
    def from_toml(cls, path: str | Path) -> DivisionRules:
        """Load a user's own profile from a TOML file."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as e:
            raise InvalidInput(f"无法读取规则文件 {path}：{e}", f"cannot read the rule file {path}: {e}") from e
        return cls._parse(text, str(path))

    @classmethod
    def for_community(cls, code: str) -> DivisionRules:
        """Choose the shipped profile by the community segment of a code: 200-399 is rural, all else urban.

        Examples
        --------
        >>> DivisionRules.for_community("990001001201").name
        'rural-15-50'
        """
        segment = code[9:12]
        rural = len(code) == 12 and segment.isdecimal() and 200 <= int(segment) <= 399
        return cls.load("rural-15-50" if rural else "urban-300-500")

    def to_dict(self) -> dict[str, Any]:
        """Return the rules as plain data, in the shape of the TOML file."""
        d = asdict(self)
        d["border_price"] = dict(self.border_price)
        return d

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], source: str = "rules") -> DivisionRules:
        """Read the rules from plain data; every key is needed, an unknown one is refused."""
        names = set(cls.__dataclass_fields__)
        data = {**LATER_RULES, **data}
        if wrong := sorted(names ^ set(data)):
            raise InvalidInput(
                f"规则 {source} 缺少或多出的键：{wrong}；应有：{sorted(names)}",
                f"rules {source}: missing or unknown keys {wrong}; there must be {sorted(names)}",
                keys=wrong,
            )
        try:
            values = {
                **data,
                "level2": _band(data["level2"], "level2"),
                "level3": _band(data["level3"], "level3"),
                "border_price": {k: float(v) for k, v in data["border_price"].items()},
            }
            for key in ("max_area_empty_m2", "m2_per_household", "default_storeys", "max_area_dedicated_m2", *PRICES):
                values[key] = float(values[key])
            values["effort"] = int(values["effort"])
            values["balance_by"] = str(values["balance_by"])
        except (TypeError, KeyError, ValueError, AttributeError) as e:
            raise InvalidInput(f"规则 {source} 的值不对：{e}", f"rules {source}: wrong value: {e}") from e
        _check_rules(values, source)
        return cls(**values)

    @classmethod
    def _parse(cls, text: str, source: str) -> DivisionRules:
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as e:
            raise InvalidInput(f"规则文件 {source} 不是有效的 TOML：{e}", f"{source} is no valid TOML: {e}") from e
        return cls.from_dict(data, source)


PRICES = ("balance_price", "compactness_price", "moving_price", "exact_effort")
LATER_RULES = {
    "compactness_price": 0.0,
    "moving_price": 100.0,
    "community_level": 1,
    "max_area_dedicated_m2": 0.0,
    "balance_by": "households",
    "exact_effort": 1.0,
}
"""Keys that came later, with the values by which files without them were meant."""


def _band(data: Mapping[str, int], key: str) -> Band:
    band = Band(int(data["lower"]), int(data["upper"]))
    if not 0 < band.lower <= band.upper:
        raise InvalidInput(
            f"{key} 的户数带 {band.lower}-{band.upper} 不对：下限须为正且不大于上限",
            f"{key}: band {band.lower}-{band.upper} is wrong: 0 < lower <= upper",
        )
    return band


def _check_rules(values: Mapping[str, Any], source: str) -> None:
    needed = {*BARRIER_CLASSES, "open"}
    if wrong := sorted(needed ^ set(values["border_price"])):
        raise InvalidInput(
            f"规则 {source} 的 border_price 缺少或多出：{wrong}",
            f"rules {source}: border_price misses or has too many: {wrong}",
        )
    if type(values["community_level"]) is not int or values["community_level"] not in (1, 2):
        raise InvalidInput(
            f"规则 {source} 的 community_level 须为 1（社区为一级）或 2（社区为二级，一级为街道）",
            f"rules {source}: community_level must be 1 (the community is level 1) or 2 (level 1 is the street)",
        )
    for key in ("max_area_empty_m2", "m2_per_household", "default_storeys"):
        if not values[key] > 0:
            raise InvalidInput(f"规则 {source} 的 {key} 须为正数", f"rules {source}: {key} must be positive")
    if not values["max_area_dedicated_m2"] >= 0:
        raise InvalidInput(
            f"规则 {source} 的 max_area_dedicated_m2 须为正数，或 0（不限）",
            f"rules {source}: max_area_dedicated_m2 must be positive, or 0 for no limit",
        )


def profile_names() -> list[str]:
    """List the shipped rule profiles."""
    files = (resources.files("gridgis") / "profiles").iterdir()
    return sorted(f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml") and f.name != "template.toml")
