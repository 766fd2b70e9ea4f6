"""A week is found at once in years of runs: each query goes by an index, and the whole takes milliseconds."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest

from camber.library import week_of
from camber.library.activities import ANALYSABLE
from camber.library.copies import OVERLAPPING
from camber.library.database import writing
from camber.library.frames import ANALYSED_DAYS
from camber.library.lines import WAYS_OF_RUN
from camber.library.periods import LAST_DAY, ONE_RUN, RUNS, STREET_SOURCES, TREND, VISITS
from tests.pace import slowed

ACTIVITIES = 3000
FIRST = date(2018, 1, 1)
PLANS = {
    "runs": (RUNS, 2, ("SEARCH activity USING INDEX activity_day (day>? AND day<?)",
                       "SEARCH result USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN",
                       "SEARCH failure USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN")),
    "one run": (ONE_RUN, 1, ("SEARCH activity USING INTEGER PRIMARY KEY (rowid=?)",
                             "SEARCH result USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN",
                             "SEARCH failure USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN")),
    "trend": (TREND, 2, ("SEARCH activity USING COVERING INDEX activity_day (day>? AND day<?)",
                         "SEARCH result USING INTEGER PRIMARY KEY (rowid=?)")),
    "visits": (VISITS, 3, ("SEARCH street USING COVERING INDEX street_name (name=? AND day>? AND day<?)",)),
    "slopes of streets": (STREET_SOURCES, 2, (
        "SEARCH activity USING COVERING INDEX activity_day (day>? AND day<?)",
        "SEARCH street USING PRIMARY KEY (activity_id=?)")),
    "ways of a run": (WAYS_OF_RUN, 1, ("SEARCH traversal USING PRIMARY KEY (activity_id=?)",
                                       "SEARCH segment USING INTEGER PRIMARY KEY (rowid=?)",
                                       "USE TEMP B-TREE FOR DISTINCT")),
    "copies": (OVERLAPPING, 6, (
        "SEARCH activity USING INDEX activity_start (started_at_ms>? AND started_at_ms<?)",
                                "SEARCH fixes USING INTEGER PRIMARY KEY (rowid=?)",
                                "USE TEMP B-TREE FOR ORDER BY")),
    "last day": (LAST_DAY, 0, ("SEARCH activity USING COVERING INDEX activity_day",)),
}  # fmt: skip


@pytest.fixture
def years(library):
    """A library of 3,000 activities over eight years: copies of a few, on days of their own."""
    connection = library.connection
    analysed = "SELECT activity_id FROM activity JOIN result USING (activity_id)"
    patterns = [row[0] for row in connection.execute(analysed)]
    tables = ("activity", "fixes", "result", "traversal", "street")
    columns = {name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")] for name in tables}
    with writing(connection):
        for number in range(ACTIVITIES):
            new, old = 1000 + number, patterns[number % len(patterns)]
            day = FIRST + timedelta(days=number)
            begin = 1000 * int(datetime(day.year, day.month, day.day, 6, tzinfo=UTC).timestamp())
            other = {
                "activity_id": new,
                "part": new,
                "day": day.isoformat(),
                "ended_at_ms": begin + 3_600_000,
            }
            for table in tables:
                changed = other | ({"started_at_ms": begin} if table == "activity" else {})
                here = {name: value for name, value in changed.items() if name in columns[table]}
                wanted = ", ".join("?" if name in here else name for name in columns[table])
                values = [here[name] for name in columns[table] if name in here]
                insert = f"INSERT INTO {table} SELECT {wanted} FROM {table} WHERE activity_id = ?"  # noqa: S608
                connection.execute(insert, (*values, old))
    connection.execute("ANALYZE")
    return library


def plan(connection, query, values):
    return tuple(row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", [0] * values))


def test_every_report_query_goes_by_an_index(years):
    found = {name: plan(years.connection, query, values) for name, (query, values, _) in PLANS.items()}
    assert found == {name: expected for name, (_, _, expected) in PLANS.items()}


def test_lists_of_everything_read_each_row_once(years):
    for query in (ANALYSABLE, ANALYSED_DAYS):
        assert len([line for line in plan(years.connection, query, 0) if line.startswith("SCAN")]) == 1


def test_a_week_out_of_3000_activities_takes_less_than_50_ms(years):
    """Best of twenty, in processor time and at the machine's pace: other work must not decide this."""
    week = week_of(FIRST + timedelta(days=2500))
    times = []
    for _ in range(20):
        before = time.process_time()
        period = years.period(week)
        times.append(time.process_time() - before)
    assert len(period.runs) == 7
    assert period.usual is None or period.usual.weeks >= 4
    assert min(times) < 0.05 * slowed()
