"""Windows: a long section is cut for the memory's sake, and nothing else."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from camber.matching import _fixes
from camber.matching.inference import _windows, infer
from camber.schema import MatchingSettings
from camber.track import prepare_track


@pytest.mark.parametrize("sections", [[10], [100], [3, 90, 7], [25] * 6, [1] * 40, [24, 26, 51, 1]])
def test_windows_cover_everything_and_overlap_only_inside_sections(sections):
    borders = np.concatenate([[0], np.cumsum(sections)])
    starts = np.zeros(borders[-1], dtype=bool)
    starts[borders[:-1]] = True
    windows = _windows(starts, 25, 5)
    assert windows[0][0] == 0
    assert windows[-1][1] == len(starts)
    for (_, end), (begin, _) in pairwise(windows):
        assert begin in (end, end - 5)
        assert (begin == end) == starts[end]
    assert all(0 < end - begin <= 25 for begin, end in windows)


def test_windows_say_what_one_look_at_everything_says(high_street, run, record):
    """Along one street the past is forgotten within a window's overlap."""
    time_s, xy = run([(5.0, 0.0), (395.0, 0.0)], step_s=0.25, right_m=2.0)
    track, _ = prepare_track(record(time_s, xy), crs=high_street.crs)
    model = MatchingSettings()
    fixes = _fixes(track, model)
    given = (fixes, high_street, 100.0, model)
    whole, cut = infer(*given), infer(*given, window=200, overlap=100)
    assert np.abs(whole.posterior - cut.posterior).max() < 1e-3
    for one, other in zip(whole[:-1], cut[:-1], strict=True):
        assert np.array_equal(one, other)
