"""A library that was hit is told from an empty one, and heals from what lies beside its database."""

import os
import sqlite3
from contextlib import closing

import pytest

from camber.errors import LibraryError
from camber.library import open_library
from camber.library.checking import check_library
from camber.library.database import FILE_NAME
from camber.library.importing import import_paths
from camber.library.repair import read_originals_again, repair_database
from camber.library.sealing import tables_of
from camber.roads.tiles import TileStore, add_file
from tests.benchmarks import bit_flips

FLIPS = int(os.environ.get("CAMBER_FLIPS", "9"))
KEPT = ("activity", "input", "original", "fixes", "zone", "told_day", "preference", "answer")


def rows(connection):
    known = {table.name for table in tables_of(connection)}
    return {
        name: sorted(map(repr, map(tuple, connection.execute(f"SELECT * FROM {name}"))))  # noqa: S608 - above
        for name in KEPT
        if name in known
    }


def missing(path):
    path.unlink()


def emptied(path):
    path.write_bytes(b"")


def cut_short(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def of_a_newer_camber(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")


def head_flipped(path):
    data = bytearray(path.read_bytes())
    data[3] ^= 4
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("harm", [missing, emptied, cut_short, of_a_newer_camber, head_flipped])
def test_a_database_that_was_hit_is_built_again_with_what_the_runner_told(library, harm):
    with library.writing() as connection:
        connection.execute("INSERT INTO preference VALUES ('note', 'mine')")
        connection.execute("UPDATE activity SET title = 'Mine', gear = 'Blue' WHERE activity_id = 1")
    before = rows(library.connection)
    library.close()
    harm(library.path)
    if harm is not cut_short:  # that opens, and is found when it is looked at
        with pytest.raises(LibraryError):
            open_library(library.folder)
    repair_database(library.folder)
    with open_library(library.folder) as healed:
        assert read_originals_again(healed) == ()
        assert rows(healed.connection) == before
        assert check_library(healed).findings == ()
    assert (library.folder / "damaged").is_dir()


def test_one_row_that_was_hit_comes_from_the_snapshot_and_results_stay(library):
    with library.writing() as connection:
        connection.execute("UPDATE activity SET title = 'Mine' WHERE activity_id = 1")
    before, results = rows(library.connection), library.connection.execute("SELECT count(*) FROM result")
    count = results.fetchone()[0]
    library.close()
    with closing(sqlite3.connect(library.path)) as other:
        other.execute("UPDATE activity SET title = 'Nine' WHERE activity_id = 1")
        hit = "activity_id = (SELECT min(activity_id) FROM traversal) AND seq = 0"
        assert other.execute(f"UPDATE traversal SET to_m = to_m + 1 WHERE {hit}").rowcount == 1  # noqa: S608
        other.commit()
    repair_database(library.folder)
    with open_library(library.folder) as healed:
        assert rows(healed.connection) == before
        assert healed.connection.execute("SELECT count(*) FROM result").fetchone()[0] == count - 1


def test_flipped_bits_that_do_harm_are_found_and_heal(analysed, town, tmp_path):
    """A few of the thousand that `tests/benchmarks/bit_flips.py` makes in database, originals and map."""
    add_file(town, TileStore(tmp_path / "roads"), None)
    made = bit_flips.flips(analysed, tmp_path / "roads", FLIPS)
    assert {one.place for one in made if one.harms} >= {"original", "tile"}
    assert [one for one in made if one.harms and not one.found] == []
    assert [one for one in made if not one.healed] == []


def test_a_sound_library_is_left_alone(library):
    library.close()
    before = library.path.read_bytes()
    assert repair_database(library.folder) is None
    assert library.path.read_bytes() == before


def test_an_original_that_is_gone_or_changed_comes_back_with_its_file(library, runs_of_town):
    first, second = sorted((library.folder / "originals").rglob("*.gz"))[:2]
    first.unlink()
    second.chmod(0o600)
    second.write_bytes(b"\0" + second.read_bytes()[1:])
    assert len(check_library(library).findings) == 2
    import_paths(library, [runs_of_town])
    assert check_library(library).findings == ()


def test_originals_without_a_database_are_no_empty_library(library):
    library.close()
    (library.folder / FILE_NAME).unlink()
    with pytest.raises(LibraryError, match="--repair"):
        open_library(library.folder)
