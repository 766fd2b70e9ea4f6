"""What lies in a privacy zone never leaves: cut from junction to junction around another middle."""

import numpy as np
import pytest
import shapely

from camber.errors import LibraryError
from camber.library.zones import CUT, add_zone, add_zones, list_zones, remove_zone, within
from camber.recording.archive import PrivacyZone


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
    monkeypatch.setattr("camber.library.zones.secrets.SystemRandom", Westward)
    west = 380.0 / (111_195.0 * np.cos(np.radians(home[0])))
    add_zone(library, home[0], home[1] - west, 400.0)


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
    add_zone(library, *home, 200.0)
    assert len(library.stretches(runs_of(library))) == before


def test_the_middle_of_what_is_cut_is_somewhere_else_and_stays(library, home):
    add_zone(library, *home, 300.0)
    circles = [tuple(row) for row in library.connection.execute(CUT)]
    latitude, longitude, radius = circles[0]
    north = (latitude - home[0]) * 111_195
    east = (longitude - home[1]) * 111_195 * np.cos(np.radians(home[0]))
    assert 240.0 < np.hypot(north, east) < 460.0
    assert radius >= 300.0 + np.hypot(north, east) - 5.0
    add_zone(library, *home, 300.0)  # once more is no second draw
    assert [tuple(row) for row in library.connection.execute(CUT)] == circles


def test_the_zones_of_an_export_are_taken_over_once(library, home):
    zones = [PrivacyZone(*home, 400.0), PrivacyZone(0.0, 0.0, 1.0)]
    assert add_zones(library, zones) == 2
    assert add_zones(library, zones) == 0
    assert [zone.radius_m for zone in list_zones(library)] == [400.0, 200.0]
    remove_zone(library, list_zones(library)[0].zone)
    assert len(list_zones(library)) == 1


@pytest.mark.parametrize(
    ("values", "said"), [((91.0, 0.0, 300.0), "no place"), ((60.0, 20.0, 10.0), "radius")]
)
def test_what_is_no_zone_is_refused(library, values, said):
    with pytest.raises(LibraryError, match=said):
        add_zone(library, *values)
    with pytest.raises(LibraryError, match="no zone 7"):
        remove_zone(library, 7)
