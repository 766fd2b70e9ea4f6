"""Results have a number, and it is raised when they change: else a library would keep what is out of date."""

from dataclasses import replace

import pytest

from tests import golden


def test_what_is_read_is_what_this_number_reads():
    parted = golden.differences("READING", iter(golden.sample_recordings().items()))
    assert not parted, "what is read changed: raise READING in camber/versions.py\n" + "\n".join(parted)


def test_the_roads_are_those_of_this_number():
    parted = golden.differences("ROADS", iter(golden.sample_roads().items()))
    assert not parted, "parsed roads changed: raise ROADS in camber/versions.py\n" + "\n".join(parted)


def test_the_results_are_those_of_this_number():
    parted = golden.differences("MODEL", golden.sample_results())
    assert not parted, "results changed: raise MODEL in camber/versions.py\n" + "\n".join(parted)


def test_the_assumptions_are_those_of_this_number():
    parted = golden.differences("TABLES", golden.tables())
    assert not parted, "assumptions changed: raise MODEL in camber/versions.py\n" + "\n".join(parted)


def test_a_real_ride_gives_the_results_of_this_number():
    """Skips where the recording is not beside the project."""
    if not golden.RIDE.exists():
        pytest.skip("the ride is not there: the folder ../shared is not part of the project")
    parted = golden.differences("RIDE", golden.ride_results())
    assert not parted, "results changed: raise MODEL in camber/versions.py\n" + "\n".join(parted)


def test_a_run_where_traffic_keeps_left_gives_the_results_of_this_number():
    """Skips where the map is not beside the project."""
    if not golden.BRISTOL.exists():
        pytest.skip("the map is not there: the folder ../shared is not part of the project")
    parted = golden.differences("BRISTOL", golden.bristol_results())
    assert not parted, "results changed: raise MODEL in camber/versions.py\n" + "\n".join(parted)


def test_a_small_change_is_seen():
    name, table = next(iter(golden.sample_recordings().items()))
    moved = table.fixes.assign(latitude_deg=table.fixes["latitude_deg"] + 1e-6)
    parted = golden.differences("READING", iter([(name, replace(table, fixes=moved))]))
    assert [line.partition(":")[0] for line in parted] == [f"{name}.fixes.latitude_deg"]
