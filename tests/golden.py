"""What camber finds on a fixed set of runs, in numbers that a change of the results changes.

``python tests/golden.py`` compares with `tests/golden.json`; ``--bits`` prints a digest of every bit instead,
to compare two states of the code on one machine; ``--write`` writes the file anew, after raising the number
in `camber.versions`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import fields, is_dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

import camber
from camber import simulate
from camber.lateral import pool_evidence

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"
SHARED = ROOT / "../shared/data"
FILE = Path(__file__).with_suffix(".json")

TOWN_OF = {"2026-11-20_city_sidewalks.gpx": "helsinki"}
"""Extract of each run of the sample week that does not lie in Kouvola."""

RIDE, RIDE_MAP = SHARED / "traces/tomtom-runner3-ride.fit", SHARED / "osm/heidelberg_ors.osm.pbf"
"""A real recording on a real map, beside the project."""

BRISTOL = SHARED / "osm/osm2streets_bristol_contraflow_cycleway.osm"
"""A real map where traffic keeps left, beside the project."""

AGREEMENT = 1e-9
"""How far sums may part, as a share of the sum of their terms: machines round differently, models do more."""

_STAGES = (
    *("track", "matched", "candidates", "path", "lateral", "lateral_histories", "sloped", "slope_histories"),
    *("exposure", "draws", "summary", "evidence"),
)


def sample_recordings() -> dict[str, camber.Recording]:
    """Read the six recordings of the sample week."""
    return {path.name: camber.read_recording(path) for path in sorted((DATA / "week").glob("*.gpx"))}


def sample_roads() -> dict[str, camber.Roads]:
    """Read the two extracts of the sample."""
    return {town: camber.read_roads(DATA / f"{town}.osm.pbf") for town in ("helsinki", "kouvola")}


def sample_results() -> Iterator[tuple[str, Any]]:
    """Everything found on the sample week: each run alone, and two of them told by the others."""
    recordings, roads = sample_recordings(), sample_roads()
    evidence = []
    for file, recording in recordings.items():
        analysis = camber.analyse(recording, roads[TOWN_OF.get(file, "kouvola")], with_suggestions=False)
        evidence.append(analysis.evidence)
        yield from _stages(file, analysis)
    learned = pool_evidence(evidence)
    for file in ("2026-11-18_loop_with_a_habit.gpx", "2026-11-20_city_sidewalks.gpx"):
        analysis = camber.analyse(
            recordings[file], roads[TOWN_OF.get(file, "kouvola")], learned=learned, with_suggestions=False
        )
        yield from _stages(f"{file} told", analysis)


def ride_results() -> Iterator[tuple[str, Any]]:
    """Everything found on a real recording under trees."""
    yield from _stages(
        "ride",
        camber.analyse(camber.read_recording(RIDE), camber.read_roads(RIDE_MAP), with_suggestions=False),
    )


def bristol_results() -> Iterator[tuple[str, Any]]:
    """A simulated run where traffic keeps left, and everything found on it."""
    roads = camber.read_roads(BRISTOL)
    rng = np.random.default_rng(2026)
    route = simulate.random_tour(roads, 0, 3000.0, simulate.Preference(), rng)
    run = simulate.simulate_run(roads, route, simulate.Setup(), rng)
    yield "bristol: simulated", run
    yield from _stages("bristol", camber.analyse(run.recording, roads, with_suggestions=False))


def tables() -> Iterator[tuple[str, Any]]:
    """The assumptions as they are packaged: the runs above meet few of their rows."""
    for path in sorted((ROOT / "camber/standards").iterdir()):
        if path.suffix in {".csv", ".gz"}:
            yield path.name, sha256(path.read_bytes()).hexdigest()


def _stages(label: str, analysis: camber.Analysis) -> Iterator[tuple[str, Any]]:
    for stage in _STAGES:
        yield f"{label}: {stage}", getattr(analysis, stage)


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Take a value apart into named arrays of numbers."""
    if isinstance(value, pd.DataFrame):
        yield f"{name}.index", _numbers(value.index)
        for column in value.columns:
            yield f"{name}.{column}", _numbers(value[column])
    elif is_dataclass(value):
        for field in fields(value):
            if field.name != "settings":
                yield from leaves(getattr(value, field.name), f"{name}.{field.name}")
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{name}.{key}")
    elif isinstance(value, np.ndarray | pd.Series | pd.Index):
        yield name, _numbers(pd.Series(value.ravel()) if isinstance(value, np.ndarray) else value)
    elif isinstance(value, tuple | list):
        for place, inner in enumerate(value):
            yield from leaves(inner, f"{name}.{place}")
    else:
        yield name, _numbers(pd.Series([value]))


def _numbers(values: pd.Series | pd.Index) -> np.ndarray:
    """Numbers as they are, times as seconds, lines as coordinates, all else as the digest of its text."""
    if getattr(values, "dtype", None) == "geometry":
        return shapely.get_coordinates(np.asarray(values)).ravel()
    if isinstance(values.dtype, pd.DatetimeTZDtype) or values.dtype.kind == "M":
        return values.astype("int64").to_numpy() / 1e9
    if values.dtype.kind in "fiub":
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    if values.dtype.kind == "O" and all(isinstance(v, float | int | np.number) for v in values):
        return np.array([float(v) for v in values])
    texts = [str(v).encode() for v in values]
    return np.array([int.from_bytes(sha256(text).digest()[:4], "big") for text in texts], dtype=np.float64)


def sums(array: np.ndarray) -> tuple[float, float]:
    """Give a sum that depends on every value and its place, and the size of its terms."""
    known = np.isfinite(array)
    weight = 1.0 + 0.5 * np.cos(np.arange(len(array)) * 0.7390851332151607)
    terms = np.where(known, np.where(known, array, 0.0) * weight, 1e3 * weight)
    return float(terms.sum()), float(np.abs(terms).sum())


def differences(kind: str, results: Iterator[tuple[str, Any]]) -> list[str]:
    """Name what differs from the file."""
    expected = json.loads(FILE.read_text(encoding="utf-8"))[kind]
    found = []
    for label, value in results:
        known = expected.get(label, {})
        names = [name for name, _ in leaves(value)]
        found += [f"{label}{name}: is missing" for name in known if name not in names]
        for name, array in leaves(value):
            total, size = sums(array)
            if name not in known or abs(known[name] - total) > AGREEMENT * max(size, 1.0):
                found.append(f"{label}{name}: {total!r}, was {known.get(name)!r}")
    return found


def recorded(results: Iterator[tuple[str, Any]]) -> dict[str, dict[str, float]]:
    """Turn results into what the file holds."""
    return {
        label: {name: float(f"{sums(array)[0]:.13g}") for name, array in leaves(value)}
        for label, value in results
    }


def kinds() -> dict[str, Iterator[tuple[str, Any]]]:
    """What is compared, by the name of what guards it."""
    found: dict[str, Iterator[tuple[str, Any]]] = {
        "READING": iter(sample_recordings().items()),
        "ROADS": iter(sample_roads().items()),
        "TABLES": tables(),
        "MODEL": sample_results(),
    }
    if RIDE.exists():
        found["RIDE"] = ride_results()
    if BRISTOL.exists():
        found["BRISTOL"] = bristol_results()
    return found


def main() -> None:
    """Compare, print the bits, or write."""
    if "--write" in sys.argv:
        document = {kind: recorded(results) for kind, results in kinds().items()}
        FILE.write_text(json.dumps(document, indent=0) + "\n", encoding="utf-8")
    for kind, results in kinds().items():
        if "--bits" in sys.argv:
            state = sha256()
            for _, value in results:
                for _, array in leaves(value):
                    state.update(array.tobytes())
            print(kind, state.hexdigest()[:16])
        else:
            parted = differences(kind, results)
            print(kind, "as before" if not parted else "\n  ".join(["differs:", *parted[:40]]))


if __name__ == "__main__":
    main()
