"""Terrain models and surveyed lines that are known, where they lie, and what they said of each way.

Only paths are kept: the files stay where they are. What was measured is kept when a file moves away; a file
that was changed is read anew.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import shapely
from pyproj import Transformer

from camber.conventions import DEGREE_M, WGS84
from camber.errors import CamberError
from camber.library.database import insert
from camber.library.lines import line_of
from camber.library.stored_values import json_of, value_from
from camber.schema import Observed
from camber.terrain.edges import PLACES_M
from camber.terrain.headers import TerrainFile, read_header
from camber.terrain.inventories import SlopeLines, read_lines
from camber.terrain.road_evidence import aged
from camber.terrain.sources import Measured, key_of, places_along
from camber.versions import TERRAIN

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from camber.library.library import Library
    from camber.schema import RoadObserved, Roads, WidthObserved
    from camber.terrain.sources import Survey

    FloatArray = NDArray[np.float64]

_EACH: Final = 10

_HEARD_FROM: Final = 8
_HEARD: Final = 64
"""So many measured stretches are heard by runs that do not pass them: from the one, doubled, up to the other
(judgement: no row's shares are worth more than eight roads)."""

_NEAR_M: Final = 60.0
"""How near a way is that a run may have to do with [m] (judgement: beyond the error of a position)."""

_LIKE_THIS: Final = 3 + len(PLACES_M)
"""Numbers in a row of `camber.terrain.displacement.likely_middles`."""

_NOTE: Final = """
INSERT INTO measured_way (way_id, asked, version, length_m, observed, said, middles)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (way_id) DO UPDATE SET asked = excluded.asked,
version = excluded.version, length_m = excluded.length_m, observed = excluded.observed,
said = excluded.said, middles = excluded.middles
"""


def surveys(connection: sqlite3.Connection) -> tuple[Survey, ...]:
    """Give all files that are known, in the order in which they came."""
    rows = connection.execute("SELECT kind, header FROM survey ORDER BY survey_id")
    return tuple(
        value_from(header, TerrainFile) if kind == "terrain" else value_from(header, SlopeLines)
        for kind, header in rows
    )


def note_survey(connection: sqlite3.Connection, survey: Survey) -> bool:
    """Keep where a file lies and what its header says; False where that was known.

    One that was known elsewhere, and is there no more, has moved.
    """
    known = surveys(connection)
    if survey in known:
        return False
    moved = [one for one in known if key_of(one) == key_of(survey) and not Path(one.path).exists()]
    for old in [*moved, survey]:
        connection.execute("DELETE FROM survey WHERE kind = ? AND path = ? AND member = ?", _place(old))
    kind, path, member = _place(survey)
    insert(connection, "survey", {"kind": kind, "path": path, "member": member, "header": json_of(survey)})
    return True


def forget_survey(connection: sqlite3.Connection, path: Path) -> int:
    """Forget a file, or all files of a folder, and what was measured with it; the number of files."""
    place = str(path.resolve())
    inside = [one for one in surveys(connection) if place in {one.path, *map(str, Path(one.path).parents)}]
    for one in inside:
        connection.execute("DELETE FROM survey WHERE kind = ? AND path = ? AND member = ?", _place(one))
    names = {key_of(one) for one in inside}
    for way, said in said_of_ways(connection).items():
        if names & said.keys():
            connection.execute("DELETE FROM measured_way WHERE way_id = ?", (way,))
    return len(inside)


def _place(survey: Survey) -> tuple[str, str, str]:
    if isinstance(survey, TerrainFile):
        return "terrain", survey.path, survey.member
    return "lines", survey.path, ""


class Present(NamedTuple):
    """Files as they are now: those that are there, of them those that were changed, and those that are not.

    ``problems`` has a sentence for each that is not there or cannot be read any more.
    """

    there: tuple[Survey, ...]
    changed: tuple[Survey, ...]
    moved: tuple[Survey, ...]
    problems: tuple[str, ...]


def present(connection: sqlite3.Connection) -> Present:
    """See which files are there; those that were changed are read anew."""
    there, changed, moved, problems = [], [], [], []
    for one in surveys(connection):
        state = _state(one)
        if state == "moved":
            text = "is not there any more: what it said is kept; add it again from where it is now"
            problems.append(f"{one.path}: {text}")
            moved.append(one)
            continue
        try:
            now = _read_anew(one) if state == "changed" else one
        except CamberError as error:
            problems.append(str(error))
            continue
        there.append(now)
        if now != one:
            changed.append(now)
    return Present(tuple(there), tuple(changed), tuple(moved), tuple(problems))


def _state(survey: Survey) -> str:
    try:
        found = Path(survey.path).stat()
    except OSError:
        return "moved"
    return "" if (found.st_size, found.st_mtime_ns) == (survey.size, survey.changed_ns) else "changed"


def _read_anew(survey: Survey) -> Survey:
    if isinstance(survey, TerrainFile):
        return read_header(Path(survey.path), survey.member, flown=survey.year, crs=survey.crs)
    found = Path(survey.path).stat()
    now = replace(survey, size=found.st_size, changed_ns=found.st_mtime_ns)
    read_lines(now)
    return now


# -- What they said -------------------------------------------------------------------------------------


def measured_versions(connection: sqlite3.Connection) -> dict[int, tuple[str, str]]:
    """Give for each way what was asked about it, and the version of what was answered."""
    rows = connection.execute("SELECT way_id, asked, version FROM measured_way")
    return {way: (asked, version) for way, asked, version in rows}


def note_measured(connection: sqlite3.Connection, asked: str, measured: Measured) -> None:
    """Keep what was measured of a way; where nothing is new, that it was asked."""
    if measured.observed is None:
        note_asked(connection, asked, measured.way_id)
        return
    middles = json.dumps({key: np.round(rows, 3).tolist() for key, rows in measured.middles.items()})
    said, observed = json.dumps(measured.said), json_of(measured.observed)
    values = (measured.version, measured.length_m, observed, said, middles)
    connection.execute(_NOTE, (measured.way_id, asked, *values))


def note_asked(connection: sqlite3.Connection, asked: str, way: int) -> None:
    """Keep what was asked about a way; "" for one about which it is to be asked again."""
    connection.execute("UPDATE measured_way SET asked = ? WHERE way_id = ?", (asked, way))


def kept_measured(connection: sqlite3.Connection) -> dict[int, Measured]:
    """Give what came of each way before, without what was observed."""
    rows = connection.execute("SELECT way_id, version, length_m, said, middles FROM measured_way")
    return {
        way: Measured(
            *(way, version, length_m, None, json.loads(said)),
            middles={
                key: np.array(rows)
                for key, rows in json.loads(middles).items()
                if len(rows[0]) == _LIKE_THIS  # as of an estimator before that has no more to say
            },
        )
        for way, version, length_m, said, middles in rows
    }


class MeasuredRoads(NamedTuple):
    """All that was measured: of surfaces in the order in which it came, and of middles."""

    roads: tuple[RoadObserved, ...] = ()
    widths: tuple[WidthObserved, ...] = ()

    def told(self, ways: Collection[int], year: int | None) -> Observed:
        """Take what was measured of some ways, and of the first 8, 16, 32 or 64 others, which are like them.

        As it is worth in a year.
        """
        own, count = set(ways), min(sum(one.surface == "carriageway" for one in self.roads), _HEARD)
        heard = 1 << (count.bit_length() - 1) if count >= _HEARD_FROM else 0
        roads = (one for n, one in enumerate(self.roads) if n < heard or one.way_id in own)
        widths = tuple(one for one in self.widths if one.way_id in own)
        return Observed(tuple(aged(one, year) for one in roads), widths=widths)


def measured_roads(connection: sqlite3.Connection) -> MeasuredRoads:
    """Give all that was measured in the order in which it came, the first stretch of each way before others.

    So the first of them tell of as many roads as they can.
    """
    texts = connection.execute("SELECT observed FROM measured_way ORDER BY number")
    return in_turn([value_from(text, Observed) for (text,) in texts])


def in_turn(measured: Sequence[Observed]) -> MeasuredRoads:
    """Take the first stretch of each way before others; strips beside them last, which tell of themselves."""
    roads: list[RoadObserved] = []
    for strips in (False, True):
        ways = [[one for one in way.roads if (one.surface != "carriageway") == strips] for way in measured]
        roads += (way[n] for n in range(max(map(len, ways), default=0)) for way in ways if n < len(way))
    return MeasuredRoads(tuple(roads), tuple(width for one in measured for width in one.widths))


def years_of(connection: sqlite3.Connection) -> dict[int, int]:
    """Give the year of each run that is known."""
    rows = connection.execute("SELECT activity_id, day FROM activity WHERE day IS NOT NULL")
    return {run: int(day[:4]) for run, day in rows}


def measured_along(
    connection: sqlite3.Connection,
    roads: Roads,
    longitude_deg: FloatArray,
    latitude_deg: FloatArray,
    year: int | None,
) -> Observed | None:
    """Take what was measured near the fixes of a recording, as the analysis of a library does; or None."""
    measured = measured_roads(connection)
    if not measured.roads:
        return None
    turn = Transformer.from_crs(WGS84, roads.crs, always_xy=True)
    fixes = shapely.points(*turn.transform(longitude_deg, latitude_deg))
    _, rows = roads.ways.sindex.query(fixes, predicate="dwithin", distance=_NEAR_M)
    # What was not run yet is planned now: at the time of the last run.
    when = max(years_of(connection).values(), default=None) if year is None else year
    told = measured.told(roads.ways.index[np.unique(rows)].tolist(), when)
    return told if told.roads or told.widths else None


def said_of_ways(connection: sqlite3.Connection) -> dict[int, dict[str, dict[str, int]]]:
    """Give by way and file how many windows were measured (""), or refused and why."""
    rows = connection.execute("SELECT way_id, said FROM measured_way")
    return {way: json.loads(said) for way, said in rows}


def said_of_files(connection: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """Sum up what came of the windows in each file."""
    total: dict[str, Counter[str]] = defaultdict(Counter)
    for said in said_of_ways(connection).values():
        for key, counts in said.items():
            total[key].update(counts)
    return {key: dict(counts) for key, counts in total.items()}


def asked_of(roads_version: str, files: Sequence[Survey]) -> str:
    """Name what is asked of a way: these roads, and these files, by the estimator as it is."""
    state = sha256(f"{TERRAIN} {roads_version}".encode())
    for key in sorted(map(key_of, files)):
        state.update(key.encode())
    return state.hexdigest()[:16]


# -- Where they lie -------------------------------------------------------------------------------------


class Coverage(NamedTuple):
    """Length of the ways that were run, each once, of what files cover of it, and of ways measured [m]."""

    run_m: float
    covered_m: float
    measured_m: float


def coverage(connection: sqlite3.Connection, files: Sequence[Survey]) -> Coverage:
    """Say how much of the ways that were run lies within terrain models."""
    rows = connection.execute(
        "SELECT line, length_m FROM segment WHERE segment_id IN (SELECT segment_id FROM traversal)"
    ).fetchall()
    run = covered = 0.0
    for line, length_m in rows:
        places = places_along(line_of(line) * DEGREE_M) / DEGREE_M
        run += length_m
        covered += length_m * float(_within_any(places, files).mean())
    # What is unknown is NaN, which SQLite takes for no JSON.
    known = connection.execute("SELECT length_m, observed FROM measured_way").fetchall()
    return Coverage(run, covered, sum(m for m, text in known if value_from(text, Observed).roads))


def places_without(library: Library) -> tuple[FloatArray, FloatArray]:
    """Give places of runs that lie in no terrain model: longitude and latitude of each tenth fix [deg]."""
    files = surveys(library.connection)
    places = [np.column_stack([x, y])[::_EACH] for _, x, y in library.positions()]
    whole = np.concatenate([np.empty((0, 2)), *places])
    free = whole[~_within_any(whole, files)]
    return free[:, 0], free[:, 1]


def _within_any(places_deg: FloatArray, files: Sequence[Survey]) -> NDArray[np.bool_]:
    inside = np.zeros(len(places_deg), dtype=bool)
    for one in files:
        if isinstance(one, TerrainFile):
            west, south, east, north = one.bounds_deg()
            x, y = places_deg.T
            inside |= (x >= west) & (x <= east) & (y >= south) & (y <= north)
    return inside
