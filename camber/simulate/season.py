"""A season: some weeks of one simulated runner on four routes of a town, a few runs each week."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from camber import standards
from camber.simulate.gpx_writer import gpx_document
from camber.simulate.receiver import DeviceModel, GnssErrorModel
from camber.simulate.routes import Preference, nearest_node, out_and_back, random_tour
from camber.simulate.run import Setup, SimulatedRun, simulate_run
from camber.simulate.runner import Habit, RunnerModel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camber.schema import Roads
    from camber.simulate.routes import Route

_ON_ROADS: Final = Preference(busy_road=1.5, service=2.0, sidewalk=4.0, path=4.0)

_ROUTES: Final = (
    ("Lunch run", 4200.0, True),
    ("Evening loop", 5000.0, False),
    ("Long run", 6500.0, True),
    ("Weekend loop", 6000.0, False),
)
"""Title, length [m] and whether it is out and back (judgement: 15 km or so a week)."""

_SHORT_WEEK: Final = 3
"""Every third week has two runs, the others three."""


_FACES_TRAFFIC: Final = RunnerModel(
    habit=Habit(p_facing=1.0, p_sidewalk=0.0), decisions_per_km=0.0, p_junction_decision=0.0
)
"""Always faces traffic, at the road's edge."""


@dataclass(frozen=True)
class Season:
    """Whose season it is, where and when.

    Parameters
    ----------
    start_deg : tuple of float
        Longitude and latitude where every run starts [deg].
    time_zone : str
        IANA name of the zone there.
    runner : RunnerModel
        Pace and habits.
    last_monday : date
        Monday of the last week.
    weeks : int
        How many weeks, the last included.
    loops : bool
        Whether two of the four routes are loops; otherwise all go out and back.
    seed : int
        Seed of everything.
    """

    start_deg: tuple[float, float] = (26.948, 60.530)
    time_zone: str = "Europe/Helsinki"
    runner: RunnerModel = _FACES_TRAFFIC
    last_monday: date = date(2026, 11, 16)
    weeks: int = 10
    loops: bool = True
    seed: int = 20261122


def simulate_season(roads: Roads, season: Season) -> tuple[SimulatedRun, ...]:
    """Simulate a season: every run in one world, with its own luck and a watch of one or two bands.

    Parameters
    ----------
    roads : Roads
        Roads around the start.
    season : Season
        Whose season, where and when.

    Returns
    -------
    tuple of SimulatedRun
        In order; ``recording.source`` is a name for its file, such as ``"2026-09-15_lunch_run.gpx"``.

    Raises
    ------
    RoadsError
        If no route starts there.
    """
    start = nearest_node(roads, *season.start_deg)
    routes = [_route(roads, start, season, place) for place in range(len(_ROUTES))]
    return tuple(
        _run(roads, routes[place], season, number, (place, day))
        for number, (place, day) in enumerate(_days(season))
    )


def season_files(runs: Iterable[SimulatedRun]) -> dict[str, bytes]:
    """Give the GPX files of some runs by name, written as Strava writes them."""
    return {run.recording.source: gpx_document(run.recording).encode() for run in runs}


def _days(season: Season) -> list[tuple[int, datetime]]:
    """List routes and starts: Tuesday at noon, Thursday in the evening, and most weekends."""
    first = season.last_monday - timedelta(weeks=season.weeks - 1)
    found = []
    for week in range(season.weeks):
        weekend = (2, 5, 8) if week % 2 == 0 else (3, 6, 8)
        plans = [(0, 1, 10), (1, 3, 16), weekend]
        for place, weekday, hour in plans[: 2 if week % _SHORT_WEEK == _SHORT_WEEK - 2 else 3]:
            day = first + timedelta(weeks=week, days=weekday)
            found.append((place, datetime(day.year, day.month, day.day, hour, 5 + week, tzinfo=UTC)))
    return found


def _route(roads: Roads, start: int, season: Season, place: int) -> Route:
    _, length_m, back = _ROUTES[place]
    rng = np.random.default_rng([season.seed, 0, place])
    make = out_and_back if back or not season.loops else random_tour
    return make(roads, start, length_m, _ON_ROADS, rng)


def _run(roads: Roads, route: Route, season: Season, number: int, what: tuple[int, datetime]) -> SimulatedRun:
    place, started_at = what
    receiver = "multi_band" if place % 2 == 0 else "single_band"
    title = _ROUTES[place][0]
    setup = Setup(
        runner=season.runner,
        device=DeviceModel(name="StravaGPX"),
        error=GnssErrorModel.from_class(standards.gnss_classes()[receiver]),
        started_at=started_at,
        name=title,
        time_zone=season.time_zone,
        world_seed=season.seed,
    )
    run = simulate_run(roads, route, setup, np.random.default_rng([season.seed, 1, number]))
    source = f"{started_at:%Y-%m-%d}_{title.lower().replace(' ', '_')}.gpx"
    return SimulatedRun(replace(run.recording, source=source), run.truth)
