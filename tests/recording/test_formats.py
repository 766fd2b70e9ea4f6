"""GPX, TCX and FIT of one activity are one track, to the precision that each format has."""

import gzip

import numpy as np
import pandas as pd
import pytest

from camber.schema import Recording, as_fixes
from camber.simulate.gpx_writer import gpx_document
from camber.track import prepare_track
from tests.simulated_export import fit_document, tcx_document

SEMICIRCLE_DEG = 180.0 / 2**31


def activity(parts=1, count=120):
    """A run of whole seconds with a little of everything; between its parts lie 60 s."""
    rng = np.random.default_rng(5)
    rows = np.arange(count)
    part = rows * parts // count
    time = pd.Timestamp("2026-11-16T05:12:00Z") + pd.to_timedelta(rows + 60 * part, unit="s")
    frame = pd.DataFrame(
        {
            "time": time.as_unit("us"),
            "latitude_deg": (60.53 + rows * 2.5e-5 + rng.normal(0, 1e-6, count)).round(7),
            "longitude_deg": (26.95 + rng.normal(0, 1e-6, count)).round(7),
            "elevation_m": 40.0 + (rows % 50) / 5.0,
            "speed_mps": np.nan,
            "accuracy_m": np.nan,
            "cadence_spm": 160.0 + 2.0 * (rows % 10),
            "heart_rate_bpm": 120.0 + rows % 30,
            "stance_time_balance_pct": np.nan,
            "part": part.astype(np.int64),
        },
        index=pd.RangeIndex(count, name="fix_id"),
    )
    started = time[0].to_pydatetime()
    return Recording("run", "gpx", "running", None, "A run", started, "Europe/Helsinki", as_fixes(frame))


WRITERS = {
    "gpx": lambda recording: gpx_document(recording, "garmin").encode(),
    "tcx": lambda recording: tcx_document(recording).encode(),
    "fit": fit_document,
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("name", WRITERS)
def test_what_is_written_is_what_is_read(read, name, pack):
    recording = activity()
    got = read(pack(WRITERS[name](recording)), name="run")
    assert (got.format, got.sport, got.started_at) == (name, got.sport.lower(), recording.started_at)
    assert got.problems == ()
    assert got.fixes["time"].equals(recording.fixes["time"])
    step = SEMICIRCLE_DEG / 2 if name == "fit" else 0.0
    for column in ("latitude_deg", "longitude_deg"):
        np.testing.assert_allclose(got.fixes[column], recording.fixes[column], rtol=0, atol=step * 1.001)
    for column in ("elevation_m", "cadence_spm", "heart_rate_bpm"):
        np.testing.assert_allclose(got.fixes[column], recording.fixes[column], rtol=0, atol=1e-9)


def test_the_tracks_of_all_three_are_one(read):
    """One semicircle is 9.3 mm; smoothing does not make more of it."""
    tracks = [prepare_track(read(write(activity())))[0] for write in WRITERS.values()]
    for other in tracks[1:]:
        assert other.index.equals(tracks[0].index)
        assert other["section"].equals(tracks[0]["section"])
        assert other.distance(tracks[0]).max() < 0.01
        assert (other["distance_m"] - tracks[0]["distance_m"]).abs().max() < 0.02


@pytest.mark.parametrize("name", ["tcx", "fit"])
def test_a_stopped_timer_cuts_the_track(read, name):
    recording = activity(parts=3)
    assert read(WRITERS[name](recording)).fixes["part"].equals(recording.fixes["part"])


def test_what_only_fit_carries_is_read(read):
    recording = activity()
    more = recording.fixes.assign(accuracy_m=3.0, stance_time_balance_pct=51.25, speed_mps=2.75)
    fixes = read(
        fit_document(Recording("run", "fit", "running", None, None, None, None, as_fixes(more)))
    ).fixes
    assert (fixes["accuracy_m"] == 3.0).all()
    assert (fixes["stance_time_balance_pct"] == 51.25).all()
    assert (fixes["speed_mps"] == 2.75).all()


def test_laps_do_not_cut_a_tcx_track(read):
    text = tcx_document(activity(parts=2)).replace("</Track>\n    <Track>", "</Track></Lap><Lap><Track>")
    assert "</Lap><Lap>" in text
    assert read(text).fixes["part"].eq(0).all()


@pytest.mark.parametrize("blank", [" " * 10, "\n\n", "\ufeff"])
def test_stravas_blanks_before_a_tcx_are_nothing(read, blank):
    assert len(read(blank + tcx_document(activity())).fixes) == 120


def test_of_several_sports_in_one_tcx_what_was_on_foot_is_kept(read, problems):
    run = tcx_document(activity())
    inner = run[run.index("<Activity ") : run.index("</Activities>")]
    ride = inner.replace('"Running"', '"Biking"')
    recording = read(run.replace(inner, ride + inner + ride))
    assert (len(recording.fixes), recording.sport) == (120, "running")
    assert problems(recording) == {"other_sport": 120, "repeated": 120}  # the second ride is the first again
    assert recording.fixes["part"].eq(0).all()


def test_a_fit_file_cut_short_keeps_what_stands_before(read, problems):
    content = fit_document(activity())
    recording = read(content[: len(content) // 2])
    assert 30 < len(recording.fixes) < 120
    assert problems(recording) == {"partial": 1}


def test_a_flipped_bit_in_a_fit_file_is_told_by_its_checksum(read, problems):
    content = bytearray(fit_document(activity()))
    content[300] ^= 1
    assert problems(read(bytes(content)))["bad_crc"] == 1


def test_a_fit_file_chained_to_itself_counts_once(read, problems):
    content = fit_document(activity())
    recording = read(content + content)
    assert len(recording.fixes) == 120
    assert problems(recording) == {"chained": 1, "repeated": 120}
    assert recording.fixes["part"].max() == 0
