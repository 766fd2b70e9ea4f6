"""Two periods of a library: the same runs twice are no change, and nonsense is refused."""

from datetime import date, timedelta

import pytest

from camber.errors import SettingsError


def test_days_are_compared_with_as_many_before(library):
    last = library.last_analysed_day()
    found = library.compare(last)
    assert found.until == last
    assert found.before_from == last - timedelta(weeks=4)
    assert found.runs_before + found.runs_after == len(library.results(found.before_from, last))
    assert sum(side.before for side in found.sides) == pytest.approx(1.0)
    assert sum(side.after for side in found.sides) == pytest.approx(1.0)


def test_nothing_can_be_compared_with_nothing(library):
    last = library.last_analysed_day()
    with pytest.raises(SettingsError, match="nothing to compare"):
        library.compare(last, until=last - timedelta(days=1))
    with pytest.raises(SettingsError, match="nothing to compare"):
        library.compare(last, before_from=last)
    assert library.compare(date(1995, 1, 1), until=date(1995, 2, 1)).share is None
