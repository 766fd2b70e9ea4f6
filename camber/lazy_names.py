"""Names of a package that load when they are first used, so that nobody waits for what is not needed."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def lazy_names(
    package: str, home: Mapping[str, str], *more: str, keep: bool = False
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Give ``__getattr__`` and ``__dir__`` of a package from the module of each name; ``more`` are there too.

    Names that are asked for a thousand times in a run may be kept in the package.
    """

    def found(name: str) -> Any:  # noqa: ANN401 - a module attribute may be anything
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{home[name]}"), name)
        if keep:
            setattr(sys.modules[package], name, value)
        return value

    return found, lambda: sorted([*home, *more])
