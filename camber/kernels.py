"""How kernels are compiled once, and no more than is called: numbers for them, and a mark for inner ones.

numba types a plain integer that is written into a kernel, or that it finds beside one, by its value. What is
called with it is compiled for this value alone, and so is all that is called from there: five copies of the
random numbers of a road, one for each use. An integer of numpy has a type and no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, cast

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

_Given = ParamSpec("_Given")
_Found = TypeVar("_Found")

ZERO: Final = cast("int", np.int64(0))
"""A number to count from, where what is counted is handed on to another kernel."""

NONE: Final = cast("int", np.int64(-1))
"""No node, no fix, no row."""


def codes(count: int) -> tuple[int, ...]:
    """Count from 0: codes that kernels hand to each other."""
    return tuple(cast("list[int]", list(np.arange(count, dtype=np.int64))))


def inner_kernel(function: Callable[_Given, _Found]) -> Callable[_Given, _Found]:
    """Compile a function that only kernels call, without its ways in from Python and from C."""
    ways_in: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return cast("Callable[_Given, _Found]", njit(cache=True, **ways_in)(function))
