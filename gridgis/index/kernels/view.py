"""Tables by one address: numba takes a number in a fifth of a microsecond, sixteen arrays in three."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from gridgis.index.tables import NUMBERS, Tables


def _to_pointer(context: Any, address: Any) -> Any:
    """Make a pointer of an address."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

    return types.voidptr(types.int64), code


_pointer: Any = intrinsic(_to_pointer)


def packed(tables: Tables) -> NDArray[np.int64]:
    """Return (28,) what `tables_at` reads: four float64, two integers, address and length of each array.

    The tables must live as long as the packed array is used.
    """
    numbers = np.array(tables[:4], dtype=np.float64).view(np.int64)
    arrays = [n for a in tables if isinstance(a, np.ndarray) for n in (a.ctypes.data, len(a))]
    return np.array([*numbers, *tables[4:NUMBERS], *arrays], dtype=np.int64)


@njit(cache=True, nogil=True)
def tables_at(address: int) -> Any:
    """Return the Tables whose packed form begins at an address."""
    h = carray(_pointer(address), (28,), np.int64)
    f = carray(_pointer(address), (4,), np.float64)
    return Tables(
        f[0],
        f[1],
        f[2],
        f[3],
        h[4],
        h[5],
        carray(_pointer(h[6]), (h[7],), np.int64),
        carray(_pointer(h[8]), (h[9],), np.int32),
        carray(_pointer(h[10]), (h[11],), np.int32),
        carray(_pointer(h[12]), (h[13],), np.int32),
        carray(_pointer(h[14]), (h[15], 2), np.float64),
        carray(_pointer(h[16]), (h[17],), np.int32),
        carray(_pointer(h[18]), (h[19], 2), np.int32),
        carray(_pointer(h[20]), (h[21], 2), np.int32),
        carray(_pointer(h[22]), (h[23],), np.int32),
        carray(_pointer(h[24]), (h[25],), np.int32),
        carray(_pointer(h[26]), (h[27],), np.int32),
    )
