"""The power goes at any moment: what was on its way to the disk is lost or torn, and the library is whole.

What SQLite has not synced is the end of its log; what a system has not synced is a name in a folder. Both are
replayed from what was written: the log cut and torn anywhere, and the order of syncs and renames.
"""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from camber.library import open_library
from camber.library.checking import check_library
from camber.library.importing import import_paths
from camber.library.originals import content_of, keep_original
from tests.exports import activities, write_folder

MADE = activities(12, fixes=60)
CUTS = int(os.environ.get("CAMBER_CUTS", "16"))


@pytest.fixture(scope="module")
def under_way(tmp_path_factory):
    """The files of a library with nothing folded into its database yet, and the sources in its order."""
    place = tmp_path_factory.mktemp("cut")
    export = write_folder(place / "export", MADE)
    with open_library(place / "library") as library:
        library.connection.execute("PRAGMA wal_autocheckpoint = 0")
        import_paths(library, [export])
        shutil.copytree(library.folder, place / "copy")
        return place / "copy", _sources(library)


def test_a_log_that_was_cut_or_torn_holds_whole_files_alone_and_the_next_import_goes_on(under_way, tmp_path):
    """``CAMBER_CUTS`` sets how often."""
    folder, sources = under_way
    rng = np.random.default_rng(11)
    whole = (folder / "runs.sqlite-wal").read_bytes()
    held = set()
    for number in range(CUTS):
        cut = tmp_path / f"library{number}"
        shutil.copytree(folder, cut)
        torn = rng.bytes(int(rng.integers(0, 4096))) if number % 2 else b""
        (cut / "runs.sqlite-wal").write_bytes(whole[: int(rng.integers(0, len(whole)))] + torn)
        with open_library(cut) as library:
            findings = check_library(library).findings
            assert [finding for finding in findings if "is of no run" not in finding.what] == []
            assert _sources(library) == sources[: len(_sources(library))]
            held.add(len(_sources(library)))
    assert len(held) > 3  # or nothing was cut
    with open_library(cut) as library:
        import_paths(library, [folder.parent / "export"])
        assert check_library(library).findings == ()
        assert sorted(_sources(library)) == sorted(sources)


def _sources(library):
    there = library.connection.execute("SELECT source FROM activity ORDER BY activity_id")
    return [row[0] for row in there]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="names of open files are known on Linux alone")
def test_the_name_of_an_original_is_on_the_disk_before_a_row_speaks_of_it(tmp_path, monkeypatch):
    """A disk keeps what was synced: of a file its bytes, of a folder the names in it."""
    done = []
    sync, rename, make = os.fsync, Path.replace, Path.mkdir

    def note_sync(handle):
        done.append(("sync", Path(f"/proc/self/fd/{handle}").readlink()))
        sync(handle)

    def note_rename(self, target):
        done.append(("rename", self, Path(target)))
        return rename(self, target)

    def note_folder(self, *arguments, **how):
        if not self.exists():
            done.append(("folder", self))
        make(self, *arguments, **how)

    monkeypatch.setattr("os.fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_rename)
    monkeypatch.setattr(Path, "mkdir", note_folder)
    data = b"<gpx/>"
    keep_original(tmp_path / "library", data, content_of(data, largest=100))
    (renamed,) = (event for event in done if event[0] == "rename")
    at = done.index(renamed)
    assert ("sync", renamed[1]) in done[:at]
    assert ("sync", renamed[2].parent) in done[at:]
    made = [event for event in done if event[0] == "folder"]
    assert [event[1].name for event in made] == ["library", "originals", renamed[2].parent.name]
    for event in made:
        assert ("sync", event[1].parent) in done[done.index(event) :]
