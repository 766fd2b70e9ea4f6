"""Country and traffic side of known places."""

import time

import numpy as np
import pandas as pd
import pytest

from camber.standards import region_at
from camber.standards.borders import region_codes, traffic_side_of

PLACES = [
    ("London", -0.128, 51.507, "GB", "left"),
    ("Dublin", -6.260, 53.350, "IE", "left"),
    ("Heidelberg", 8.694, 49.409, "DE", "right"),
    ("Melbourne", 144.963, -37.814, "AU", "left"),
    ("Hobart", 147.327, -42.882, "AU", "left"),
    ("Kouvola", 26.704, 60.868, "FI", "right"),
    ("Hong Kong", 114.169, 22.319, "HK", "left"),
    ("Shenzhen, across the river", 114.060, 22.545, "CN", "right"),
    ("Macau", 113.543, 22.190, "MO", "left"),
    ("Gibraltar, British and on the right", -5.353, 36.140, "GI", "right"),
    ("La Linea, beside it", -5.347, 36.168, "ES", "right"),
    ("Charlotte Amalie, American and on the left", -64.930, 18.342, "VI", "left"),
    ("San Juan", -66.106, 18.466, "PR", "right"),
    ("New York", -74.006, 40.713, "US", "right"),
    ("Honolulu", -157.858, 21.307, "US", "right"),
    ("Belfast", -5.930, 54.597, "GB", "left"),
    ("Newry, north of the border", -6.337, 54.175, "GB", "left"),
    ("Dundalk, south of it", -6.404, 54.003, "IE", "left"),
    ("Strasbourg, west of the Rhine", 7.750, 48.580, "FR", "right"),
    ("Kehl, east of it", 7.815, 48.572, "DE", "right"),
    ("Vaduz", 9.521, 47.141, "LI", "right"),
    ("Buchs, across the Rhine", 9.466, 47.168, "CH", "right"),
    ("Basel", 7.588, 47.556, "CH", "right"),
    ("Weil am Rhein, north of it", 7.620, 47.593, "DE", "right"),
    ("Saint-Louis, west of it", 7.562, 47.587, "FR", "right"),
    ("Bad Radkersburg", 15.988, 46.689, "AT", "right"),
    ("Gornja Radgona, across the Mur", 15.990, 46.677, "SI", "right"),
    ("Irun", -1.789, 43.338, "ES", "right"),
    ("Hendaye, across the Bidasoa", -1.775, 43.357, "FR", "right"),
    ("Sheung Shui, south of the border", 114.128, 22.502, "HK", "left"),
    ("Road Town, British and on the left", -64.620, 18.427, "VG", "left"),
    ("Mae Sot", 98.574, 16.713, "TH", "left"),
    ("Myawaddy, across the Moei", 98.504, 16.687, "MM", "right"),
    ("Vatican, an enclave", 12.4534, 41.9029, "VA", "right"),
    ("Maseru, an enclave", 27.483, -29.316, "LS", "left"),
    ("Las Palmas, a reserved code", -15.430, 28.124, "ES", "right"),
    ("Ajaccio", 8.737, 41.919, "FR", "right"),
    ("Cayenne", -52.327, 4.922, "GF", "right"),
    ("Paramaribo", -55.168, 5.866, "SR", "left"),
    ("Saint Peter Port", -2.536, 49.455, "GG", "left"),
    ("Suva", 178.442, -18.142, "FJ", "left"),
    ("North Nicosia, a land without a code", 33.364, 35.195, "", "left"),
    ("off Miquelon, claimed twice: the smaller", -56.494, 47.027, "PM", "right"),
    ("the Atlantic", -30.0, 30.0, "", "right"),
    ("0 N 0 E", 0.0, 0.0, "", "right"),
]


@pytest.mark.parametrize(
    ("longitude", "latitude", "country", "side"), [p[1:] for p in PLACES], ids=[p[0] for p in PLACES]
)
def test_known_places(longitude, latitude, country, side):
    region = region_at([longitude], [latitude])
    assert region.iloc[0][["country", "traffic_side"]].to_dict() == {"country": country, "traffic_side": side}


@pytest.mark.parametrize(
    ("longitude", "latitude", "unit"),
    [
        (-6.337, 54.175, "mph"),  # Newry
        (-6.404, 54.003, "km/h"),  # Dundalk
        (-74.006, 40.713, "mph"),
        (-64.930, 18.342, "mph"),  # US Virgin Islands
        (-5.353, 36.140, "km/h"),  # Gibraltar
        (114.169, 22.319, "km/h"),
        (-30.0, 30.0, "km/h"),  # the Atlantic
    ],
)
def test_limits_are_posted_in_the_unit_of_the_place(longitude, latitude, unit):
    assert region_at([longitude], [latitude])["speed_unit"].tolist() == [unit]


@pytest.mark.parametrize("name", [place[0] for place in PLACES])
def test_places_of_one_country_at_once_are_each_as_alone(name):
    _, longitude, latitude, *_ = next(place for place in PLACES if place[0] == name)
    rng = np.random.default_rng(13)
    x, y = longitude + rng.uniform(-0.02, 0.02, 40), latitude + rng.uniform(-0.02, 0.02, 40)
    alone = pd.concat([region_at([a], [b]) for a, b in zip(x, y, strict=True)], ignore_index=True)
    pd.testing.assert_frame_equal(region_at(x, y), alone)


@pytest.mark.parametrize(
    ("code", "side"), [("GB", "left"), ("GI", "right"), ("US", "right"), ("VI", "left"), ("AC", "left")]
)
def test_the_side_of_a_country_by_hand_is_that_of_its_land(code, side):
    assert traffic_side_of(code) == side


def test_every_code_has_a_side_and_no_other_has():
    assert {traffic_side_of(code) for code in region_codes()} == {"left", "right"}
    with pytest.raises(KeyError):
        traffic_side_of("XX")


def test_many_places_at_once_are_each_as_alone():
    names = [place[3] for place in PLACES]
    region = region_at([place[1] for place in PLACES], [place[2] for place in PLACES])
    assert region["country"].tolist() == names
    assert region.index.tolist() == list(range(len(PLACES)))


def test_a_missing_coordinate_is_nowhere_and_no_place_is_no_row():
    region = region_at([np.nan, 8.694, 8.694], [49.409, np.nan, 49.409])
    assert region["country"].tolist() == ["", "", "DE"]
    assert len(region_at([], [])) == 0


@pytest.mark.parametrize("box", [(8.5, 8.8, 49.3, 49.5), (-180.0, 180.0, -60.0, 75.0)], ids=["town", "world"])
def test_an_extract_of_25_000_ways_takes_well_under_a_second(box):
    rng = np.random.default_rng(11)
    longitude, latitude = rng.uniform(*box[:2], 25_000), rng.uniform(*box[2:], 25_000)
    region_at([0.0], [0.0])
    start = time.perf_counter()
    region = region_at(longitude, latitude)
    assert time.perf_counter() - start < 0.9
    assert set(region["traffic_side"]) <= {"left", "right"}
    assert set(region["country"]) <= region_codes() | {""}


def test_some_countries_drive_on_the_left_and_each_is_of_one_mind():
    rng = np.random.default_rng(12)
    longitude = rng.uniform(-180.0, 180.0, 60_000)
    latitude = np.degrees(np.arcsin(rng.uniform(-1.0, 1.0, 60_000)))
    region = region_at(longitude, latitude).query("country != ''")
    countries = region.groupby("country")["traffic_side"].first()
    assert 0.15 < (countries == "left").mean() < 0.40
    assert region.groupby("country")["traffic_side"].nunique().max() == 1
