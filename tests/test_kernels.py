"""Kernels are compiled once for each type that they are called with, not once for each number."""

from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import numba
from filelock import FileLock

from camber.kernels import NONE, ZERO, codes, compiled_once

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST, SECOND = codes(2)


def test_a_kernel_that_is_called_with_numbers_of_this_module_is_compiled_once() -> None:
    @numba.njit
    def doubled(value: int) -> int:
        return 2 * value

    @numba.njit
    def outer() -> tuple[int, int, int, int]:
        return doubled(FIRST), doubled(SECOND), doubled(ZERO), doubled(NONE)

    assert outer() == (0, 2, 0, -2)
    compiled: Callable[..., object] = doubled
    assert len(getattr(compiled, "signatures")) == 1  # noqa: B009 - a dispatcher, which types do not show


def test_codes_count_from_zero_and_serve_as_integers() -> None:
    assert codes(3) == (0, 1, 2)
    assert ["a", "b", "c"][codes(3)[1]] == "b"


@compiled_once
@numba.njit(cache=True)
def tripled(value: int) -> int:
    return 3 * value


def test_a_kernel_waits_for_the_process_that_compiles_those_beside_it() -> None:
    dispatcher: Any = tripled
    folder = Path(dispatcher.stats.cache_path)
    folder.mkdir(parents=True, exist_ok=True)
    found: list[int] = []
    with FileLock(folder / f"{__name__}.lock"):
        waiting = Thread(target=lambda: found.append(tripled(2)))
        waiting.start()
        waiting.join(timeout=1.0)
        assert waiting.is_alive()
        assert not dispatcher.signatures
    waiting.join(timeout=60.0)
    assert found == [6]
