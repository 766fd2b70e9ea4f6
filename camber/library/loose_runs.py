"""A period of some runs alone: files that are in no library, or one run of it; no weeks, the same value."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import shapely

from camber.adding import side_totals
from camber.conventions import NO_WAY, WGS84
from camber.library.distilling import exposure_of, not_judged_m
from camber.library.lines import Way, drawn_intervals, joined
from camber.library.periods import joined_reasons, total_of
from camber.longitudes import unrolled
from camber.schema import Period, RunResult, StreetVisits
from camber.versions import CAMBER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from camber.errors import CamberError
    from camber.schema import Analysis, Summary


def period_of_analyses(
    analyses: Sequence[Analysis], failures: Sequence[CamberError] = (), *, with_stretches: bool = False
) -> Period:
    """Sum up recordings that are in no library.

    Parameters
    ----------
    analyses : sequence of Analysis
        The runs, at least one.
    failures : sequence of CamberError
        What came of files that could not be used; each is a run without a result.
    with_stretches : bool
        Whether to add the stretches for a map.

    Returns
    -------
    Period
        As `camber.library.Library.period` gives it, without weeks and what is usual.
    """
    tables = [exposure_of(analysis) for analysis in analyses]
    runs = [_run_of(number, analysis) for number, analysis in enumerate(analyses, 1)]
    runs += [_failed(number, error) for number, error in enumerate(failures, len(runs) + 1)]
    stretches = stretches_of_analyses(analyses) if with_stretches else None
    roads = tuple(dict.fromkeys((one.roads.source, one.roads.osm_date) for one in analyses))
    period = period_of_runs(runs, tables, roads, (CAMBER,), stretches)
    return replace(period, seed=analyses[0].settings.seed)


def stretches_of_analyses(analyses: Sequence[Analysis]) -> gpd.GeoDataFrame:
    """Draw the intervals of recordings that are in no library, numbered from 1; see `Period.stretches`."""
    return joined([_drawn(number, one, exposure_of(one)) for number, one in enumerate(analyses, 1)])


def period_of_runs(
    runs: Sequence[RunResult],
    tables: Sequence[pd.DataFrame],
    roads: tuple[tuple[str, str | None], ...],
    model_versions: tuple[str, ...],
    stretches: gpd.GeoDataFrame | None = None,
) -> Period:
    """Sum some runs up without the weeks around them.

    Parameters
    ----------
    runs : sequence of RunResult
        The runs, at least one.
    tables : sequence of DataFrame
        The intervals of those that are analysed, in their order, with ``street``.
    roads : tuple of (str, str or None)
        Sources of the roads and the dates of their data.
    model_versions : tuple of str
        Versions of camber that produced the results.
    stretches : GeoDataFrame, optional
        For a map.

    Returns
    -------
    Period
        Of kind ``"run"`` or ``"runs"``.
    """
    known = sum(run.summary is not None for run in runs)
    title = runs[0].title if len(runs) == 1 else "1 run" if known == 1 else f"{known} runs"
    total, draws = total_of(runs, title)
    days = [run.day for run in runs if run.day is not None]
    judged = iter(tables)
    return Period(
        title=title,
        starts_on=min(days, default=None),
        ends_on=max(days, default=None),
        runs=tuple(runs),
        total=total,
        draws=draws,
        usual=None,
        weeks=(),
        streets=_streets(total, tables),
        stretches=stretches,
        not_judged=joined_reasons(
            not_judged_m(next(judged)) if run.summary else {run.state: run.distance_m} for run in runs
        ),
        duplicates=0,
        roads=roads,
        model_versions=model_versions,
        sides=side_totals(tables),
        kind="run" if len(runs) == 1 else "runs",
    )


def _run_of(number: int, analysis: Analysis) -> RunResult:
    recording, summary = analysis.recording, analysis.summary
    title = recording.name or recording.source
    return RunResult(
        run=number,
        title=title,
        source=recording.source,
        sport=recording.sport,
        gear=None,
        started_at=summary.started_at,
        time_zone=summary.time_zone,
        day=day_at(summary.started_at, summary.time_zone),
        distance_m=summary.distance_m,
        duration_s=summary.duration_s,
        state="analysed",
        summary=summary,
        draws=analysis.draws,
        suggestions=analysis.suggestions,
        simulated="simulated" in title.lower(),
        recorded_m=summary.distance_m,
    )


def day_at(moment: datetime | None, zone: str | None) -> date | None:
    """Give the day of a moment by the clock at a place; by UTC where nobody knows its zone."""
    if moment is None:
        return None
    try:
        return moment.astimezone(ZoneInfo(zone or "UTC")).date()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return moment.date()


def _failed(number: int, error: CamberError) -> RunResult:
    """Make a run without a result of a file; without the folders it lies in, which may name a person."""
    path = str(getattr(error, "path", ""))
    reason = str(error).replace(path, Path(path).name) if path else str(error)
    name = Path(path).name or "file"
    return RunResult(number, name, name, None, None, None, None, None, 0.0, 0.0, "failed", reason)


def _drawn(number: int, analysis: Analysis, table: pd.DataFrame) -> pd.DataFrame:
    way_ids = table["way_id"].unique()
    used = analysis.roads.ways.loc[way_ids[way_ids != NO_WAY]]
    rows = zip(used.index, used.geometry.to_crs(WGS84), used["length_m"], strict=True)
    ways = {way_id: Way(_degrees(line), length_m) for way_id, line, length_m in rows}
    places_deg = analysis.recording.fixes[["longitude_deg", "latitude_deg"]].to_numpy()
    return drawn_intervals(number, table, places_deg, ways)


def _degrees(line: shapely.Geometry) -> NDArray[np.float64]:
    degrees = shapely.get_coordinates(line)
    return np.column_stack([unrolled(degrees[:, 0]), degrees[:, 1]])


def _streets(total: Summary | None, tables: Sequence[pd.DataFrame]) -> tuple[StreetVisits, ...]:
    """Add to each street where most of its cross slopes come from, and how many of these runs were on it."""
    metres: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    visits: dict[str, int] = defaultdict(int)
    for table in tables:
        by_source = table.groupby(["street", "slope_source"])["distance_m"].sum()
        for street, source, distance in by_source.reset_index().itertuples(index=False):
            metres[street][source] += distance
        for street in table["street"].unique():
            visits[street] += 1
    streets = total.streets if total else ()
    return tuple(StreetVisits(street, _most(metres[street.name]), visits[street.name]) for street in streets)


def _most(metres: dict[str, float]) -> str:
    return min(metres, key=lambda name: (-metres[name], name), default="")
