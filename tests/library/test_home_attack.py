"""Two homes in real towns, attacked as `tests/benchmarks/home_attack.py` attacks sixty."""

import pytest

from tests.benchmarks import home_attack


@pytest.fixture(scope="module")
def found():
    if not home_attack.OSM.exists():
        pytest.skip("the extracts are not there: the folder ../shared is not part of the project")
    rows = [row for number in (0, 1) for row in home_attack.attack("Liechtenstein", number, [20], 2026)]
    return {rule: [row for row in rows if row["rule"] == rule] for rule in home_attack.RULES}


def test_a_circle_and_the_numbers_of_intervals_give_homes_away(found):
    """The attack can find what is there to be found."""
    for row in found["circle"]:
        assert row["numbers in the files"] < home_attack.FOUND_M
        assert row["shown"] > 0.3


def test_a_region_does_not(found):
    for row in found["region"]:
        assert min(row[name] for name in home_attack.ESTIMATORS) > home_attack.FOUND_M
        assert row["shown"] < 0.3
