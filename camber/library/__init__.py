"""The runner's own store: one SQLite file, the bytes of the files it came from, and what was found out."""

from camber.library.library import Library, open_library
from camber.library.weeks import Week, week_named, week_of

__all__ = ["Library", "Week", "open_library", "week_named", "week_of"]
