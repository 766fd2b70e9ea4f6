"""What other processes compile while the first analysis on a machine begins, so that it has less to wait for.

The kernels of the line and the types that they are called with stand in ``compiled_ahead.json``, in the
order of the line. Others begin at its end, the analysis at its beginning, and each finds on disk what another
has compiled; what is wrong or missing in the list is compiled when it is called.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numba
import numpy as np

from camber.parent_process import after_parent

_LISTED: Final = Path(__file__).with_suffix(".json")

_MOST: Final = 3
"""Most processes that help (judgement: the longest family of kernels takes a third of the time)."""

_LOG = logging.getLogger(__name__)


def start_compiling() -> None:
    """Start processes that compile, one for each processor but the one that waits; they end with this one."""
    count = min(_MOST, (os.cpu_count() or 1) - 1)
    context = multiprocessing.get_context("spawn")
    for share in range(count):
        context.Process(target=compile_share, args=(share, count), daemon=True).start()


def compile_share(share: int, shares: int) -> None:
    """Compile every so many'th module of the list, the last ones first."""
    after_parent(partial(os._exit, 1))
    kernels = listed_kernels()
    modules = list(dict.fromkeys(module for module, _, _ in reversed(kernels)))[share::shares]
    for wanted in modules:
        for module, name, arguments in kernels:
            if module == wanted:
                try:
                    kernel: Any = getattr(import_module(module), name)
                    kernel.compile(tuple(type_of(argument) for argument in arguments))
                except Exception:  # noqa: BLE001 - whoever calls it compiles it, or says what is wrong
                    _LOG.debug("not compiled ahead: %s.%s", module, name, exc_info=True)


def listed_kernels() -> list[tuple[str, str, list[Any]]]:
    """Read module, name and types of arguments of each kernel, in the order of the line."""
    return [(module, name, arguments) for module, name, arguments in json.loads(_LISTED.read_text("utf-8"))]


def type_of(argument: Any) -> Any:  # noqa: ANN401 - as JSON has it, and as numba has it
    """Give numba's type of what is listed as [dtype, dimensions] or as a class and its fields."""
    typeof: Any = numba.typeof
    return typeof(_example(argument))


def _example(argument: Any) -> Any:  # noqa: ANN401 - a number, an array, or a tuple of such
    if isinstance(argument, dict):
        ((path, fields),) = argument.items()
        module, _, name = path.rpartition(".")
        return getattr(import_module(module), name)(*(_example(field) for field in fields))
    kind, dimensions = argument
    # A number and a table without rows, each as numpy has it.
    dtype = np.dtype(kind if isinstance(kind, str) else [tuple(field) for field in kind])
    return np.zeros((1,) * dimensions, dtype)[()]
