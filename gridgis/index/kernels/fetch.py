"""Ask memory for what will be read soon."""

from __future__ import annotations

from typing import Any

import llvmlite.ir as ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def _prefetch(context: Any, array: Any, index: Any) -> Any:
    """Bring the cache line of ``array[index]`` nearer; no promise, and no harm where the index is the array's own.

    It is LLVM's instruction of that name, for reading, to be kept in all caches.
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        place = builder.bitcast(builder.gep(data, [args[1]]), ir.IntType(8).as_pointer())
        i32 = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, i32, i32, i32])
        declare: Any = cgutils.get_or_insert_function
        builder.call(declare(builder.module, kind, "llvm.prefetch.p0"), [place, i32(0), i32(3), i32(1)])
        return context.get_dummy_value()

    return types.void(array, index), code


prefetch: Any = intrinsic(_prefetch)
