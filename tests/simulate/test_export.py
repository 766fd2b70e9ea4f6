"""The sample as an export: made again it is what is committed, and it is found and read whole."""

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from camber.recording import read_stream
from camber.recording.archive import PrivacyZone, find_recordings
from camber.recording.limits import ReadLimits
from camber.roads import read_roads
from camber.simulate.week import WEEK_SEED, sample_week
from tests.simulated_export import strava_export

DATA = Path(__file__).parents[2] / "data"
EXPORT = DATA / "simulated_strava_export.zip"


@pytest.fixture(scope="module")
def week():
    return sample_week(read_roads(DATA / "kouvola.osm.pbf"), read_roads(DATA / "helsinki.osm.pbf"), WEEK_SEED)


def unpacked(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        raw = {name: archive.read(name) for name in archive.namelist()}
    # The packed bytes depend on the version of zlib, what is in them does not.
    return {name: gzip.decompress(raw[name]) if name.endswith(".gz") else raw[name] for name in raw}


def test_made_again_the_export_is_what_is_committed(week):
    assert unpacked(strava_export(week)) == unpacked(EXPORT.read_bytes())
    assert EXPORT.stat().st_size < 500_000


def test_every_run_is_found_with_its_title_and_gear_and_read_as_it_was_simulated(week):
    search = find_recordings(EXPORT)
    found = list(search)
    assert [each.source.split(".", 1)[1] for each in found] == ["gpx.gz", "fit.gz", "tcx.gz"] * 2
    assert all("simulated" in each.name.lower() and each.gear == "Simulated shoes" for each in found)
    for each, run in zip(found, week, strict=True):
        (recording,) = read_stream(io.BytesIO(each.data), each.source, ReadLimits())
        fixes = recording.fixes
        for column in ("latitude_deg", "longitude_deg"):
            np.testing.assert_allclose(fixes[column], run.recording.fixes[column], rtol=0, atol=1e-7)


def test_zones_and_units_come_along():
    search = find_recordings(EXPORT)
    assert sum(1 for _ in search) == 6
    assert search.notes.privacy_zones == (PrivacyZone(60.53, 26.948, 200.0),)
    assert search.notes.units == "metric"
