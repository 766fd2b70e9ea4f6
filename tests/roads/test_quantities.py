"""Numbers as mappers write them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camber.roads import quantities


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("3", 3.0),
        ("3.5", 3.5),
        ("3,5", 3.5),
        (".5", 0.5),
        (" 3.5 m ", 3.5),
        ("3.5m", 3.5),
        ("4 metres", 4.0),
        ("350 cm", 3.5),
        ("0.01 km", 10.0),
        ("12'", 3.6576),
        ("12 ft", 3.6576),
        ("12 feet", 3.6576),
        ("12'6\"", 3.81),
        ("12' 6''", 3.81),
        ("12 ft 6 in", 3.81),
        ("30 in", 0.762),
    ],
)
def test_lengths(text, metres):
    assert quantities.metres(text) == pytest.approx(metres)


@pytest.mark.parametrize(
    "text", ["", "ca. 3", "3-4", "3;4", "wide", "3 m 4", "3..5", "1e3", "nan", "inf", "m"]
)
def test_what_is_no_length(text):
    assert quantities.metres(text) is None


@pytest.mark.parametrize(
    ("text", "speed"),
    [
        ("50", 50.0),
        ("50 km/h", 50.0),
        ("30 mph", 48.28032),
        ("30mph", 48.28032),
        ("10 knots", 18.52),
        ("walk", 7.0),
        ("DE:urban", 50.0),
        ("DE:rural", 100.0),
        ("FR:rural", 80.0),
        ("PL:rural", 90.0),
        ("BE-VLG:rural", 70.0),
        ("RU:urban", 60.0),
        ("GB:urban", 48.28032),
        ("DE:zone:30", 30.0),
        ("DE:zone30", 30.0),
        ("DE:30", 30.0),
        ("GB:zone20", 32.18688),
        ("DE:living_street", 20.0),
        ("GB:nsl_single", 96.56064),
        ("GB:nsl_dual", 112.65408),
    ],
)
def test_speeds(text, speed):
    assert quantities.kilometres_per_hour(text) == pytest.approx(speed)


@pytest.mark.parametrize("text", ["none", "signals", "variable", "DE:motorway"])
def test_speeds_that_name_no_number_are_understood(text):
    assert math.isnan(quantities.kilometres_per_hour(text))


@pytest.mark.parametrize("text", ["", "fast", "50;30", "de:urban", "DE:nonsense", "50 m/s"])
def test_what_is_no_speed(text):
    assert quantities.kilometres_per_hour(text) is None


@pytest.mark.parametrize(
    ("text", "slope"),
    [
        ("2.5%", 2.5),
        ("2.5 %", 2.5),
        ("-2,5 %", -2.5),
        ("3", 3.0),
        ("+3", 3.0),
        ("2°", 3.4920769),
        ("-2 °", -3.4920769),
        ("45 deg", 100.0),
    ],
)
def test_slopes(text, slope):
    assert quantities.slope_percent(text) == pytest.approx(slope)


@pytest.mark.parametrize("text", ["", "up", "left", "90°", "2%°", "2 m"])
def test_what_is_no_slope(text):
    assert quantities.slope_percent(text) is None


def test_counts_and_whole_numbers():
    assert quantities.count("2") == 2.0
    assert quantities.count("1.5") == 1.5
    assert quantities.count("2;3") is None
    assert quantities.whole("-1") == -1
    assert quantities.whole("1.5") is None


@given(st.floats(0.1, 99.0))
def test_every_unit_tells_the_same_length(length):
    for text in (f"{length:.6f}", f"{length:.6f} m", f"{length * 100:.6f} cm", f"{length / 0.3048:.6f}'"):
        assert quantities.metres(text) == pytest.approx(length, abs=1e-5)
    feet, inches = divmod(length / 0.0254, 12)
    assert quantities.metres(f"{feet:.0f}'{inches:.6f}\"") == pytest.approx(length, abs=1e-5)


@given(st.text() | st.from_regex(r"[-+]?[0-9]{0,5}[.,]?[0-9]{0,3} ?[a-z%°'\"]{0,4}"))
def test_no_text_raises(text):
    for read in (
        quantities.metres,
        quantities.kilometres_per_hour,
        quantities.slope_percent,
        quantities.count,
        quantities.whole,
    ):
        value = read(text)
        assert value is None or isinstance(value, (int, float))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("30 @ (22:00-06:00)", (("30", "22:00-06:00"),)),
        ("no @ wet", (("no", "wet"),)),
        (
            "80 mph@(Mo-Fr 07:00-09:00; PH off); 60 @ snow",
            (("80 mph", "Mo-Fr 07:00-09:00; PH off"), ("60", "snow")),
        ),
        ("destination @ (weight>7.5 AND length>5);", (("destination", "weight>7.5 AND length>5"),)),
        *(
            (text, None)
            for text in ("", "30", "@ (22:00)", "30 @", "30 @ ()", "30 @ (22:00", "30 @ 22:00)", "30;@")
        ),
        ("30 @ (a) @ (b)", None),
        ("30 @ a; 40", None),
    ],
)
def test_values_that_hold_at_times(text, parts):
    assert quantities.conditional(text) == parts


@given(st.text(alphabet="30 @();ab", max_size=40))
def test_no_condition_raises_and_all_parts_are_whole(text):
    for value, condition in quantities.conditional(text) or ():
        assert value.strip() == value != ""
        assert condition.strip() == condition != ""
