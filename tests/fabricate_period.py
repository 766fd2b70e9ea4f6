"""A week made by hand of the run of tests/fabricate.py, with earlier weeks, and its mirror image."""

import importlib.util
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from camber.adding import add_draws, add_summaries
from camber.conventions import MIRRORED_STATES, SideBasis, Verdict
from camber.report.intervals import interval_lines
from camber.schema import (
    Draws,
    Interval,
    NotJudged,
    Period,
    PeriodTotal,
    RunResult,
    StreetVisits,
    UsualRange,
    balance_of,
    interval_of,
    low_leg_of,
)
from camber.schema.tables import P_STATES

MONDAY = date(2026, 11, 16)
COPIES = 4
"""How often the draws of the one run are laid end to end, so that the week has more than 5 km on roads."""


def run_result(analysis, number, day, title="Morning run"):
    draws = Draws(**{name: COPIES * value for name, value in vars(analysis.draws).items()})
    summary = longer(analysis.summary)
    return RunResult(
        run=number,
        title=title,
        source=f"{number}.gpx",
        sport="running",
        gear="Blue shoes",
        started_at=summary.started_at,
        time_zone="Europe/Helsinki",
        day=day,
        distance_m=summary.distance_m,
        duration_s=summary.duration_s,
        state="analysed",
        summary=summary,
        draws=draws,
        suggestions=analysis.suggestions,
    )


def longer(summary):
    def times(value):
        return Interval(*(COPIES * v for v in (value.low, value.median, value.high)))

    metres = ("left_low_m", "right_low_m", "level_m", "unmatched_m", "net_tilt_pct_km", "gross_tilt_pct_km")
    return replace(
        summary,
        distance_m=COPIES * summary.distance_m,
        duration_s=COPIES * summary.duration_s,
        two_way_edge_m=COPIES * 1152.0,
        verdict_m={v.value: COPIES * summary.verdict_m.get(v.value, 0.0) for v in Verdict},
        side_basis_m={b.value: COPIES * summary.side_basis_m.get(b.value, 0.0) for b in SideBasis},
        surfaces=tuple(
            replace(
                s,
                distance_m=COPIES * s.distance_m,
                left_low_m=COPIES * s.left_low_m,
                right_low_m=COPIES * s.right_low_m,
                level_m=COPIES * s.level_m,
            )
            for s in summary.surfaces
        ),
        **{name: times(getattr(summary, name)) for name in metres},
    )


def stretches(analysis, numbers):
    lines = gpd.GeoSeries(list(interval_lines(analysis.sloped, analysis.exposure)), crs=analysis.roads.crs)
    names = analysis.roads.ways["name"].reindex(analysis.exposure["way_id"]).fillna("").to_numpy()
    frame = analysis.exposure.assign(street=names)
    tables = [
        gpd.GeoDataFrame(frame.assign(run=number), geometry=lines.to_crs("EPSG:4326")) for number in numbers
    ]
    return gpd.GeoDataFrame(gpd.pd.concat(tables, ignore_index=True), crs="EPSG:4326")


def week_total(start, draws, runs):
    left, right = draws.left_low_m.sum(axis=1), draws.right_low_m.sum(axis=1)
    net, gross = draws.net_tilt_pct_km.sum(axis=1), draws.gross_tilt_pct_km.sum(axis=1)
    level, off = draws.level_m.sum(axis=1), draws.unmatched_m.sum(axis=1)
    return PeriodTotal(
        title=f"{start.isocalendar()[0]}-W{start.isocalendar()[1]:02d}",
        starts_on=start,
        ends_on=start + timedelta(days=6),
        runs=runs,
        distance_m=float((left + right + level + off).mean()),
        on_roads_m=float((left + right + level).mean()),
        left_low_m=interval_of(left),
        right_low_m=interval_of(right),
        balance=balance_of(right, left),
        tilt_balance=balance_of(gross + net, gross - net),
        tilt_pct=interval_of(net),
        low=low_leg_of(draws),
    )


def empty_week(start):
    title = f"{start.isocalendar()[0]}-W{start.isocalendar()[1]:02d}"
    return PeriodTotal(title, start, start + timedelta(days=6), 0, 0.0, 0.0, None, None, None, None, None)


USUAL = Interval(0.58, 0.64, 0.7)
"""The runner's usual share of the left leg in `week`."""


def week(analysis, *, runs=3, usual=True):
    results = tuple(run_result(analysis, n + 1, MONDAY + timedelta(days=2 * n)) for n in range(runs))
    parts = [(run.summary, run.draws) for run in results]
    draws = add_draws([d for _, d in parts])
    total = add_summaries(parts, "2026-W47")
    weeks = [empty_week(MONDAY - timedelta(weeks=11 - n)) for n in range(5)]
    rng = np.random.default_rng(3)
    for n in range(5, 11):
        lean = Draws(**{name: value * rng.uniform(0.5, 1.5) for name, value in vars(draws).items()})
        weeks.append(week_total(MONDAY - timedelta(weeks=11 - n), lean, 2))
    weeks.append(week_total(MONDAY, draws, runs))
    interval = Interval(-0.6, -0.35, -0.1)
    return Period(
        title="2026-W47",
        starts_on=MONDAY,
        ends_on=MONDAY + timedelta(days=6),
        runs=results,
        total=total,
        draws=draws,
        usual=UsualRange(6, interval, interval, Interval(9e3, 1.1e4, 1.4e4), 4, USUAL, 0.2, 0.1)
        if usual
        else None,
        weeks=tuple(weeks),
        streets=tuple(StreetVisits(s, "cross_slope:FI", 7) for s in total.streets),
        stretches=stretches(analysis, [run.run for run in results]),
        not_judged=(NotJudged("path", 3000.0, runs), NotJudged("side_unknown", 1234.0, 2)),
        duplicates=1,
        roads=(("fabricated.osm", "2026-11-01"),),
        model_versions=("0.1.0",),
    )


def without_runs(period):
    weeks = tuple(empty_week(week.starts_on) for week in period.weeks)
    return replace(
        period, runs=(), total=None, draws=None, usual=None, weeks=weeks, streets=(), stretches=None,
        not_judged=(), duplicates=0, roads=(), model_versions=(),
    )  # fmt: skip


def not_analysed(period):
    runs = tuple(
        replace(run, state="waiting", summary=None, draws=None, suggestions=None) for run in period.runs
    )
    return replace(without_runs(period), runs=runs, not_judged=(NotJudged("waiting", 6000.0, len(runs)),))


SWAPPED = {"left": "right", "right": "left"}
_VERDICTS = {"left_low": "right_low", "right_low": "left_low"}


def _turned(interval):
    return interval and Interval(-interval.high, -interval.median, -interval.low)


def _mirror_draws(draws):
    signed = {"net_tilt_pct_km": -draws.net_tilt_pct_km}
    return replace(draws, left_low_m=draws.right_low_m, right_low_m=draws.left_low_m, **signed)


def _other_share(share):
    return share and Interval(1.0 - share.high, 1.0 - share.median, 1.0 - share.low)


def _mirror_low(low):
    return low and replace(
        low,
        leg=SWAPPED.get(low.leg, ""),
        p_left=low.p_right,
        p_right=low.p_left,
        left_share=_other_share(low.left_share),
    )


def _mirror_run(run):
    draws = run.draws and _mirror_draws(run.draws)
    return replace(run, summary=run.summary and _mirror_summary(run.summary), draws=draws)


def _mirror_usual(usual):
    return replace(
        usual,
        balance=_turned(usual.balance),
        left_share=_other_share(usual.left_share),
        p_more_left=usual.p_more_right,
        p_more_right=usual.p_more_left,
    )


def _mirror_summary(summary):
    return replace(
        summary,
        left_low_m=summary.right_low_m,
        right_low_m=summary.left_low_m,
        balance=_turned(summary.balance),
        tilt_balance=_turned(summary.tilt_balance),
        net_tilt_pct_km=_turned(summary.net_tilt_pct_km),
        verdict_m={_VERDICTS.get(name, name): value for name, value in summary.verdict_m.items()},
        surfaces=tuple(_swap(s) for s in summary.surfaces),
        streets=tuple(replace(_swap(s), net_tilt_pct_km=-s.net_tilt_pct_km) for s in summary.streets),
    )


def _swap(item):
    return replace(item, left_low_m=item.right_low_m, right_low_m=item.left_low_m)


def _mirror_week(week):
    return replace(
        _swap(week),
        balance=_turned(week.balance),
        tilt_balance=_turned(week.tilt_balance),
        tilt_pct=_turned(week.tilt_pct),
        low=_mirror_low(week.low),
    )


def mirrored(period):
    """Say what the library of a runner who ran the mirror image would say."""
    frame = period.stretches
    table = frame.assign(
        p_left_low=frame["p_right_low"],
        p_right_low=frame["p_left_low"],
        left_low_m=frame["right_low_m"],
        right_low_m=frame["left_low_m"],
        cross_slope_pct=-frame["cross_slope_pct"],
        verdict=[_VERDICTS.get(v, v) for v in frame["verdict"]],
        side=[SWAPPED.get(v, v) for v in frame["side"]],
        **{name: frame[P_STATES[mirror]] for name, mirror in zip(P_STATES, MIRRORED_STATES, strict=True)},
        geometry=frame.geometry.scale(xfact=-1.0, origin=(24.94, 60.17)),
    )
    return replace(
        period,
        runs=tuple(map(_mirror_run, period.runs)),
        total=_mirror_summary(period.total),
        draws=_mirror_draws(period.draws),
        usual=period.usual and _mirror_usual(period.usual),
        weeks=tuple(_mirror_week(week) for week in period.weeks),
        streets=tuple(
            replace(s, total=replace(_swap(s.total), net_tilt_pct_km=-s.total.net_tilt_pct_km))
            for s in period.streets
        ),
        stretches=table,
    )


def payloads():
    """The hostile strings of the reports."""
    place = Path(__file__).parent / "report" / "hostile.py"
    spec = importlib.util.spec_from_file_location("hostile", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.PAYLOADS


def poisoned(period, payloads):
    """The week with each payload in every text field that comes from a file or from the map."""
    run = period.runs[0]
    item = run.suggestions.items[0]

    def tainted(number, payload):
        bad = replace(
            item, what=payload, where=(payload,), rule=payload, rule_source=payload, against=(payload,)
        )
        said = replace(run.suggestions, items=(bad,), explanation=payload, conclusion=payload)
        return replace(
            run,
            run=number,
            title=payload,
            source=payload,
            sport=payload,
            gear=payload,
            reason=payload,
            suggestions=said,
        )

    assumption, problem, street = period.total.assumptions[0], period.total.problems[0], period.streets[0]
    rows = period.stretches.iloc[:1].drop(columns=["street", "slope_source", "run"])
    count = range(len(payloads))
    table = gpd.GeoDataFrame(pd.concat([rows] * len(payloads), ignore_index=True), crs="EPSG:4326").assign(
        street=pd.Series(payloads, dtype=object),
        slope_source=pd.Series(payloads, dtype=object),
        run=[number + 1 for number in count],
    )
    total = replace(
        period.total,
        assumptions=tuple(replace(assumption, applies_to=p, value=p, reference=p) for p in payloads),
        problems=tuple(replace(problem, message=p) for p in payloads),
    )
    return replace(
        period,
        title=payloads[0],
        runs=tuple(tainted(n, p) for n, p in enumerate(payloads, 1)),
        total=total,
        streets=tuple(replace(street, total=replace(street.total, name=p), slope_source=p) for p in payloads),
        stretches=table,
        roads=tuple((p, p) for p in payloads),
        model_versions=tuple(payloads),
    )
