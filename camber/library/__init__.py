"""All runs of one runner: one SQLite file, the bytes of the files it came from, and what was found out.

The names load when they are first used, so that the place of the library is known without its tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camber.lazy_names import lazy_names

if TYPE_CHECKING:
    from camber.library.batch import analyse_library
    from camber.library.choosing import from_extracts, from_tiles
    from camber.library.days import Week, week_named, week_of
    from camber.library.importing import import_paths
    from camber.library.library import Library, open_library

_HOME = {
    "Library": "library",
    "Week": "days",
    "analyse_library": "batch",
    "from_extracts": "choosing",
    "from_tiles": "choosing",
    "import_paths": "importing",
    "open_library": "library",
    "week_named": "days",
    "week_of": "days",
}

__all__ = [
    "Library",
    "Week",
    "analyse_library",
    "from_extracts",
    "from_tiles",
    "import_paths",
    "open_library",
    "week_named",
    "week_of",
]

__getattr__, __dir__ = lazy_names(__name__, _HOME)
