"""Roads kept in parsed form, so that an extract is parsed once: a folder with one file per extract.

An entry is found by what decides its content: the bytes of the extract, the country given by hand, and the
version of whatever parses. It is written whole or not at all, and checked whole when it is opened; whatever
is wrong with it, the extract is at hand and is parsed again.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from dataclasses import replace
from functools import cache as once
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

import camber
from camber.roads.extract import parse_extract
from camber.roads.stored_form import FORM, pack_roads, unpack_roads
from camber.schema import Problem
from camber.versions import ROADS
from camber.whole_files import UNFINISHED, write_whole

if TYPE_CHECKING:
    from camber.schema import Roads

QUARANTINE: Final = "quarantine"
"""Folder beside the entries for those that could not be trusted."""

SUFFIX: Final = ".roads"
"""Ending of the names of entries."""

_ABANDONED_S: Final = 86_400.0
"""Age from which a half-written file is that of a process that died [s] (judgement: a day)."""


def read_roads(path: Path | str, *, country: str | None = None, cache: Path | str | None = None) -> Roads:
    """Read the roads and paths of an OpenStreetMap extract.

    The format is found from the content, not from the name.

    Parameters
    ----------
    path : Path or str
        An ``.osm``, ``.osm.gz``, ``.osm.bz2`` or ``.osm.pbf`` file.
    country : str, optional
        ISO 3166-1 alpha-2 code that overrides the place of every way, and with it the traffic side.
    cache : Path or str, optional
        Folder in which parsed roads are kept, made where it is missing; nobody else should be able to write
        to it. The result is the same with and without it, only sooner the second time. Damaged entries are
        moved to ``quarantine`` in it, and noted in ``problems``, as is a folder that cannot be written to.

    Returns
    -------
    Roads
        Ways in their drawn direction with the tags that matter, and their graph; what was clipped, dropped
        or could not be understood is counted in ``problems``.

    Raises
    ------
    RoadsError
        If the file is missing, empty, damaged or no OpenStreetMap data, or ``country`` is unknown.
    NoRoadsError
        If it holds no road or path that a runner could use.
    """
    path = Path(path)
    digest = None if cache is None else _digest(path)
    if cache is None or digest is None:
        return parse_extract(path, country=country)
    entry = Path(cache) / entry_name(digest, country)
    kept, problems = open_entry(entry)
    if kept is not None:
        return replace(kept, source=path.name)
    roads = parse_extract(path, country=country)
    # An extract that was replaced while it was parsed must not be kept under the name of the old one.
    if _digest(path) == digest:
        problems += keep_entry(roads, entry)
    return replace(roads, problems=roads.problems + problems)


def entry_name(digest: str, country: str | None) -> str:
    """Name the entry of an extract.

    Parameters
    ----------
    digest : str
        SHA-256 of the extract, hexadecimal.
    country : str or None
        Country given by hand.

    Returns
    -------
    str
        What was parsed and how before the dash, by what behind it: entries that agree before the dash
        replace each other.
    """
    asked = hashlib.sha256(f"{digest} {country!r}".encode()).hexdigest()
    return f"{asked}-{parser_version()[:16]}{SUFFIX}"


@once
def parser_version() -> str:
    """Name what decides how an extract comes out: our number, and the libraries that set the last digits."""
    libraries = (np.__version__, pd.__version__, gpd.__version__, shapely.__version__, shapely.geos_version)
    projection = (pyproj.__version__, pyproj.proj_version_str, metadata.version("osmium"))
    return hashlib.sha256(repr((FORM, ROADS, libraries, projection)).encode()).hexdigest()


def _digest(path: Path) -> str | None:
    """SHA-256 of a file; None for what is no plain file: parsing it says what is wrong."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def open_entry(entry: Path) -> tuple[Roads | None, tuple[Problem, ...]]:
    """Open a road set that was kept.

    Parameters
    ----------
    entry : Path
        The file, by the name of `entry_name`.

    Returns
    -------
    roads : Roads or None
        None where there is none that can be trusted; it has been put aside.
    problems : tuple of Problem
        That it was put aside.
    """
    try:
        return unpack_roads(np.fromfile(entry, dtype=np.uint8), label=entry.name), ()
    except FileNotFoundError:
        return None, ()
    except Exception:  # noqa: BLE001 - whatever is wrong with an entry, it is not needed
        return None, _quarantined(entry)


def _quarantined(entry: Path) -> tuple[Problem, ...]:
    place = entry.parent / QUARANTINE
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        entry.replace(place / entry.name)
    except OSError:
        return ()
    text = "What was kept of these roads was damaged: it was put aside, and the extract was read again."
    return (Problem("damaged_cache", text),)


def keep_entry(roads: Roads, entry: Path) -> tuple[Problem, ...]:
    """Keep a road set for the next time.

    Parameters
    ----------
    roads : Roads
        The road set.
    entry : Path
        The file, by the name of `entry_name`; its folder is made where it is missing.

    Returns
    -------
    tuple of Problem
        Why it could not be kept, if so.
    """
    try:
        entry.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(entry, pack_roads(roads, label=entry.name, made_by=camber.__version__), mode=0o600)
    except OSError as error:
        # The name of the folder stays out: problems are shown in reports.
        reason = error.strerror or type(error).__name__
        text = f"These roads could not be kept for the next time ({reason})."
        return (Problem("cache_not_written", text),)
    _tidy(entry)
    return ()


def _tidy(entry: Path) -> None:
    """Remove what other versions of camber kept of the same extract, and what dead processes left."""
    with suppress(OSError):
        for other in entry.parent.glob(f"{entry.name.partition('-')[0]}-*{SUFFIX}"):
            if other != entry:
                other.unlink()
        for part in entry.parent.glob(UNFINISHED):
            if time.time() - part.stat().st_mtime > _ABANDONED_S:
                part.unlink()
