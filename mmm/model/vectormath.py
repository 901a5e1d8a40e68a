"""Logarithm and exponential in plain arithmetic: compilers turn loops over them into vector instructions.

Calls of the C library stay scalar and cost three to four times as much. Used where millions of Hill curves are
evaluated. numba's disk cache does not see edits here from the files that use it: `mmm.model.kernel.VERSION` does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

# Adding this number leaves a float's integer part in its last bits: rounding without a conversion.
SHIFT = 6755399441055744.0
SHIFT_BITS = np.int64(0x4338000000000000)
ROOT_HALF_BITS = np.int64(0x3FE6A09E667F3BCD)
MANTISSA = np.int64(52)
LN2_HIGH, LN2_LOW, PER_LN2 = 0.6931471803691238165, 1.9082149292705877e-10, 1.4426950408889634

SMALLEST = 1e-290
"""Stands in for an exposure of 0 in the logarithm; what it gives there is set by hand afterwards."""


@intrinsic
def _bits(typing: Any, number: Any) -> Any:
    """The 64 bits of a float as an integer."""
    return types.int64(types.float64), lambda _c, build, _s, args: build.bitcast(args[0], ir.IntType(64))


@intrinsic
def _float(typing: Any, bits: Any) -> Any:
    """The float with these 64 bits."""
    return types.float64(types.int64), lambda _c, build, _s, args: build.bitcast(args[0], ir.DoubleType())


@njit(cache=True, error_model="numpy", fastmath={"contract"}, forceinline=True)
def log(u: float) -> float:
    """Natural logarithm of a positive normal number, to the last digit or two.

    u = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)). log(1 + f) = f - s (f - p), s = f / (2 + f), p the
    series 2/3 s^2 + 2/5 s^4 + ... with coefficients fitted on the interval (Tang 1990).
    """
    bits = _bits(u)
    k = (bits - ROOT_HALF_BITS) >> MANTISSA
    f = _float(bits - (k << MANTISSA)) - 1.0
    s = f / (2.0 + f)
    z = s * s
    p = 0.1531383769920937332 + z * 0.1479819860511658591
    p = 0.2222219843214978396 + z * (0.1818357216161805012 + z * p)
    p = z * (0.6666666666666735130 + z * (0.3999999999940941908 + z * (0.2857142874366239149 + z * p)))
    e = _float(k + SHIFT_BITS) - SHIFT
    return e * LN2_HIGH + (e * LN2_LOW + (f - s * (f - p)))


@njit(cache=True, error_model="numpy", fastmath={"contract"}, forceinline=True)
def exp(y: float) -> float:
    """Exponential for |y| <= 700, to the last digit or two: 2^k times a Taylor series on |r| <= ln(2) / 2."""
    shifted = y * PER_LN2 + SHIFT
    k = shifted - SHIFT
    r = (y - k * LN2_HIGH) - k * LN2_LOW
    p = 1 / 39916800 + r * (1 / 479001600 + r * (1 / 6227020800))
    p = 1 / 40320 + r * (1 / 362880 + r * (1 / 3628800 + r * p))
    p = 1 / 120 + r * (1 / 720 + r * (1 / 5040 + r * p))
    p = 1.0 + r * (1.0 + r * (0.5 + r * (1 / 6 + r * (1 / 24 + r * p))))
    return _float(_bits(p) + (_bits(shifted) << MANTISSA))
