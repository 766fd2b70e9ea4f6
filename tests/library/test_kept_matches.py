"""What a run was matched to comes back to the last bit, or not at all."""

import pandas as pd
import pytest

from camber.library import open_library
from camber.library.kept_matches import keep_match, kept_match
from camber.pipeline import place
from camber.roads import read_roads
from camber.schema import Settings


@pytest.fixture(scope="module")
def placed(imported, town):
    roads = read_roads(town)
    with open_library(imported) as library:
        [run, *_] = [run for run, _, _ in library.positions()]
        return roads, place(library.recording(run), roads, Settings())


def test_it_comes_back_to_the_last_bit(placed, tmp_path):
    roads, given = placed
    size = keep_match(tmp_path / "one", given, label="run 1")
    assert size == (tmp_path / "one").stat().st_size > 0
    found = kept_match(tmp_path / "one", roads, label="run 1")
    assert found.problems == given.problems
    for name in ("track", "matched", "candidates", "path"):
        before, after = getattr(given, name), getattr(found, name)
        assert type(after) is type(before)
        pd.testing.assert_frame_equal(after, before, check_exact=True)
    assert found.track.crs == found.matched.crs == given.track.crs


def test_what_is_damaged_or_of_another_run_is_matched_again(placed, tmp_path):
    roads, given = placed
    path = tmp_path / "one"
    keep_match(path, given, label="run 1")
    assert kept_match(path, roads, label="run 2") is None
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)
    assert kept_match(path, roads, label="run 1") is None
    assert kept_match(tmp_path / "nothing", roads, label="run 1") is None


def test_where_nothing_can_be_written_nothing_is_kept(placed, tmp_path):
    assert keep_match(tmp_path / "no folder" / "one", placed[1], label="run 1") == 0
