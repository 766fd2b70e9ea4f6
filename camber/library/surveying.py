"""The ways of the runs measured, each once, in the terrain models and inventories that are known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from typing import TYPE_CHECKING, Final

from camber.errors import CamberError
from camber.library.surveys import (
    asked_of,
    kept_measured,
    measured_versions,
    note_asked,
    note_measured,
    note_survey,
    present,
    said_of_files,
    said_of_ways,
    surveys,
)
from camber.library.workers import opened
from camber.schema import Observed
from camber.terrain.headers import TerrainFile
from camber.terrain.mapped_ways import mapped_ways
from camber.terrain.misplaced import Misplaced, Surveyors, first_version, measured_elsewhere
from camber.terrain.sources import Measured, fault_of, files_of, key_of, measure_ways, middles_moved

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from camber.library.choosing import RoadsOf
    from camber.library.library import Library
    from camber.library.workers import Workers
    from camber.terrain.mapped_ways import MappedWay
    from camber.terrain.sources import Survey

    FloatArray = NDArray[np.float64]
    Flight = tuple[object, ...]
    Move = tuple[float, float]

_WAYS_PER_LOOK: Final = 2000
_WAYS_PER_TASK: Final = 64
"""Ways that are looked up, and measured, at once (judgement: a cloud is read once for each such piece)."""

_WAYS_PER_MOVE: Final = 8
"""Ways that are looked for elsewhere in one piece of work (judgement: of 40, some for each process)."""

_WAYS_PER_WRITE: Final = 32
"""Ways after which what was measured is safe (judgement: some seconds)."""


@dataclass(frozen=True)
class Surveyed:
    """What came of measuring.

    Parameters
    ----------
    ways : int
        Ways of the runs.
    measured : int
        Ways whose measurement is new.
    kept : int
        Ways that had been measured before, with the same files.
    problems : tuple of str
        Sentences about files.
    """

    ways: int = 0
    measured: int = 0
    kept: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Look:
    """Some ways of the same roads, to be told from the map."""

    ways: tuple[int, ...]
    roads: RoadsOf

    def do(self) -> list[MappedWay]:
        """Say what the map has of them."""
        try:
            return mapped_ways(opened(self.roads), self.ways)
        except CamberError:
            return []  # the analysis says why

    def parts(self) -> list[_Look]:
        """Cut it into single ways."""
        return [replace(self, ways=(way,)) for way in self.ways]

    def died(self) -> list[MappedWay]:
        """Give them up."""
        return []


@dataclass(frozen=True)
class _Survey:
    """Some ways that lie near each other, the files around them, and the versions that are known."""

    ways: tuple[MappedWay, ...]
    files: tuple[Survey, ...]
    known: dict[int, str]
    moved: dict[Flight, Move] = field(default_factory=dict)

    def do(self) -> list[Measured]:
        """Measure them."""
        try:
            return measure_ways(self.ways, self.files, self.known, self.moved)
        except CamberError as error:
            return [Measured(way.way_id, "", problems=(str(error),)) for way in self.ways]

    def parts(self) -> list[_Survey]:
        """Cut it into single ways."""
        return [replace(self, ways=(way,)) for way in self.ways]

    def died(self) -> list[Measured]:
        """Give them up."""
        text = "the process that measured it died twice, perhaps for want of memory"
        return [
            Measured(way.way_id, "died", way.length_m, Observed(), problems=(f"way {way.way_id}: {text}",))
            for way in self.ways
        ]


@dataclass(frozen=True)
class _Move:
    """Some ways, to be measured as if they lay elsewhere, to see whether their roads are there."""

    ways: tuple[MappedWay, ...]
    files: tuple[TerrainFile, ...]
    moved_m: FloatArray

    def do(self) -> list[FloatArray]:
        """Find the middles of their roads."""
        return middles_moved(self.ways, self.files, self.moved_m)

    def parts(self) -> list[_Move]:
        """Cut it into single ways."""
        return [replace(self, ways=(way,)) for way in self.ways]

    def died(self) -> list[FloatArray]:
        """Give them up."""
        return []


def measure_missing(
    library: Library, roads_of: Mapping[int, RoadsOf], pool: Workers, watch: Callable[[int, int], None]
) -> Surveyed:
    """Measure ways that were not, or of which map or files have changed; `watch` is told how many are done.

    Interrupted at any time, what was done is kept.
    """
    connection = library.connection
    if not surveys(connection):
        return Surveyed()
    found = present(connection)
    with library.writing():
        for file in found.changed:
            note_survey(connection, file)
    files = (*found.there, *found.moved)
    known = measured_versions(connection)
    asked = {roads: asked_of(roads.version, files) for roads in set(roads_of.values())}
    open_ = sorted(
        (way for way, roads in roads_of.items() if known.get(way, ("", ""))[0] != asked[roads]),
        key=lambda way: (roads_of[way].version, way),
    )
    mapped = list(pool.answers(_looks(open_, roads_of)))
    versions = {way: first_version(version) for way, (_, version) in known.items()}
    answers = _answers(mapped, files, versions, pool)
    # Until their files were judged by all roads together, ways stay open.
    waiting = {way for way in roads_of if not known.get(way, ("unknown", ""))[0]}
    measured, done, problems = 0, 0, dict.fromkeys(found.problems)
    while some := list(islice(answers, _WAYS_PER_WRITE)):
        with library.writing():
            for one in some:
                note_measured(connection, "" if one.said else asked[roads_of[one.way_id]], one)
        waiting |= {one.way_id for one in some if one.said}
        measured += sum(_says(one.said) for one in some)
        done += len(some)
        problems |= dict.fromkeys(text for one in some for text in one.problems)
        watch(done, len(mapped))
    judged = frozenset[str]()
    if waiting or mapped:
        crew = _Crew(pool, roads_of, {way.way_id: way for way in mapped})
        found_bad = _judge(library, waiting, open_, files, crew)
        problems |= dict.fromkeys(found_bad.problems)
        judged = found_bad.told
        with library.writing():
            for way in waiting | found_bad.measured.keys():
                note_asked(connection, asked[roads_of[way]], way)
    said = said_of_ways(connection)
    kept = sum(_says(said.get(way, {})) for way in roads_of) - measured
    sentences = (*problems, *faults(library, judged), *_of_no_use(library))
    return Surveyed(len(roads_of), measured, kept, sentences)


@dataclass(frozen=True)
class _Crew:
    """What measures ways by their numbers: processes, the roads of each way, and what the map has of some."""

    pool: Workers
    roads_of: Mapping[int, RoadsOf]
    mapped: dict[int, MappedWay]

    def told(self, ways: Collection[int]) -> list[MappedWay]:
        """Say what the map has of some ways, as far as runs have to do with them."""
        missing = sorted(
            (way for way in ways if way in self.roads_of and way not in self.mapped),
            key=lambda way: (self.roads_of[way].version, way),
        )
        self.mapped.update((one.way_id, one) for one in self.pool.answers(_looks(missing, self.roads_of)))
        return [self.mapped[way] for way in ways if way in self.mapped]

    def measure(
        self,
        ways: Collection[int],
        files: Sequence[Survey],
        known: dict[int, str],
        moved: Mapping[Flight, Move],
    ) -> dict[int, Measured]:
        """Measure some ways in some files, whose roads may lie elsewhere; of some a version is known."""
        answers = _answers(self.told(ways), tuple(files), known, self.pool, dict(moved))
        return {one.way_id: one for one in answers}

    def middles(
        self, ways: Sequence[int], files: Sequence[TerrainFile], moved_m: FloatArray
    ) -> list[FloatArray]:
        """Find the middles of some roads, as if their ways lay elsewhere."""
        some = self.told(ways)
        pieces = [tuple(some[n : n + _WAYS_PER_MOVE]) for n in range(0, len(some), _WAYS_PER_MOVE)]
        return list(self.pool.answers(_Move(piece, tuple(files), moved_m) for piece in pieces))


def _judge(
    library: Library, fresh: Collection[int], asked: Collection[int], files: tuple[Survey, ...], crew: _Crew
) -> Misplaced:
    """Find files that lie in the wrong place, by all that was measured, and take others for their ways."""
    connection = library.connection
    known = kept_measured(connection)
    models = [one for one in files if isinstance(one, TerrainFile)]
    lists = tuple(one for one in files if one not in set(models))
    keys = {key for way in fresh & known.keys() for key in known[way].said}
    apart = {way: one.version.split(" ")[1] for way, one in known.items() if " " in one.version}
    surveyors = Surveyors(
        lambda ways, some, moved: crew.measure(ways, (*some, *lists), apart, moved), crew.middles
    )
    found = measured_elsewhere(known, models, keys, asked, surveyors)
    with library.writing():
        for one in found.measured.values():
            note_measured(connection, "", one)
        for way in found.left:
            note_asked(connection, "", way)
    return found


def _says(said: dict[str, dict[str, int]]) -> bool:
    return any(any(counts.values()) for counts in said.values())


def _looks(ways: list[int], roads_of: Mapping[int, RoadsOf]) -> Iterator[_Look]:
    for roads, group in groupby(ways, key=lambda way: roads_of[way]):
        while some := tuple(islice(group, _WAYS_PER_LOOK)):
            yield _Look(some, roads)


def _answers(
    mapped: list[MappedWay],
    files: tuple[Survey, ...],
    known: dict[int, str],
    pool: Workers,
    moved: dict[Flight, Move] | None = None,
) -> Iterator[Measured]:
    """Measure ways in the order in which they lie in files; for those that lie in none nothing is to do."""
    around = {way.way_id: some for way, some in zip(mapped, files_of(mapped, files), strict=True)}
    for way in mapped:
        if not around[way.way_id]:
            yield Measured(way.way_id, "nowhere", way.length_m, Observed())
    there = [way for way in mapped if around[way.way_id]]
    there.sort(key=lambda way: (key_of(around[way.way_id][0]), *way.line_deg[0].tolist()))
    yield from pool.answers(_tasks(there, around, known, moved or {}))


def _tasks(
    ways: Iterable[MappedWay],
    around: Mapping[int, tuple[Survey, ...]],
    known: dict[int, str],
    moved: dict[Flight, Move],
) -> Iterator[_Survey]:
    for _, group in groupby(ways, key=lambda way: around[way.way_id][0]):
        while some := tuple(islice(group, _WAYS_PER_TASK)):
            files = dict.fromkeys(one for way in some for one in around[way.way_id])
            own = {way.way_id: known[way.way_id] for way in some if way.way_id in known}
            yield _Survey(some, tuple(files), own, moved)


def faults(library: Library, told: Collection[str] = ()) -> tuple[str, ...]:
    """Say what is wrong with files as a whole, by what came of the ways in them; of some it was told."""
    said = said_of_files(library.connection)
    files = (one for one in surveys(library.connection) if key_of(one) not in told)
    texts = ((one, fault_of(said.get(key_of(one), {}))) for one in files)
    return tuple(f"{one.place}: {text}" for one, text in texts if text)


def _of_no_use(library: Library) -> tuple[str, ...]:
    """Say which files hold none of the ways, in one sentence."""
    said = said_of_files(library.connection)
    idle = [one.place for one in surveys(library.connection) if key_of(one) not in said]
    if not idle:
        return ()
    cover = "covers" if len(idle) == 1 else f"and {len(idle) - 1} more files: they cover"
    return (f"{idle[0]}: {cover} none of the ways you run; `camber terrain wanted` names tiles that do",)
