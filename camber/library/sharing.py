"""A period as others may see it: what the privacy zones hide is out of the lines, the metres and the names.

How many metres lie in a zone would tell how far it is from where a line ends (Hassan et al., USENIX Security
2018), so that no total of a whole run stays. Every draw of a run is scaled by the share of it that is shown:
the shares between the legs are those of the whole run, and nothing is told about the hidden part alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.errors import SettingsError
from camber.library.results import read_exposure
from camber.library.zones import hidden_intervals, list_zones
from camber.schema import Draws, Interval
from camber.summary import add_draws, add_summaries

if TYPE_CHECKING:
    from camber.library.library import Library
    from camber.schema import Period, PeriodTotal, RunResult, Summary

WITHHELD: Final = "(name withheld)"
"""What stands for the name of a street of which a part is hidden."""

_METRES: Final = (
    "left_low_m",
    "right_low_m",
    "level_m",
    "unmatched_m",
    "net_tilt_pct_km",
    "gross_tilt_pct_km",
)


def public_period(library: Library, period: Period, *, without_zone: bool = False) -> Period:
    """Take out of a period what others must not see.

    Parameters
    ----------
    library : Library
        With the zones.
    period : Period
        As the library gives it.
    without_zone : bool
        Whether to go on where there is no zone: then lines show where runs begin.

    Returns
    -------
    Period
        Stretches cut at junctions around the zones; metres and durations of what is shown; no titles, file
        names, shoes, times of day, suggestions or names of streets of which a part is hidden; weeks of the
        trend without distances.

    Raises
    ------
    SettingsError
        If there is no zone and that was not said to be meant.
    """
    if not without_zone and not list_zones(library):
        text = (
            "there is no privacy zone, so that the map would show where you start: add one with "
            "`camber zones add LATITUDE LONGITUDE`, or give --no-zone"
        )
        raise SettingsError(text, key="share")
    shown, names = _shown_and_names(library, period)
    runs = tuple(public for run in period.runs if (public := _public_run(run, shown, names)) is not None)
    parts = [(run.summary, run.draws) for run in runs if run.summary and run.draws]
    total = add_summaries(parts, period.title) if parts else None
    whole = sum(run.distance_m for run in period.runs if run.run in shown)
    kept = sum(run.distance_m for run in runs) / whole if whole else 0.0
    stretches = None
    if period.stretches is not None:
        stretches = library.stretches([run.run for run in runs if run.summary], public=True)
        stretches = stretches.drop(columns=["start_time", "end_time"])
        stretches["street"] = stretches["street"].where(~stretches["street"].isin(names), WITHHELD)
    return replace(
        period,
        runs=runs,
        total=None if total is None else replace(total, started_at=None, ended_at=None, problems=()),
        draws=add_draws([draws for _, draws in parts]) if parts else None,
        weeks=tuple(_public_week(week) for week in period.weeks),
        streets=tuple(street for street in period.streets if street.total.name not in names),
        stretches=stretches,
        not_judged=tuple(replace(item, distance_m=item.distance_m * kept) for item in period.not_judged),
        duplicates=0,
        roads=tuple(dict.fromkeys(("OpenStreetMap", when) for _, when in period.roads)),
    )


def _shown_and_names(library: Library, period: Period) -> tuple[dict[int, float], frozenset[str]]:
    """Give the share of each analysed run that is shown, and the streets of which a part is not."""
    shown: dict[int, float] = {}
    names: set[str] = set()
    for run in period.runs:
        table = read_exposure(library.connection, run.run) if run.summary else None
        if table is None:
            continue
        hidden = hidden_intervals(library.connection, run.run, table)
        metres = table["distance_m"].to_numpy(dtype=np.float64)
        shown[run.run] = float(metres[~hidden].sum() / metres.sum()) if metres.sum() > 0.0 else 0.0
        names.update(str(name) for name in table.loc[hidden, "street"].unique() if name)
    return shown, frozenset(names)


def _public_run(run: RunResult, shown: dict[int, float], names: frozenset[str]) -> RunResult | None:
    share = shown.get(run.run, 0.0)
    if share <= 0.0 or run.summary is None or run.draws is None:
        return None
    summary = _scaled(run.summary, share)
    summary = replace(
        summary,
        title=f"recording {run.run}",
        started_at=None,
        ended_at=None,
        time_zone=None,
        problems=(),
        streets=tuple(street for street in summary.streets if street.name not in names),
    )
    return replace(
        run,
        title=f"recording {run.run}",
        source="",
        gear=None,
        started_at=None,
        time_zone=None,
        distance_m=run.distance_m * share,
        duration_s=run.duration_s * share,
        reason="",
        summary=summary,
        draws=Draws(**{name: getattr(run.draws, name) * share for name in _METRES}),
        suggestions=None,
    )


def _scaled(summary: Summary, share: float) -> Summary:
    return replace(
        summary,
        distance_m=summary.distance_m * share,
        duration_s=summary.duration_s * share,
        two_way_edge_m=summary.two_way_edge_m * share,
        verdict_m={name: metres * share for name, metres in summary.verdict_m.items()},
        side_basis_m={name: metres * share for name, metres in summary.side_basis_m.items()},
        surfaces=tuple(
            replace(
                item,
                distance_m=item.distance_m * share,
                left_low_m=item.left_low_m * share,
                right_low_m=item.right_low_m * share,
                level_m=item.level_m * share,
            )
            for item in summary.surfaces
        ),
        assumptions=tuple(replace(item, distance_m=item.distance_m * share) for item in summary.assumptions),
        left_low_m=_times(summary.left_low_m, share),
        right_low_m=_times(summary.right_low_m, share),
        level_m=_times(summary.level_m, share),
        unmatched_m=_times(summary.unmatched_m, share),
        net_tilt_pct_km=_times(summary.net_tilt_pct_km, share),
        gross_tilt_pct_km=_times(summary.gross_tilt_pct_km, share),
    )


def _times(interval: Interval, share: float) -> Interval:
    return Interval(interval.low * share, interval.median * share, interval.high * share)


def _public_week(week: PeriodTotal) -> PeriodTotal:
    return replace(week, distance_m=float("nan"), on_roads_m=float("nan"), left_low_m=None, right_low_m=None)
