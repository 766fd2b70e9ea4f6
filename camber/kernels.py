"""Numbers for kernels, which are compiled anew for each constant of Python that they are called with.

numba types a plain integer that is written into a kernel, or that it finds beside one, by its value. What is
called with it is compiled for this value alone, and so is all that is called from there: five copies of the
random numbers of a road, one for each use. An integer of numpy has a type and no more.
"""

from __future__ import annotations

from typing import Final, cast

import numpy as np

ZERO: Final = cast("int", np.int64(0))
"""A number to count from, where what is counted is handed on to another kernel."""

NONE: Final = cast("int", np.int64(-1))
"""No node, no fix, no row."""


def codes(count: int) -> tuple[int, ...]:
    """Count from 0: codes that kernels hand to each other."""
    return tuple(cast("list[int]", list(np.arange(count, dtype=np.int64))))
