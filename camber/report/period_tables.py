"""The tables of a page about some days: rows of texts, each figure's twin among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from camber.report.contents import cues_to_do, leg_cells, surface_cells
from camber.report.period_answer import left_share, share_range
from camber.report.period_contents import best_suggestions, not_judged_rows, reason_words
from camber.report.wording import (
    NAME_LENGTH,
    balance_text,
    change_text,
    day_text,
    distance_text,
    plain,
    tilt_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camber.schema import Interval, Period, PeriodTotal, RunResult, StreetVisits, Summary

MOST_STREETS: Final = 5
"""Streets of a page (judgement: what a reader looks at)."""


Table = dict[str, Any]


def _table(caption: str, titles: Sequence[str], rows: Any) -> Table:  # noqa: ANN401 - rows of texts
    return {"caption": caption, "titles": titles, "rows": list(rows)}


def _share(balance: Interval | None) -> str:
    share = left_share(balance)
    return "" if share is None else f"{round(100.0 * share.median)} % ({share_range(share)})"


def leg_table(total: Summary, units: str) -> Table:
    """Write the metres by leg.

    Parameters
    ----------
    total : Summary
        The totals.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    dict
        ``caption``, ``titles``, ``rows``.
    """
    caption = f"Balance {balance_text(total.balance)}, from \u22121 all left to +1 all right"
    titles = ("which leg", "median", "90 % interval", "named at ≥ 90 %")
    return _table(caption, titles, leg_cells(total, units))


def surface_table(total: Summary, units: str) -> Table:
    """Write the metres by kind of surface.

    Parameters
    ----------
    total : Summary
        The totals.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    dict
        ``caption``, ``titles``, ``rows``.
    """
    titles = ("surface", "distance", "left low", "right low", "level")
    return _table("Expected distances", titles, surface_cells(total, units))


def run_name(run: RunResult, *, named: bool) -> str:
    """Name a run.

    Parameters
    ----------
    run : RunResult
        The run.
    named : bool
        Whether with the title that the runner gave it; others see the day alone.

    Returns
    -------
    str
        Day, and title.
    """
    day = f"run {run.run}" if run.day is None else day_text(run.day)
    return f"{day} {plain(run.title, 60)}" if named else day


def day_table(runs: Sequence[RunResult], units: str, *, named: bool) -> Table:
    """Write the runs one below the other.

    Parameters
    ----------
    runs : sequence of RunResult
        The runs.
    units : {"km", "mi"}
        Unit of distances.
    named : bool
        Whether with the titles that the runner gave them.

    Returns
    -------
    dict
        ``caption``, ``titles``, ``rows``.
    """
    rows = (
        (
            run_name(run, named=named),
            distance_text(run.distance_m, units),
            *(
                (reason_words(run.state, run.reason), "", "")
                if run.summary is None
                else (
                    distance_text(run.summary.left_low_m.median, units),
                    distance_text(run.summary.right_low_m.median, units),
                    _share(run.summary.balance),
                )
            ),
        )
        for run in runs
    )
    titles = ("run", "distance", "left low", "right low", "left share (90 % interval)")
    return _table("Runs", titles, rows)


def trend_table(weeks: Sequence[PeriodTotal], units: str, *, with_distance: bool) -> Table:
    """Write the weeks one below the other.

    Parameters
    ----------
    weeks : sequence of PeriodTotal
        Oldest first.
    units : {"km", "mi"}
        Unit of distances.
    with_distance : bool
        Whether to tell how far; not where privacy zones hide a part of it.

    Returns
    -------
    dict
        ``caption``, ``titles``, ``rows``.
    """
    distance = ("distance",) if with_distance else ()
    rows = (
        (
            week.title,
            str(week.runs),
            *((distance_text(week.distance_m, units),) if with_distance else ()),
            _share(week.balance) or "none",
            balance_text(week.tilt_balance) if week.tilt_balance else "none",
        )
        for week in weeks
    )
    titles = ("week", "runs", *distance, "left share (90 % interval)", "balance by tilt")
    return _table("Weeks, oldest first", titles, rows)


def street_table(streets: Sequence[StreetVisits], units: str) -> Table:
    """Write the streets that tilt most.

    Parameters
    ----------
    streets : sequence of StreetVisits
        Largest absolute net tilt first.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    dict
        ``caption``, ``titles``, ``rows``.
    """
    rows = (
        (
            plain(street.total.name, NAME_LENGTH),
            distance_text(street.total.distance_m, units),
            distance_text(street.total.left_low_m, units),
            distance_text(street.total.right_low_m, units),
            tilt_text(street.total.net_tilt_pct_km),
            str(street.visits_in_year),
            street.slope_source,
        )
        for street in streets[:MOST_STREETS]
    )
    titles = ("street", "distance", "left low", "right low", "net tilt", "runs in a year", "slope from")
    return _table("Expected distances; net tilt is cross slope times distance", titles, rows)


def not_judged_table(period: Period, units: str) -> Table:
    """Write for what no leg is named, and why.

    Parameters
    ----------
    period : Period
        The period.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    dict
        ``caption``, ``titles``, ``rows``.
    """
    return _table("No leg named", ("because", "distance", "runs"), not_judged_rows(period, units))


def assumption_table(total: Summary, units: str) -> Table:
    """Write the assumptions that the result rests on.

    Parameters
    ----------
    total : Summary
        The totals.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    dict
        ``caption``, ``titles``, ``rows``.
    """
    rows = (
        (
            f"{item.table.replace('_', ' ')}: {item.applies_to}",
            item.value,
            item.confidence,
            distance_text(item.distance_m, units) if item.distance_m else "",
        )
        for item in total.assumptions
    )
    titles = ("assumption", "value", "confidence", "distance")
    return _table("Used for this result; `camber standards` lists every source", titles, rows)


def suggestion_items(period: Period, units: str) -> list[dict[str, Any]]:
    """Choose what could be changed.

    Parameters
    ----------
    period : Period
        The period.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    list of dict
        Three at most; empty where nothing brings a run closer to even.
    """
    return [
        {
            "run": run_name(run, named=True),
            "what": item.what,
            "where": ", ".join(plain(name, NAME_LENGTH) for name in item.where),
            "left": change_text(item.left_low_before_m, item.left_low_after_m, units),
            "right": change_text(item.right_low_before_m, item.right_low_after_m, units),
            "before": balance_text(item.balance_before),
            "after": balance_text(item.balance_after),
            "distance": distance_text(item.distance_m, units),
            "crossings": item.crossings,
            "rule": item.rule,
            "rule_source": item.rule_source,
            "cues": [
                f"At {distance_text(cue.at_m, units)}: {plain(cue.text, 160)}" for cue in cues_to_do(item)
            ],
            "against": item.against,
        }
        for run, item in best_suggestions(period)
    ]
