"""What commands ask of the library alike: that it is not empty, which week and run are meant, which unit."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import camber
from camber.errors import EmptyLibraryError, UnknownRunError
from camber.library.place import roads_cache

if TYPE_CHECKING:
    from collections.abc import Iterator

    from camber.cli.session import Session
    from camber.library import Library, Week
    from camber.schema import Period


@contextmanager
def filled_library(*, or_empty: bool = False) -> "Iterator[Library]":
    """Open the library; EmptyLibraryError where nothing is in it yet, unless nothing is an answer too."""
    with camber.open_library() as library:
        if not (or_empty or library.recordings):
            raise EmptyLibraryError(library.path)
        yield library


def chosen_week(library: "Library", session: "Session", name: str | None) -> "Week":
    """Find the week that is named; without a name that of the last run, today's in an empty library."""
    from camber.library import week_named, week_of

    start = session.preferences.week_start
    latest = library.last_week(start) or week_of(date.today(), start)  # noqa: DTZ011 - the runner's own day
    return latest if name is None else week_named(name, start, latest)


def has_tiles() -> bool:
    """Tell whether any tile of the map is kept, by a look at the folder: before all that roads need loads."""
    return any((roads_cache() / "tiles").glob("*"))


def units_of(session: "Session", library: "Library") -> str:
    """Choose the unit of distances, ``"km"`` or ``"mi"``: what is set here, else what an export says."""
    from camber.cli.config import is_set, settings_path

    chosen = session.preferences.units
    if is_set(settings_path(), "units"):
        return chosen
    return {"imperial": "mi", "metric": "km"}.get(library.preference("units") or "", chosen)


def target_of(session: "Session") -> float:
    """Share of the left leg that the runner aims at, 0 to 1: one half unless they have set another."""
    return session.preferences.settings.suggestion.target_left


def aimed(session: "Session", period: "Period") -> "Period":
    """Hold a run, or some files, against what the runner aims at."""
    return replace(period, target=session.preferences.target, target_left=target_of(session))


def run_number(library: "Library", name: str) -> int:
    """Find the number of the run that is meant, ``last`` or a number; UnknownRunError if it is neither."""
    if name == "last":
        last = library.last_run()
        if last is None:
            raise UnknownRunError("there are no runs yet; `camber import` brings them in", path="library")
        return last
    if not name.isascii() or not name.isdigit() or len(name) > 18:
        raise UnknownRunError(f"{name!r} is not the number of a run; `camber runs` lists all", path="library")
    return int(name)
