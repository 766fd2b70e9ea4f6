"""The rule of signs and units, in literal cases; everything else is built on these."""

import numpy as np
import pytest
from pyproj import Transformer

from camber import conventions
from camber.schema.tables import P_STATES


def test_the_lateral_states_lie_from_left_to_right():
    assert conventions.LATERAL_STATES == (
        "left_sidewalk",
        "left_edge",
        "centre",
        "right_edge",
        "right_sidewalk",
        "other",
    )
    assert tuple(f"p_{state}" for state in conventions.LATERAL_STATES) == P_STATES


def test_states_mirror_into_states():
    """Turning round swaps left and right and nothing else, so every state has its mirror at its place."""
    swap = {"left": "right", "right": "left"}
    mirrored = ["_".join(swap.get(word, word) for word in s.split("_")) for s in conventions.LATERAL_STATES]
    assert mirrored == [*conventions.LATERAL_STATES[4::-1], "other"]


def test_enumerations_are_plain_text_in_tables_and_files():
    assert f"{conventions.Verdict.TILTED_UNKNOWN}" == "tilted_unknown"
    assert conventions.Side("left") == conventions.TrafficSide.LEFT == "left"
    assert len(set(conventions.SURFACE_KINDS)) == len(conventions.SURFACE_KINDS) == 6


def test_no_way_is_no_id():
    """OpenStreetMap ids are positive, positions of edges and streets not negative."""
    assert conventions.NO_WAY == -1


@pytest.mark.parametrize(("crs", "measured_m"), [("EPSG:3857", 4.76), ("EPSG:32632", 3.00)])
def test_three_metres_are_three_metres_in_utm_only(crs, measured_m):
    north = np.radians(51.0)
    first_eccentricity2 = 0.00669437999014
    radius = 6_378_137.0 / np.sqrt(1.0 - first_eccentricity2 * np.sin(north) ** 2) * np.cos(north)
    east_deg = np.degrees(3.0 / radius)
    to_metres = Transformer.from_crs(conventions.WGS84, crs, always_xy=True)
    x, _ = to_metres.transform([9.0, 9.0 + east_deg], [51.0, 51.0])
    assert x[1] - x[0] == pytest.approx(measured_m, abs=0.005)


def test_the_credit_names_openstreetmap():
    """ODbL 1.0, section 4.3: the notice names the source and where its licence is found."""
    assert conventions.OSM_ATTRIBUTION == "© OpenStreetMap contributors"
    assert conventions.OSM_COPYRIGHT_URL == "https://www.openstreetmap.org/copyright"
