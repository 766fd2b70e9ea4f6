"""What the reader's tests share: a small way to write GPX by hand, and to read bytes as a file."""

from itertools import count
from pathlib import Path

import pytest

from camber.recording import read_recording

ODD = Path(__file__).parents[2] / "../shared/data/odd"


def gpx(*points, header="", version="1.1", creator="test", line="", before='<?xml version="1.0"?>'):
    """GPX text of one segment; a point is its inner XML, or (attributes, inner XML)."""
    parts = []
    for number, point in enumerate(points):
        place, inner = point if isinstance(point, tuple) else (f'lat="{50 + number / 1e4}" lon="8.5"', point)
        parts.append(f"<trkpt {place}>{inner}</trkpt>\n")
    return (
        f'{before}<gpx version="{version}" creator="{creator}" xmlns="http://www.topografix.com/GPX/1/1">'
        f"{header}<trk>{line}<trkseg>\n{''.join(parts)}</trkseg></trk></gpx>"
    )


def times(*texts):
    """GPX text of points with these times."""
    return gpx(*(f"<time>{text}</time>" for text in texts))


@pytest.fixture(scope="session")
def read(tmp_path_factory):
    """Read text or bytes as a file of this name."""
    folder = tmp_path_factory.mktemp("recordings")
    numbers = count()

    def read(content, name="run.gpx", **arguments):
        place = folder / str(next(numbers))
        place.mkdir()
        path = place / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        try:
            return read_recording(path, **arguments)
        finally:
            path.unlink()
            place.rmdir()

    return read


@pytest.fixture(scope="session")
def problems():
    """Counts of a recording's problems by code."""
    return lambda recording: {problem.code: problem.count for problem in recording.problems}


@pytest.fixture(scope="session")
def odd_files():
    """Files that public projects keep as hard cases; skips where they are not at hand (they are not ours)."""
    if not ODD.is_dir():
        pytest.skip("the folder with odd recordings is absent")
    return sorted(path for path in ODD.rglob("*") if path.is_file())


@pytest.fixture(scope="session", name="gpx")
def _gpx():
    return gpx


@pytest.fixture(scope="session", name="times")
def _times():
    return times
