"""A flipped bit in anything that was stored is found and named."""

import shutil

import numpy as np
import pytest

from camber.library import open_library
from camber.library.checking import check_library

TEXTS = (("activity", "source"), ("activity", "problems"), ("result", "summary"), ("result", "suggestions"),
         ("result", "version"), ("evidence", "value"))  # fmt: skip
BLOBS = (("fixes", "data"), ("result", "draws"), ("result", "exposure"), ("segment", "line"),
         ("segment", "junctions"))  # fmt: skip


def test_a_sound_library_has_no_findings(library):
    assert check_library(library).findings == ()


@pytest.mark.parametrize(("table", "column"), [*TEXTS, *BLOBS])
@pytest.mark.parametrize("seed", range(2))
def test_a_change_in_any_payload_is_found(library, table, column, seed):
    rng = np.random.default_rng(seed)
    rows = library.connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall()  # noqa: S608
    rowid, value = rows[int(rng.integers(len(rows)))]
    library.connection.execute(
        f"UPDATE {table} SET {column} = ? WHERE rowid = ?",  # noqa: S608 - names above
        (_changed(value, rng), rowid),
    )
    assert check_library(library).findings


def _changed(value, rng):
    if isinstance(value, str):
        return value[:1] + ("x" if value[1:2] != "x" else "y") + value[2:]
    data = bytearray(value)
    # The two bytes of zlib's header hold flags that change nothing of the content.
    data[int(rng.integers(2, len(data)))] ^= 1 << int(rng.integers(8))
    return bytes(data)


@pytest.mark.parametrize("seed", range(3))
def test_a_flipped_bit_in_an_original_file_is_found_and_named(library, seed):
    rng = np.random.default_rng(seed)
    files = sorted((library.folder / "originals").rglob("*.gz"))
    path = files[int(rng.integers(len(files)))]
    data = bytearray(path.read_bytes())
    data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
    path.chmod(0o600)
    path.write_bytes(bytes(data))
    (finding,) = check_library(library).findings
    assert finding.where.endswith(path.name)


def test_what_is_missing_is_found(library):
    next((library.folder / "originals").rglob("*.gz")).unlink()
    library.connection.execute("DELETE FROM traversal WHERE seq = 0")
    said = " ".join(finding.what for finding in check_library(library).findings)
    assert "cannot be read" in said
    assert "is not as it was written" in said


def test_a_damaged_page_is_found(library, tmp_path):
    library.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = tmp_path / "copy"
    shutil.copytree(library.folder, copy)
    path = copy / "runs.sqlite"
    data = bytearray(path.read_bytes())
    data[4096 * 3 : 4096 * 4] = bytes(4096)
    path.write_bytes(bytes(data))
    with open_library(copy) as damaged:
        assert check_library(damaged).findings


def test_an_open_file_is_found(library):
    library.path.chmod(0o644)
    assert any("open to others" in finding.what for finding in check_library(library).findings)
