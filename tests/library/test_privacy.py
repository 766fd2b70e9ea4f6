"""What lies in a privacy zone never leaves; a shared week holds nothing of a file, a device, a time of day.

Zones are cut from junction to junction around another middle.
"""

import json

import numpy as np
import pytest
import shapely

from camber.errors import LibraryError, SettingsError
from camber.library.days import span_named
from camber.library.privacy import (
    CUT,
    WITHHELD,
    add_zone,
    add_zones,
    list_zones,
    public_period,
    remove_zone,
    within,
)
from camber.recording.archive import PrivacyZone
from camber.report.json_document import story_json
from camber.report.page import story_page
from camber.report.story import Reader, story_of


@pytest.fixture
def month(library):
    return library.period(span_named("2026-11"), with_stretches=True)


@pytest.fixture
def home(library):
    """Where a run starts: latitude and longitude."""
    fixes = library.recording(int(library.runs().query("state == 'analysed'").index[0])).fixes
    return float(fixes["latitude_deg"].iloc[0]), float(fixes["longitude_deg"].iloc[0])


def runs_of(library):
    return [int(run) for run in library.runs().query("state == 'analysed'").index]


class Westward:
    """Draws the nearest middle, straight to the west, so that a test knows what is cut."""

    @staticmethod
    def uniform(low, high):
        return low if low > 0.0 else 0.75 * high


@pytest.fixture
def beside(library, home, monkeypatch):
    """A zone of 400 m whose edge lies 20 m east of home; what is cut reaches just as far."""
    monkeypatch.setattr("camber.library.privacy.secrets.SystemRandom", Westward)
    west = 380.0 / (111_195.0 * np.cos(np.radians(home[0])))
    add_zone(library.connection, home[0], home[1] - west, 400.0)


@pytest.mark.usefixtures("beside")
def test_nothing_that_leaves_touches_a_zone(library):
    runs = runs_of(library)
    everything, left = library.stretches(runs), library.stretches(runs, public=True)
    assert 0 < len(left) < len(everything)
    circles = library.connection.execute(CUT).fetchall()

    def inside(frame):
        places = shapely.get_coordinates(shapely.segmentize(frame.geometry.to_numpy(), 1e-5))
        return within(places[:, 1], places[:, 0], circles)

    assert inside(everything).any()
    assert not inside(left).any()


@pytest.mark.usefixtures("beside")
def test_a_road_is_hidden_from_junction_to_junction(library):
    """The zone touches the first 20 m of Rantatie, which meets another road after 300 m."""
    public = library.stretches(runs_of(library), public=True)
    on_first = public[public["way_id"] == 101]
    begin = on_first[["start_chainage_m", "end_chainage_m"]].min(axis=1)
    assert len(on_first) > 0
    assert (begin >= 299.0).all()


def test_the_runner_still_sees_all_of_it(library, home):
    before = len(library.stretches(runs_of(library)))
    add_zone(library.connection, *home, 200.0)
    assert len(library.stretches(runs_of(library))) == before


def test_the_middle_of_what_is_cut_is_somewhere_else_and_stays(library, home):
    add_zone(library.connection, *home, 300.0)
    circles = [tuple(row) for row in library.connection.execute(CUT)]
    latitude, longitude, radius = circles[0]
    north = (latitude - home[0]) * 111_195
    east = (longitude - home[1]) * 111_195 * np.cos(np.radians(home[0]))
    assert 240.0 < np.hypot(north, east) < 460.0
    assert radius >= 300.0 + np.hypot(north, east) - 5.0
    add_zone(library.connection, *home, 300.0)  # once more is no second draw
    assert [tuple(row) for row in library.connection.execute(CUT)] == circles


def test_the_zones_of_an_export_are_taken_over_once(library, home):
    zones = [PrivacyZone(*home, 400.0), PrivacyZone(0.0, 0.0, 1.0)]
    assert add_zones(library.connection, zones) == 2
    assert add_zones(library.connection, zones) == 0
    assert [zone.radius_m for zone in list_zones(library.connection)] == [400.0, 200.0]
    remove_zone(library.connection, list_zones(library.connection)[0].zone)
    assert len(list_zones(library.connection)) == 1


@pytest.mark.parametrize(
    ("values", "said"), [((91.0, 0.0, 300.0), "no place"), ((60.0, 20.0, 10.0), "radius")]
)
def test_what_is_no_zone_is_refused(library, values, said):
    with pytest.raises(LibraryError, match=said):
        add_zone(library.connection, *values)
    with pytest.raises(LibraryError, match="no zone 7"):
        remove_zone(library.connection, 7)


@pytest.fixture
def shared(library, month, beside):  # noqa: ARG001 - the zone must be there
    """The month as others may see it, beside a zone."""
    return public_period(library.connection, month)


def test_it_refuses_without_a_zone_unless_told(library, month):
    with pytest.raises(SettingsError, match="camber zones add"):
        public_period(library.connection, month)
    assert public_period(library.connection, month, without_zone=True).total.distance_m == pytest.approx(
        month.total.distance_m
    )


def test_metres_are_those_of_what_is_shown(shared, month):
    assert shared.total.distance_m < 0.9 * month.total.distance_m
    for run in shared.runs:
        drawn = shared.stretches.loc[shared.stretches["run"] == run.run, "distance_m"].sum()
        whole = next(r for r in month.runs if r.run == run.run)
        assert run.distance_m <= whole.distance_m
        # A stretch of one fix has no line.
        assert drawn == pytest.approx(run.distance_m, abs=40.0)
        parts = (run.draws.left_low_m, run.draws.right_low_m, run.draws.level_m, run.draws.unmatched_m)
        assert sum(parts).sum(axis=1) == pytest.approx(run.distance_m, rel=1e-5)
        assert run.summary.balance == whole.summary.balance


def test_the_sides_that_were_kept_tell_no_total_of_whole_runs(shared, month):
    metres, whole = (sum(side.distance_m for side in period.sides) for period in (shared, month))
    part = shared.total.distance_m / month.total.distance_m
    assert part < 0.99
    assert metres == pytest.approx(part * whole, rel=0.02)
    document = json.loads(story_json(story_of(shared, Reader.SHARED)))
    assert "distance_m" not in (document["usual"] or {})


def test_names_of_streets_with_a_hidden_part_are_withheld(shared, month):
    assert "Rantatie" in set(month.stretches["street"])
    assert "Rantatie" not in set(shared.stretches["street"])
    assert WITHHELD in set(shared.stretches["street"])


def test_nothing_tells_of_files_titles_shoes_or_times_of_day(shared, month):
    page = story_page(story_of(shared, Reader.SHARED))
    text = json.dumps(json.loads(story_json(story_of(shared, Reader.SHARED))))
    names = {run.title for run in month.runs} | {run.source for run in month.runs}
    names |= {source for source, _ in month.roads} | {"Rantatie", "Europe/Helsinki"}
    for whole in (page, text):
        for name in names:
            assert name not in whole
    starts = [run.started_at for run in month.runs]
    for whole in (page, text):
        for start in starts:
            assert f"{start:%H:%M:%S}" not in whole
    assert "start_time" not in shared.stretches
    assert all(run.started_at is None for run in shared.runs)
    assert np.isnan([week.distance_m for week in shared.weeks]).all()
