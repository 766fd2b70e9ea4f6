"""The runner's own store: one SQLite file, the bytes of the files it came from, and what was found out.

The names load when they are first used, so that the place of the library is known without its tables.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from camber.library.library import Library, open_library
    from camber.library.weeks import Week, week_named, week_of

_HOME = {
    "Library": "library",
    "Week": "weeks",
    "open_library": "library",
    "week_named": "weeks",
    "week_of": "weeks",
}

__all__ = ["Library", "Week", "open_library", "week_named", "week_of"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute may be anything
    if name not in _HOME:
        raise AttributeError(f"module 'camber.library' has no attribute {name!r}")
    return getattr(import_module(f"camber.library.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
