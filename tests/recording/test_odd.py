"""Real odd, old and broken files: each is read or named, and never costs more than itself."""

import gzip
import re

import pytest

from camber.errors import NoTrackError, RecordingError, UnsupportedFormatError
from camber.recording import read_recording


def test_every_odd_file_is_read_or_named(odd_files):
    """Skips where the real files are absent."""
    outcomes = {}
    for path in odd_files:
        try:
            recording = read_recording(path)
        except RecordingError as error:
            outcomes[path.name] = type(error)
        else:
            outcomes[path.name] = len(recording.fixes)
            assert recording.source == path.name
    assert all(
        outcome is UnsupportedFormatError
        for name, outcome in outcomes.items()
        if name.endswith((".fit", ".tcx"))
    )
    assert sum(isinstance(outcome, int) for outcome in outcomes.values()) >= 23
    assert outcomes["empty-trkseg.gpx"] is NoTrackError


def test_no_point_of_a_readable_file_is_lost(odd_files):
    """Skips where the real files are absent; the count of tags is the independent count."""
    for path in odd_files:
        try:
            recording = read_recording(path)
        except RecordingError:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        is_route = any(problem.code == "route" for problem in recording.problems)
        expected = len(re.findall("<rtept[ >]" if is_route else "<trkpt[ >]", text))
        assert len(recording.fixes) == expected, path.name


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_real_file_cut_short_is_named(odd_files, read, share):
    """Skips where the real files are absent."""
    content = next(path for path in odd_files if path.name == "cerknicko-jezero.gpx").read_bytes()
    for whole in (content, gzip.compress(content)):
        with pytest.raises(RecordingError):
            read(whole[: int(share * len(whole))])
