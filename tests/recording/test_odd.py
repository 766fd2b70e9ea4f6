"""Real odd, old and broken files: each is read or named, and never costs more than itself."""

import gzip
import re

import pytest

from camber.errors import RecordingError
from camber.recording import read_recording
from tests.recording.conftest import ODD
from tests.recording.odd_outcomes import OUTCOMES


def outcome(path):
    try:
        recording = read_recording(path)
    except RecordingError as error:
        return type(error).__name__ if str(error).startswith(path.name) else str(error)
    codes = ", ".join(problem.code for problem in recording.problems)
    text = f"{recording.format} {len(recording.fixes)} {recording.sport or '-'}: {codes}"
    return text.rstrip(": ")


def test_every_odd_file_ends_as_the_table_says(odd_files):
    """Skips where the real files are absent."""
    data = ODD.parent
    paths = [*odd_files, *(path for path in (data / "exports").rglob("*.fit*"))]
    found = {path.relative_to(data).as_posix(): outcome(path) for path in paths}
    assert found == OUTCOMES


def test_no_point_of_a_readable_file_is_lost(odd_files):
    """Skips where the real files are absent; the count of tags is the independent count."""
    for path in odd_files:
        try:
            recording = read_recording(path)
        except RecordingError:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        is_route = any(problem.code == "route" for problem in recording.problems)
        tag = "<LatitudeDegrees>" if recording.format == "tcx" else "<rtept[ >]" if is_route else "<trkpt[ >]"
        of_laps = len(re.findall("<(?:Begin|End)Position>", text))
        if recording.format != "fit":
            assert len(recording.fixes) == len(re.findall(tag, text)) - of_laps, path.name


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_real_file_cut_short_is_named(odd_files, read, share):
    """Skips where the real files are absent."""
    content = next(path for path in odd_files if path.name == "cerknicko-jezero.gpx").read_bytes()
    for whole in (content, gzip.compress(content)):
        with pytest.raises(RecordingError):
            read(whole[: int(share * len(whole))])
