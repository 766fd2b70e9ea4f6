"""The ways of the runs measured, each once, in the terrain models and inventories that are known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import TYPE_CHECKING, Final

from camber.errors import CamberError
from camber.library.surveys import (
    asked_of,
    measured_versions,
    note_measured,
    note_survey,
    present,
    said_of_files,
    said_of_ways,
    surveys,
)
from camber.library.workers import opened
from camber.schema import Observed
from camber.terrain.mapped_ways import mapped_ways
from camber.terrain.sources import Measured, fault_of, files_of, key_of, measure_ways

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from camber.library.library import Library
    from camber.library.workers import RoadsOf, Workers
    from camber.terrain.mapped_ways import MappedWay
    from camber.terrain.sources import Survey

_WAYS_PER_LOOK: Final = 2000
_WAYS_PER_TASK: Final = 64
"""Ways that are looked up, and measured, at once (judgement: a cloud is read once for each such piece)."""

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

    def do(self) -> list[Measured]:
        """Measure them."""
        try:
            return measure_ways(self.ways, self.files, self.known)
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
    versions = {way: version for way, (_, version) in known.items()}
    answers = _answers(mapped, files, versions, pool)
    measured, done, problems = 0, 0, dict.fromkeys(found.problems)
    while some := list(islice(answers, _WAYS_PER_WRITE)):
        with library.writing():
            for one in some:
                note_measured(connection, asked[roads_of[one.way_id]], one)
        measured += sum(_says(one.said) for one in some)
        done += len(some)
        problems |= dict.fromkeys(text for one in some for text in one.problems)
        watch(done, len(mapped))
    said = said_of_ways(connection)
    kept = sum(_says(said.get(way, {})) for way in roads_of) - measured
    sentences = (*problems, *faults(library), *_of_no_use(library))
    return Surveyed(len(roads_of), measured, kept, sentences)


def _says(said: dict[str, dict[str, int]]) -> bool:
    return any(any(counts.values()) for counts in said.values())


def _looks(ways: list[int], roads_of: Mapping[int, RoadsOf]) -> Iterator[_Look]:
    for roads, group in groupby(ways, key=lambda way: roads_of[way]):
        while some := tuple(islice(group, _WAYS_PER_LOOK)):
            yield _Look(some, roads)


def _answers(
    mapped: list[MappedWay], files: tuple[Survey, ...], known: dict[int, str], pool: Workers
) -> Iterator[Measured]:
    """Measure ways in the order in which they lie in files; for those that lie in none nothing is to do."""
    around = {way.way_id: some for way, some in zip(mapped, files_of(mapped, files), strict=True)}
    for way in mapped:
        if not around[way.way_id]:
            yield Measured(way.way_id, "nowhere", way.length_m, Observed())
    there = [way for way in mapped if around[way.way_id]]
    there.sort(key=lambda way: (key_of(around[way.way_id][0]), *way.line_deg[0].tolist()))
    yield from pool.answers(_tasks(there, around, known))


def _tasks(
    ways: Iterable[MappedWay], around: Mapping[int, tuple[Survey, ...]], known: dict[int, str]
) -> Iterator[_Survey]:
    for _, group in groupby(ways, key=lambda way: around[way.way_id][0]):
        while some := tuple(islice(group, _WAYS_PER_TASK)):
            files = dict.fromkeys(one for way in some for one in around[way.way_id])
            own = {way.way_id: known[way.way_id] for way in some if way.way_id in known}
            yield _Survey(some, tuple(files), own)


def faults(library: Library) -> tuple[str, ...]:
    """Say what is wrong with files as a whole, by what came of the ways in them."""
    said = said_of_files(library.connection)
    texts = ((one, fault_of(said.get(key_of(one), {}))) for one in surveys(library.connection))
    return tuple(f"{one.place}: {text}" for one, text in texts if text)


def _of_no_use(library: Library) -> tuple[str, ...]:
    """Say which files hold none of the ways, in one sentence."""
    said = said_of_files(library.connection)
    idle = [one.place for one in surveys(library.connection) if key_of(one) not in said]
    if not idle:
        return ()
    cover = "covers" if len(idle) == 1 else f"and {len(idle) - 1} more files: they cover"
    return (f"{idle[0]}: {cover} none of the ways you run; `camber terrain wanted` names tiles that do",)
