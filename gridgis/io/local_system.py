"""A local coordinate system as a survey office hands it out: a small TOML with parameters or control points.

::

    name = "示例市独立坐标系"
    target = "EPSG:4545"          # what the transformation leads to, a CRS in metres

    [similarity]                  # 四参数: east = dx + scale (x cos r - y sin r)
                                  #         north = dy + scale (x sin r + y cos r)
    dx = 400000.0
    dy = 3600000.0
    rotation_deg = 0.0            # from east to north
    scale = 1.0

    # or [affine] with a b c d e f:  east = a x + b y + c,  north = d x + e y + f
    # or control points, to which four parameters are fitted; a point that is farther off than this is refused:
    max_residual_m = 0.1
    [[points]]
    name = "K1"
    x = 12000.0
    y = 8000.0
    east = 412000.0
    north = 3608000.0
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gridgis.errors import InvalidInput
from gridgis.geometry.local import Affine, fit_similarity

MAX_RESIDUAL_M = 0.1
"""A control point may be so far off unless the file says otherwise: a fifth of the finest map's line (1:500, 0.5 m)."""

_KINDS = {
    "similarity": ({"dx", "dy"}, {"rotation_deg", "scale"}),
    "affine": (set("abcdef"), set()),
}  # fmt: skip
_POINT = {"x", "y", "east", "north"}


@dataclass(frozen=True)
class LocalSystem:
    """The transformation from a local system to a known CRS, and what there is to say about it."""

    name: str
    target: str
    affine: Affine
    zh: str
    en: str


def read_local_system(path: str | Path) -> LocalSystem:
    """Read a local system from a TOML file.

    Raises
    ------
    InvalidInput
        No such file, a key that is not known or missing, a value that is no number, control points that do not
        agree.
    """
    try:
        data = tomllib.loads(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        raise InvalidInput(f"无法读取坐标系文件 {path}：{e}", f"cannot read the CRS file {path}: {e}") from e
    name, target = str(data.pop("name", Path(path).stem)), data.pop("target", None)
    limit = data.pop("max_residual_m", MAX_RESIDUAL_M)
    if not isinstance(target, str) or len(data) != 1 or not _number(limit):
        raise _unclear(path, sorted(data))
    kind, values = next(iter(data.items()))
    if kind == "points":
        return _fitted(Path(path), name, target, values, float(limit))
    if kind not in _KINDS or not isinstance(values, dict):
        raise _unclear(path, [kind])
    needed, more = _KINDS[kind]
    if not needed <= set(values) <= needed | more or not all(_number(v) for v in values.values()):
        raise _unclear(path, [kind, *values])
    numbers = {k: float(v) for k, v in values.items()}
    affine = Affine.similarity(**numbers) if kind == "similarity" else Affine(**numbers)
    shown = ", ".join(f"{k} {v:.10g}" for k, v in numbers.items())
    return LocalSystem(name, target, affine, f"转换参数 {shown}", f"parameters {shown}")


def _fitted(path: Path, name: str, target: str, points: Any, limit_m: float) -> LocalSystem:
    rows = points if isinstance(points, list) else []
    if not rows or not all(isinstance(p, dict) and set(p) - {"name"} == _POINT for p in rows):
        raise _unclear(path, ["points"])
    if not all(_number(p[k]) for p in rows for k in _POINT):
        raise _unclear(path, ["points"])
    fit = fit_similarity(
        np.array([(p["x"], p["y"]) for p in rows], dtype=float),
        np.array([(p["east"], p["north"]) for p in rows], dtype=float),
    )
    off = {str(p.get("name", n)): r for n, (p, r) in enumerate(zip(rows, fit.residuals_m, strict=True), 1)}
    shown = ", ".join(f"{k} {r:.3f} m" for k, r in off.items())
    if max(off.values()) > limit_m:
        raise InvalidInput(
            f"{path} 的控制点不相符：残差 {shown}，超过 {limit_m:g} 米；请核对点位，或在文件中放宽 max_residual_m",
            f"the control points of {path} do not agree: residuals {shown}, above {limit_m:g} m; check the points, or "
            "allow more by max_residual_m in the file",
            residuals=off,
        )
    found = f"dx {fit.dx:.4f}, dy {fit.dy:.4f}, rotation_deg {fit.rotation_deg:.9f}, scale {fit.scale:.9f}"
    zh, en = f"由 {len(rows)} 个控制点拟合：{found}；残差 {shown}", f"fitted to {len(rows)} control points: {found}"
    en = f"{en}; residuals {shown}"
    if len(rows) == 2:
        zh, en = f"{zh}（两点无多余观测，不能检核）", f"{en} (two points check nothing)"
    return LocalSystem(name, target, fit.affine, zh, en)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _unclear(path: str | Path, what: list[str]) -> InvalidInput:
    return InvalidInput(
        f"坐标系文件 {path} 的内容不明（{what}）；要有 target，以及 [similarity]、[affine]、[[points]] 之一，"
        "见 docs/howto-import.md",
        f"the CRS file {path} is not understood ({what}); it needs target, and one of [similarity], [affine], "
        "[[points]], see docs/howto-import.md",
        path=str(path),
    )
