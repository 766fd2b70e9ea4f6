"""Which terrain models lie in the wrong place, by all roads that were measured in them, and what to do then.

What a map may be off by as a whole is no fault of a model: roads are then looked for where it has them.
The files of a flight are judged together, so that a tile with three roads is not left to itself; a file whose
own roads say otherwise than those of its flight is judged by them alone.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import partial
from re import findall
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from camber.terrain.displacement import Displacement, followed, in_common
from camber.terrain.sources import Measured, key_of, moved_version

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from camber.terrain.headers import TerrainFile

    FloatArray = NDArray[np.float64]
    Flight = tuple[object, ...]
    Move = tuple[float, float]

_MUCH_THE_SAME_M: Final = 0.75
"""So far a flight's roads may seem to move when others are added, and stay where they were found [m]
(judgement: half of what a single line is off by)."""

_MUCH: Final = 0.1
"""Share of the roads of a flight from which on a file is compared with the others alone (judgement)."""


class Surveyors(NamedTuple):
    """How ways are measured: in some files; and where the middles of their roads may be, some metres away.

    The first gives what came of each way by its number, if it can be measured at all, without what was
    observed where that is known, and is told how far the roads of flights lie from where they are mapped; the
    second the places of each that has any (`camber.terrain.displacement.likely_middles`).
    """

    measure: Callable[[Collection[int], Sequence[TerrainFile], Mapping[Flight, Move]], Mapping[int, Measured]]
    middles: Callable[[Sequence[int], Sequence[TerrainFile], FloatArray], Sequence[FloatArray]]


class Misplaced(NamedTuple):
    """What changes where files lie in the wrong place.

    Ways measured anew, ways that are to be measured and could not be, sentences, and keys of files of which
    these tell.
    """

    measured: dict[int, Measured]
    left: tuple[int, ...]
    problems: tuple[str, ...]
    told: frozenset[str]


def measured_elsewhere(
    known: Mapping[int, Measured],
    files: Sequence[TerrainFile],
    fresh: Collection[str],
    asked: Collection[int],
    surveyors: Surveyors,
) -> Misplaced:
    """Find the files that lie in the wrong place, and measure their ways in others.

    Parameters
    ----------
    known : mapping of int to Measured
        What came of all ways, now or before.
    files : sequence of TerrainFile
        Terrain models that are there.
    fresh : collection of str
        Keys of files of which something is new; their flights are judged.
    asked : collection of int
        Ways that may be in other files than before.
    surveyors : Surveyors
        What measures.

    Returns
    -------
    Misplaced
        What came of the ways of files that are not used, or are used again, or whose roads lie elsewhere.
    """
    by_key = {key_of(one): one for one in files}
    ways, done, left, problems = dict(known), dict[int, Measured](), set[int](), list[str]()
    told = set[str]()
    # Files that no flight was judged for stay as they are.
    bad = {key for one in ways.values() for key, counts in one.said.items() if "displaced" in counts}
    moved = _moved_so_far(ways, by_key)
    while fresh or asked:
        flights = {by_key[key].flight for key in fresh if key in by_key}
        judged = {key for key, one in by_key.items() if one.flight in flights}
        bad -= judged
        for some, away in _displaced(ways, [by_key[key] for key in sorted(judged)], moved, surveyors):
            if away.is_of_the_model:
                told |= set(map(key_of, some))
                problems.append(_sentence(some, away))
            elif some[0].flight in flights:
                moved[some[0].flight] = _move(away)
            flights.discard(some[0].flight)  # its own files come first, then those that lie apart
        bad |= told
        again = {way for way in asked if way in ways and " " in ways[way].version}
        wrong = [
            way
            for way, one in ways.items()
            if way in again or _is_wrong(one, bad) or _is_elsewhere(one, by_key, moved)
        ]
        fitting = [one for key, one in by_key.items() if key not in bad]
        found = surveyors.measure(wrong, fitting, {key: one for key, one in moved.items() if any(one)})
        fresh, asked = set[str](), ()
        for way, new in found.items():
            if new.observed is None:
                continue
            fresh |= {key for key in new.middles if key not in ways[way].middles}
            ways[way] = done[way] = _joined(ways[way], new, bad)
            problems += new.problems
        left |= set(wrong) - set(found)
    return Misplaced(done, tuple(sorted(left - set(done))), tuple(dict.fromkeys(problems)), frozenset(told))


def _displaced(
    ways: Mapping[int, Measured],
    files: Sequence[TerrainFile],
    moved: Mapping[Flight, Move],
    surveyors: Surveyors,
) -> Iterator[tuple[list[TerrainFile], Displacement]]:
    """Give the files of some flights, those together that lie there together, and where their roads lie."""
    held: dict[str, list[int]] = defaultdict(list)
    for way in sorted(ways):
        for key, rows in ways[way].middles.items():
            if len(rows):
                held[key].append(way)
    flights: dict[Flight, list[TerrainFile]] = defaultdict(list)
    for one in files:
        flights[one.flight].append(one)
    for flight in flights.values():
        apart = [one for one in flight if len(flight) > 1 and _lies_apart(ways, held, one, flight)]
        together = [one for one in flight if one not in apart]
        for some in (*([together] if together else []), *([one] for one in apart)):
            found = _common(ways, held, some)[1]
            known = Displacement(*moved.get(some[0].flight, (0.0, 0.0)))
            if not found.is_near(known, _MUCH_THE_SAME_M):
                # Where they lie there may be more roads than show here.
                keys = set(map(key_of, some))
                there = [way for way in sorted(ways) if any(ways[way].said.get(key) for key in keys)]
                found = followed(found, len(there), partial(_moved, there, some, surveyors))
            elif known.length_m > 0.0:
                found = replace(found, east_m=known.east_m, north_m=known.north_m)
            yield some, found


def _move(away: Displacement) -> Move:
    """Say where the roads of a flight are looked for, to half a metre: where they are mapped if near."""
    return (_half(away.east_m), _half(away.north_m)) if away.is_noted else (0.0, 0.0)


def _half(value_m: float) -> float:
    return round(2.0 * value_m) / 2.0 + 0.0


def _moved_so_far(ways: Mapping[int, Measured], files: Mapping[str, TerrainFile]) -> dict[Flight, Move]:
    """Say where the roads of flights were looked for, by what the versions of their ways say of it."""
    found: dict[Flight, Move] = {}
    for one in ways.values():
        text = one.version.partition("@")[2]
        if text:
            east, north = map(float, findall(r"[+-][0-9.]+", text))
            found |= dict.fromkeys(_flights(one, files), (east, north))
    return found


def _flights(one: Measured, files: Mapping[str, TerrainFile]) -> set[Flight]:
    """Give the flights that a way was measured in."""
    used = (key for key, counts in one.said.items() if counts and "displaced" not in counts)
    return {files[key].flight for key in used if key in files}


def _is_elsewhere(one: Measured, files: Mapping[str, TerrainFile], moved: Mapping[Flight, Move]) -> bool:
    """Whether a way was looked for elsewhere than the roads of its flight lie."""
    at = one.version.partition("@")[2]
    known = (moved_version(moved[flight]) for flight in _flights(one, files) if flight in moved)
    return any(text.removeprefix("@") != at for text in known)


def _lies_apart(
    ways: Mapping[int, Measured],
    held: Mapping[str, Sequence[int]],
    file: TerrainFile,
    flight: Sequence[TerrainFile],
) -> bool:
    """Whether roads of a file lie elsewhere than those of the others of its flight do."""
    numbers, own = _common(ways, held, [file])
    whole = sum(len(held[key_of(one)]) for one in flight)
    # What holds little of a flight does not move it.
    others = [one for one in flight if one != file] if len(numbers) > _MUCH * whole else flight
    return own.differs_from(_common(ways, held, others)[1])


def _moved(
    ways: Sequence[int], files: Sequence[TerrainFile], surveyors: Surveyors, some: slice, moved_m: FloatArray
) -> Sequence[FloatArray]:
    return surveyors.middles(ways[some], files, moved_m)


def _common(
    ways: Mapping[int, Measured], held: Mapping[str, Sequence[int]], files: Sequence[TerrainFile]
) -> tuple[list[int], Displacement]:
    """Give the roads that some files hold, and what these have in common."""
    keys = list(map(key_of, files))
    numbers = sorted({way for key in keys for way in held[key]})
    rows = [[ways[way].middles[key] for key in keys if key in ways[way].middles] for way in numbers]
    return numbers, in_common([np.concatenate(some) for some in rows])


def _is_wrong(one: Measured, bad: Collection[str]) -> bool:
    """Whether a way was measured in a file that is not to be used, or not in one that is."""
    return any(counts and ("displaced" in counts) != (key in bad) for key, counts in one.said.items())


def _joined(before: Measured, new: Measured, bad: Collection[str]) -> Measured:
    """Take what other files say of a way, and note which hold it in the wrong place.

    Its version is that of all its files where it is mapped, and that of the others where it is looked for,
    and what was seen in each is kept, so that nothing is measured twice.
    """
    said = dict(new.said)
    for key in [key for key, counts in before.said.items() if counts and key in bad]:
        said[key] = {"displaced": sum(before.said[key].values())}
    apart = said.keys() & set(bad) or "@" in new.version
    version = f"{first_version(before.version)} {new.version}" if apart else new.version
    return replace(new, version=version, said=said, middles=before.middles | new.middles)


def first_version(version: str) -> str:
    """Give the version of a way in all its files, of one that is measured in some of them alone."""
    return version.split(" ", maxsplit=1)[0]


def _sentence(files: Sequence[TerrainFile], away: Displacement) -> str:
    name = files[0].place if len(files) == 1 else f"{files[0].place} and {len(files) - 1} more of its flight"
    whose, used = ("its", "it is") if len(files) == 1 else ("their", "they are")
    text = (
        f"{whose} {away.ways} roads lie at least {int(away.length_m)} m {away.towards} of where the map has"
    )
    return f"{name}: {text} them, so {used} not used: see to the coordinate system (--crs) and the origin"
