"""What decides a result, as a version: when it changes, the result is stale."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING, Final

import camber

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.resources.abc import Traversable

_OTHER_ROOMS: Final = frozenset({"cli", "report", "recording", "simulate", "sample", "batch", "library"})
"""What of camber decides nothing about a result once the recording is read."""


@cache
def model_version() -> str:
    """Version of everything that decides a result, once recording, roads and settings are given.

    Returns
    -------
    str
        The version of camber, and a part of the SHA-256 of its source and its tables.
    """
    state = sha256()
    for place in sorted(resources.files("camber").iterdir(), key=lambda item: item.name):
        if place.name not in _OTHER_ROOMS:
            _add_source(state.update, place)
    state.update((resources.files("camber") / "library" / "outcomes.py").read_bytes())
    return f"{camber.__version__}-{state.hexdigest()[:12]}"


def _add_source(update: Callable[[bytes], None], place: Traversable) -> None:
    if place.is_dir():
        for inner in sorted(place.iterdir(), key=lambda item: item.name):
            _add_source(update, inner)
    elif place.name.endswith((".py", ".csv", ".gz")):
        update(place.name.encode() + b"\0" + place.read_bytes())


def digest(value: object) -> str:
    """Give a short name to a value.

    Parameters
    ----------
    value : object
        Plain numbers and texts.

    Returns
    -------
    str
        A part of the SHA-256 of its ``repr``.
    """
    return sha256(repr(value).encode()).hexdigest()[:16]
