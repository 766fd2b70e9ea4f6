"""What it takes to make a recording of points, whatever the format that they came from."""

from __future__ import annotations

import tracemalloc

import numpy as np

from camber.recording.limits import ReadLimits
from camber.recording.outings import Leg, recordings
from camber.recording.points import Points
from camber.recording.texts import Moments

_POINTS = 500_000
_START_US = 1_700_000_000_000_000


def test_a_million_points_stay_under_150_mb() -> None:
    rows = np.arange(_POINTS)
    times = Moments(_START_US + rows * 1_000_000, np.zeros(_POINTS, dtype=bool))
    points = Points("long.gpx", ReadLimits())
    points.extend(60.0 + rows * 1e-6, 25.0 + rows * 1e-6, times, {})
    held = sum(column.itemsize * len(column) for column in points.columns.values())
    tracemalloc.start()
    (one,) = recordings(points, "gpx", [Leg(sport="running")], device=None)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(one.fixes) == _POINTS
    assert (held + most) / _POINTS < 150.0
