"""How kernels are compiled: once for each type, by one process, and no more of them than is called.

numba types a plain integer that is written into a kernel, or that it finds beside one, by its value. What is
called with it is compiled for this value alone, and so is all that is called from there: five copies of the
random numbers of a road, one for each use. An integer of numpy has a type and no more.

What is compiled stays on disk. Processes that begin together, as those of a library or of tests do, would
compile all of it each for itself; here the next one waits for the first, module by module, and reads.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, cast

import numpy as np
from filelock import FileLock, Timeout
from numba import config, njit
from numba.core.compiler_lock import global_compiler_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_Given = ParamSpec("_Given")
_Found = TypeVar("_Found")
_Kernel = TypeVar("_Kernel")

_PATIENCE_S: Final = 180.0
"""Longest wait for another process, which may have been stopped [s] (judgement: all kernels take less)."""

ZERO: Final = cast("int", np.int64(0))
"""A number to count from, where what is counted is handed on to another kernel."""

NONE: Final = cast("int", np.int64(-1))
"""No node, no fix, no row."""


def codes(count: int) -> tuple[int, ...]:
    """Count from 0: codes that kernels hand to each other."""
    return tuple(cast("list[int]", list(np.arange(count, dtype=np.int64))))


def inner_kernel(function: Callable[_Given, _Found]) -> Callable[_Given, _Found]:
    """Compile a function that only kernels call, into them, without its ways in from Python and from C.

    To hand ten arrays over takes longer than what many of these do with them.
    """
    how: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "forceinline": True}
    return cast("Callable[_Given, _Found]", njit(cache=True, **how)(function))


def compiled_once(kernel: _Kernel) -> _Kernel:
    """Let one process at a time compile a kernel: the others find it on disk then."""
    dispatcher: Any = kernel
    compile_now = dispatcher.compile

    def compile_alone(signature: object) -> object:
        # Asked for again and again while what calls it is typed; only the first time is work.
        if isinstance(signature, tuple) and signature in dispatcher.overloads:
            return compile_now(signature)
        # The lock between threads first, in every process: a kernel may compile another on its way.
        with global_compiler_lock, _held(dispatcher), _in_haste():
            return compile_now(signature)

    dispatcher.compile = compile_alone
    return kernel


@contextmanager
def _in_haste() -> Iterator[None]:
    """Compile without looking for garbage, and at the first level: kernels are as fast, a quarter sooner."""
    flags: Any = config  # numba has no types
    level, collects = flags.OPT, gc.isenabled()
    flags.OPT = type(level)(min(level, 1))
    gc.disable()
    try:
        yield
    finally:
        flags.OPT = level
        if collects:
            gc.enable()


@contextmanager
def _held(dispatcher: Any) -> Iterator[None]:  # noqa: ANN401 - numba's, which has no types
    """Hold the kernels of a module, if they are kept on disk; who waits too long goes on without."""
    folder = dispatcher.stats.cache_path
    lock = None if folder is None else _lock(Path(folder) / f"{dispatcher.py_func.__module__}.lock")
    if lock is not None:
        with suppress(Timeout):
            lock.acquire(timeout=_PATIENCE_S)
    try:
        yield
    finally:
        if lock is not None and lock.is_locked:
            lock.release()


@lru_cache(maxsize=64)
def _lock(path: Path) -> FileLock | None:
    """Lock of a module, one for all threads, so that it may be taken again; None where none can be had."""
    lock = FileLock(path, thread_local=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with lock.acquire(timeout=_PATIENCE_S):
            return lock
    except (OSError, NotImplementedError):  # a folder that is not to be written, a disk that knows no locks
        return None
