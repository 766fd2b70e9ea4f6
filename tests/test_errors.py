"""One root for everything a caller may see; children carry the facts and say them too."""

import inspect
import pickle
from pathlib import Path

import pytest

from camber import errors

CHILDREN = [
    thing
    for _, thing in inspect.getmembers(errors, inspect.isclass)
    if issubclass(thing, Exception) and thing is not errors.CamberError
]


@pytest.mark.parametrize("child", CHILDREN)
def test_every_error_has_the_one_root_and_is_a_value_error(child):
    """The root catches all of camber; ValueError is what callers who know only Python expect.

    A library that is locked, or newer, is no fault of a value that was given.
    """
    assert issubclass(child, errors.CamberError)
    assert issubclass(child, ValueError) != issubclass(child, errors.LibraryError)


def test_the_root_is_no_value_error():
    """Whoever catches ValueError round other code must not swallow what is not one."""
    assert not issubclass(errors.CamberError, ValueError)


@pytest.mark.parametrize(
    "kind",
    [
        errors.RecordingError,
        errors.UnsupportedFormatError,
        errors.DamagedFileError,
        errors.NoTrackError,
        errors.RoadsError,
        errors.NoRoadsError,
    ],
)
def test_a_file_error_names_the_file_and_keeps_it(kind):
    error = kind("nothing to read; export it again", path=Path("runs/monday.gpx"))
    assert error.path == Path("runs/monday.gpx")
    assert "monday.gpx" in str(error)
    assert str(error).endswith("nothing to read; export it again")


def test_a_recording_error_says_at_which_line_reading_stopped():
    error = errors.DamagedFileError("tag is never closed", path="monday.gpx", offset=120)
    assert error.offset == 120
    assert str(error) == "monday.gpx, line 120: tag is never closed"
    assert errors.DamagedFileError("empty", path="monday.gpx").offset is None


def test_outside_roads_keeps_both_areas():
    error = errors.OutsideRoadsError(
        "get roads for Lahti",
        path="kouvola.osm.pbf",
        track_bounds_deg=(25.5, 60.9, 25.7, 61.0),
        roads_bounds_deg=(26.6, 60.8, 26.8, 60.9),
    )
    assert error.track_bounds_deg == (25.5, 60.9, 25.7, 61.0)
    assert error.roads_bounds_deg == (26.6, 60.8, 26.8, 60.9)
    assert isinstance(error, errors.RoadsError)


def test_a_table_error_lists_every_problem_on_its_own_line():
    error = errors.TableError("Track", ["column a is missing", "column b has missing values in rows 3"])
    assert error.table == "Track"
    assert error.problems == ("column a is missing", "column b has missing values in rows 3")
    assert str(error).splitlines() == [
        "Track does not follow its schema:",
        "  - column a is missing",
        "  - column b has missing values in rows 3",
    ]


def test_a_table_error_does_not_change_with_the_list_it_was_given():
    problems = ["column a is missing"]
    error = errors.TableError("Track", problems)
    problems.append("later")
    assert error.problems == ("column a is missing",)


def test_a_settings_error_names_the_key():
    error = errors.SettingsError("lateral.threshold is 3; allowed is 0.5 to 1", key="lateral.threshold")
    assert error.key == "lateral.threshold"
    assert str(error) == "lateral.threshold is 3; allowed is 0.5 to 1"


@pytest.mark.parametrize(
    "error",
    [
        errors.CamberError("what happened"),
        errors.DamagedFileError("it ends early", path="run.gpx", offset=7),
        errors.OutsideRoadsError(
            "elsewhere", path="a.pbf", track_bounds_deg=(0, 1, 2, 3), roads_bounds_deg=(4, 5, 6, 7)
        ),
        errors.TableError("Track", ["column x is missing"]),
        errors.SettingsError("out of range", key="draws"),
    ],
)
def test_an_error_crosses_processes_with_its_facts(error):
    """Readers run in worker processes: what they raise must arrive."""
    arrived = pickle.loads(pickle.dumps(error))  # noqa: S301 - made two lines above
    assert type(arrived) is type(error)
    assert str(arrived) == str(error)
    assert vars(arrived) == vars(error)
