"""Streets are rebuilt: an answer says less of a run of other years, and a survey as much as before."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from camber.observations.rebuilding import as_of_run
from camber.schema import Observed, RoadObserved, SidewalkObserved


@dataclass
class Run:
    started_at: datetime | None
    likely_started_at: datetime | None = None


def run(year):
    return Run(datetime(year, 7, 1, tzinfo=UTC))


ROAD = RoadObserved(7, 0.0, 100.0, year=2026)
SAID = Observed(roads=(ROAD,), sidewalks=(SidewalkObserved(7, left=True, year=2026),))


def test_a_year_before_and_a_year_after_are_one_year_away_and_doubt_grows_to_certainty():
    assert as_of_run(SAID, run(2026)) == SAID
    assert as_of_run(SAID, run(2021)) == as_of_run(SAID, run(2031))
    doubts = [as_of_run(SAID, run(year)).roads[0].p_wrong for year in (2026, 2027, 2046, 2326)]
    assert doubts[0] == 0.05
    assert doubts[1] == pytest.approx(1.0 - 0.95 * 0.98)
    assert doubts == sorted(doubts)
    assert doubts[-1] == pytest.approx(1.0, abs=0.01)
    assert as_of_run(SAID, run(2046)).sidewalks[0].p_wrong == doubts[2]


def test_what_has_no_year_or_comes_from_a_survey_and_runs_without_a_date_stay():
    for one in (replace(ROAD, year=None), replace(ROAD, source="terrain")):
        assert as_of_run(Observed(roads=(one,)), run(2046)).roads == (one,)
    assert as_of_run(SAID, Run(None)) is SAID
    assert as_of_run(SAID, Run(datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))) == SAID
    assert as_of_run(None, run(2046)) is None
