"""On which side of an edge does a point lie: the one exact predicate on which the index stands.

Floats decide where their error bound allows it, rational numbers where it does not, so the sign is always that of
the real numbers which the float64 coordinates stand for.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Signs = NDArray[np.int8]

_EPS = 2.0**-53
# Shewchuk (1997), "Adaptive Precision Floating-Point Arithmetic", bound A for orient2d.
_BOUND = (3.0 + 16.0 * _EPS) * _EPS
# The bound supposes that no product underflows. A product below this size may have, so it does not decide.
_TINY = 1e-290


def orientation(ax: Floats, ay: Floats, bx: Floats, by: Floats, px: Floats, py: Floats) -> Signs:
    """Tell where points lie from the directed lines a -> b: 1 left, -1 right, 0 exactly on the line.

    Parameters
    ----------
    ax, ay, bx, by, px, py
        (n,) finite coordinates.

    Returns
    -------
    (n,) signs of ``(bx - ax)(py - ay) - (by - ay)(px - ax)``, exact.

    Examples
    --------
    >>> def one(*v): return int(orientation(*(np.array([x]) for x in v))[0])
    >>> one(0.0, 0.0, 3.0, 3.0, 1.0, 1.0), one(0.0, 0.0, 3.0, 3.0, 1.0, np.nextafter(1.0, 2))
    (0, 1)
    """
    dx, dy, ex, ey = bx - ax, by - ay, px - ax, py - ay
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        left, right = dx * ey, dy * ex
        det = left - right
        size = np.abs(left) + np.abs(right)
        # A difference of floats is zero only if they are equal: two such products are exact zeros.
        both_zero = ((dx == 0) | (ey == 0)) & ((dy == 0) | (ex == 0))
        certain = both_zero | ((np.abs(det) > _BOUND * size) & (size > _TINY) & np.isfinite(size))
        signs = np.sign(np.where(both_zero, 0.0, det))
    signs[~certain] = 0.0
    out = signs.astype(np.int8)
    for k in np.flatnonzero(~certain):
        out[k] = _exact(ax[k], ay[k], bx[k], by[k], px[k], py[k])
    return out


def _exact(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    fax, fay = Fraction(float(ax)), Fraction(float(ay))
    left = (Fraction(float(bx)) - fax) * (Fraction(float(py)) - fay)
    right = (Fraction(float(by)) - fay) * (Fraction(float(px)) - fax)
    return (left > right) - (left < right)
