"""Numbers, times and names are read strictly, and alike everywhere."""

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camber.recording.sports import sport_of
from camber.recording.texts import clean_text, parse_number, parse_time

PATIENT = settings(deadline=None)  # a busy machine is no failure


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("51.5", 51.5),
        (" -0.25\n", -0.25),
        ("+7", 7.0),
        ("1e-3", 0.001),
        (".5", 0.5),
        ("5.", 5.0),
        ("0", 0.0),
    ],
)
def test_a_decimal_number_is_read(text, number):
    assert parse_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " ",
        "nan",
        "inf",
        "-Infinity",
        "1e400",
        "1_0",
        "51,5",
        "0x10",
        "١٢",
        "1 2",
        "--1",
        "1e",
        ".",
        "5" * 65,
    ],
)
def test_what_is_no_finite_ascii_number_is_nan(text):
    assert math.isnan(parse_number(text))


@PATIENT
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_float_survives_its_own_text(number):
    assert parse_number(repr(number)) == number


def at(*fields, zone=UTC):
    return int(datetime(*fields, tzinfo=zone).timestamp() * 1e6)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-18T18:16:41Z", at(2024, 1, 18, 18, 16, 41)),
        ("2024-01-18t18:16:41z", at(2024, 1, 18, 18, 16, 41)),
        ("  2024-01-18T18:16:41Z\n", at(2024, 1, 18, 18, 16, 41)),
        ("2024-01-18 18:16:41Z", at(2024, 1, 18, 18, 16, 41)),
        ("2024-01-18T18:16:41+02:00", at(2024, 1, 18, 16, 16, 41)),
        ("2024-01-18T18:16:41+0530", at(2024, 1, 18, 12, 46, 41)),
        ("2024-01-18T18:16:41-03", at(2024, 1, 18, 21, 16, 41)),
        ("2024-01-18T18:16:60Z", at(2024, 1, 18, 18, 17)),
        ("2016-12-31T23:59:60Z", at(2017, 1, 1)),
        ("2024-02-29T24:00:00Z", at(2024, 3, 1)),
        ("2024-01-18T18:16:41.5Z", at(2024, 1, 18, 18, 16, 41, 500_000)),
        ("2024-01-18T18:16:41,123456789Z", at(2024, 1, 18, 18, 16, 41, 123_456)),
        ("2024-01-18T18:16Z", at(2024, 1, 18, 18, 16)),
    ],
)
def test_every_written_form_of_a_time_is_read(text, expected):
    moment = parse_time(text)
    assert moment.microseconds == expected
    assert not moment.is_local


def test_a_time_without_zone_is_local():
    moment = parse_time("2024-01-18T18:16:41")
    assert moment == (at(2024, 1, 18, 18, 16, 41), True)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "yesterday",
        "2024-01-18",
        "2023-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-01-18T25:00:00Z",
        "2024-01-18T24:00:01Z",
        "2024-01-18T10:60:00Z",
        "2024-01-18T10:00:61Z",
        "2024-01-18T10:00:00+99:00",
        "2024-01-18T10:00:00+02:75",
        "0000-01-01T00:00:00Z",
        "٢٠٢٤-01-18T10:00:00Z",
        "2024-01-18T10:00:00Z" + " " * 90,
    ],
)
def test_what_is_no_time_is_none(text):
    assert parse_time(text) is None


@PATIENT
@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - the zone is drawn apart
    st.integers(-12 * 60, 14 * 60),
)
def test_times_agree_with_the_standard_library(wall, offset_min):
    aware = wall.replace(tzinfo=timezone(timedelta(minutes=offset_min)))
    since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    assert parse_time(aware.isoformat()).microseconds == since // timedelta(microseconds=1)


def test_names_lose_what_could_disguise_them():
    assert clean_text("a\x1b[31mb\u202ec\u2066d\x00e", 100) == "a[31mbcde"
    assert clean_text("two\n lines\t", 100) == "two lines"
    assert clean_text("Läufe 🏃‍♀️ 走", 100) == "Läufe 🏃‍♀️ 走"


@pytest.mark.parametrize("text", [None, "", "  ", "\u202e\x07"])
def test_a_name_of_nothing_is_none(text):
    assert clean_text(text, 100) is None


@PATIENT
@given(st.text(), st.integers(1, 50))
def test_names_are_short_single_lines(text, length):
    name = clean_text(text, length)
    assert name is None or (0 < len(name) <= length and len(name.splitlines()) == 1)


@pytest.mark.parametrize(
    ("text", "sport"),
    [
        ("9", "running"),
        ("1", "cycling"),
        ("Running", "running"),
        ("trail_running", "trail_running"),
        ("", None),
    ],
)
def test_sports_are_lower_case_and_old_numbers_are_known(text, sport):
    assert sport_of(text, 100) == sport
