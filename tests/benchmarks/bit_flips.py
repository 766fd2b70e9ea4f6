"""Single flipped bits over database, original files and map: are all that do harm found, and do they heal?

Run with ``python tests/benchmarks/bit_flips.py --library FOLDER --roads FOLDER`` in the project's root: the
folder of a library, and that of kept roads, are copied and never written to. ``--flips 1000`` is a third in
each of the three. A flip does harm where what the library holds is not as it was, row by row and file by
file; one in a free page or between two cells does not. Of each that does, ``camber check`` has to speak, and
after ``--repair`` all is as in the library that was not hit, or what is gone is said. Prints a line for each.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from camber.errors import LibraryError  # noqa: E402 - the project's root has to be found before
from camber.library import open_library  # noqa: E402
from camber.library.checking import check_library  # noqa: E402
from camber.library.database import FILE_NAME, ORIGINALS  # noqa: E402
from camber.library.repair import put_roads_aside, read_originals_again, repair_database  # noqa: E402
from camber.library.sealing import read_rows, tables_of  # noqa: E402
from camber.library.snapshot import DERIVED  # noqa: E402
from camber.roads.tiles import TileStore  # noqa: E402

PLACES = ("database", "original", "tile")


@dataclass(frozen=True)
class Hit:
    """What came of one flip: does it do harm, is it found, and is what no other place gives as it was?"""

    place: str
    harms: bool
    found: bool
    healed: bool


def content(folder: Path) -> dict[str, list[str]] | None:
    """Every row of every table, in order; None where they cannot be read."""
    try:
        with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
            return {
                table.name: sorted(map(repr, read_rows(connection, table))) for table in tables_of(connection)
            }
    except (sqlite3.Error, UnicodeDecodeError, TypeError):
        return None


def flip(path: Path, rng: np.random.Generator) -> None:
    """Flip one bit of a file."""
    data = bytearray(path.read_bytes())
    data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
    path.chmod(0o600)
    path.write_bytes(bytes(data))


def findings(folder: Path, roads: Path) -> bool:
    """Tell whether something is said of a library and its map."""
    try:
        with open_library(folder) as library:
            return bool(check_library(library, roads).findings)
    except LibraryError:
        return True


def is_restored(before: dict[str, list[str]], folder: Path, roads: Path) -> bool:
    """Tell whether, after repair, all that is told or imported is as before, and results are or are gone."""
    after = content(folder)
    if after is None or findings(folder, roads):
        return False
    told = (before.keys() - DERIVED) | {"fixes"}
    return all(
        after[name] == rows if name in told else set(after[name]) <= set(rows)
        for name, rows in before.items()
    )


def hit(undisturbed: Path, roads: Path, place: str, rng: np.random.Generator, work: Path) -> Hit:
    """Flip a bit in a copy, look, repair, and look again."""
    folder, map_folder = work / "library", work / "roads"
    for source, target in ((undisturbed, folder), (roads, map_folder)):
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
    before = content(folder)
    assert before is not None
    paths = {
        "database": [folder / FILE_NAME],
        "original": sorted(folder.glob(ORIGINALS)),
        "tile": sorted(TileStore(map_folder).place.glob("*.tile")),
    }[place]
    path = paths[int(rng.integers(len(paths)))]
    whole = path.read_bytes()
    flip(path, rng)
    harms = place != "database" or content(folder) != before
    found = findings(folder, map_folder)
    if place == "original":  # what is imported again puts it back; nothing else knows it
        with open_library(folder) as library:
            named = any(path.name in finding.where for finding in check_library(library).findings)
        path.write_bytes(whole)
        return Hit(place, harms, named, not findings(folder, map_folder))
    repair_database(folder)
    with open_library(folder) as library:
        read_originals_again(library)
    put_roads_aside(map_folder)
    return Hit(place, harms, found, is_restored(before, folder, map_folder))


def flips(undisturbed: Path, roads: Path, count: int, seed: int = 2026) -> list[Hit]:
    """Make so many flips, each in a fresh copy, one place after the other."""
    rng = np.random.default_rng(seed)
    with TemporaryDirectory(prefix="camber-flips-") as work:
        return [hit(undisturbed, roads, PLACES[i % len(PLACES)], rng, Path(work)) for i in range(count)]


def main() -> None:
    """Flip bits, and print what was found and healed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--roads", type=Path, required=True)
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=2026)
    given = parser.parse_args()
    made = flips(given.library, given.roads, given.flips, given.seed)
    for place in PLACES:
        count = Counter()
        for one in (one for one in made if one.place == place):
            count["flips"] += 1
            count["harmful"] += one.harms
            count["missed"] += one.harms and not one.found
            count["not healed"] += not one.healed
        print(place, dict(count))


if __name__ == "__main__":
    main()
