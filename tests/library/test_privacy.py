"""Zones: which there are, what is no zone, and the secret of their grid, which stays."""

import pytest

from camber.errors import LibraryError
from camber.library import open_library
from camber.library.privacy import add_zone, add_zones, grid_origin_m, list_zones, remove_zone
from camber.library.regions import SQUARE_M
from camber.recording.archive import PrivacyZone

HOME = 60.17, 24.94


@pytest.fixture
def library(tmp_path):
    with open_library(tmp_path / "library") as found:
        yield found


def test_the_zones_of_an_export_are_taken_over_once(library):
    zones = [PrivacyZone(*HOME, 400.0), PrivacyZone(0.0, 0.0, 1.0)]
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


def test_the_secret_is_drawn_once_and_outlives_the_zones(library, tmp_path):
    add_zone(library.connection, *HOME, 300.0)
    drawn = grid_origin_m(library.connection)
    assert all(0.0 <= one < SQUARE_M for one in drawn)
    add_zones(library.connection, [PrivacyZone(*HOME, 400.0)])
    for zone in list_zones(library.connection):
        remove_zone(library.connection, zone.zone)
    add_zone(library.connection, *HOME, 300.0)
    assert grid_origin_m(library.connection) == drawn
    with open_library(tmp_path / "other") as other:
        add_zone(other.connection, *HOME, 300.0)
        assert grid_origin_m(other.connection) != drawn


def test_the_zone_of_an_earlier_camber_gives_its_own_secret(library):
    """It kept none, but had drawn another middle for each zone."""
    row = ("hand", "", *HOME, 300.0, 60.172, 24.944, 612.5)
    with library.writing() as connection:
        connection.execute(
            "INSERT INTO zone (source, name, latitude_deg, longitude_deg, radius_m, cut_latitude_deg, "
            "cut_longitude_deg, cut_radius_m) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
    drawn = grid_origin_m(library.connection)
    add_zone(library.connection, 60.2, 25.0, 300.0)
    remove_zone(library.connection, list_zones(library.connection)[0].zone)
    assert grid_origin_m(library.connection) == drawn
