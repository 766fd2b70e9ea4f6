"""What a judgement is worth: the balance of some runs when rows of the standards are moved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from camber import standards
from camber.adding import add_summaries
from camber.pipeline import analyse
from camber.schema import Settings

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from camber.schema import Recording, Roads, Summary


@dataclass(frozen=True)
class Change:
    """One assumption, moved down and up.

    Parameters
    ----------
    name : str
        What is moved, for people.
    low, high : Overrides
        The rows with the lower and with the higher value.
    low_value, high_value : str
        Those values with their units, for people.
    """

    name: str
    low: standards.Overrides
    high: standards.Overrides
    low_value: str
    high_value: str


def balance_sensitivity(
    runs: Sequence[tuple[Recording, Roads]], changes: Sequence[Change], settings: Settings | None = None
) -> pd.DataFrame:
    """Move assumptions one at a time and see how the balance of some runs together moves.

    Parameters
    ----------
    runs : sequence of (Recording, Roads)
        Recordings, each with its roads.
    changes : sequence of Change
        What is moved.
    settings : Settings, optional
        Settings of every stage; all analyses share their seed, so that what differs is the assumption.

    Returns
    -------
    DataFrame
        One row per change, the largest swing first: ``name``, ``low_value``, ``high_value``; median of the
        balance (-1 left leg low, 1 right leg low) and its 90 % interval as ``balance``, ``balance_low``,
        ``balance_high`` as assumed, and with ``at_low_`` and ``at_high_`` before the name where the
        assumption is moved; ``swing``, the largest move of the median. NaN where no draw is tilted.
    """
    given = settings or Settings()
    usual = _balance(runs, given)
    rows = []
    for change in changes:
        low = _balance(runs, replace(given, overrides=change.low))
        high = _balance(runs, replace(given, overrides=change.high))
        moved = (low["balance"], high["balance"], usual["balance"])
        rows.append(
            {"name": change.name, "low_value": change.low_value, "high_value": change.high_value}
            | usual
            | {f"at_low_{key}": value for key, value in low.items()}
            | {f"at_high_{key}": value for key, value in high.items()}
            | {"swing": max(moved) - min(moved)}
        )
    table = pd.DataFrame(rows)
    return table.sort_values("swing", ascending=False, ignore_index=True) if rows else table


def _balance(runs: Sequence[tuple[Recording, Roads]], settings: Settings) -> dict[str, float]:
    analyses = [analyse(recording, roads, settings) for recording, roads in runs]
    total: Summary = add_summaries([(one.summary, one.draws) for one in analyses], "all runs")
    balance = total.balance
    if balance is None:
        return dict.fromkeys(("balance", "balance_low", "balance_high"), float("nan"))
    return {"balance": balance.median, "balance_low": balance.low, "balance_high": balance.high}


def german_changes() -> tuple[Change, ...]:
    """List the judgements that decide most in Germany, each with the range in which it may lie.

    Returns
    -------
    tuple of Change
        Share of crowned main roads 0.1 to 0.5 outside towns and 0.5 to 0.85 in them, of crowned residential
        streets 0.5 to 0.85, half width of carriageways 1 m less and more, spread of slopes half and one and
        a half times (ranges: judgement).
    """
    slopes = standards.table("cross_slope").set_index("row").to_dict("index")
    widths = standards.table("width").set_index("row").to_dict("index")
    german = [row for row, cells in slopes.items() if "DE" in cells["region"].split("|")]
    german += [row for row, cells in slopes.items() if cells["region"] == "*"]
    carriageways = {row: cells for row, cells in widths.items() if cells["two_way_total_m"] >= 4.0}

    def crowned(row: str, share: float) -> standards.Overrides:
        rest = 1.0 - share - float(slopes[row]["p_inverted"])
        return _rows([{"row": row, "p_crowned": share, "p_one_way": round(rest, 9)}])

    def wider(by_m: float) -> standards.Overrides:
        return _rows([_wider(str(row), cells, by_m) for row, cells in carriageways.items()])

    def spread(factor: float) -> standards.Overrides:
        stds = {row: factor * float(slopes[row]["slope_std_pct"]) for row in german}
        return _rows([{"row": row, "slope_std_pct": std} for row, std in stds.items()])

    def crowns(name: str, row: str, low: float, high: float) -> Change:
        return Change(name, crowned(row, low), crowned(row, high), f"{low:g}", f"{high:g}")

    return (
        crowns("main roads outside towns with a crown", "de_main_paved", 0.1, 0.5),
        crowns("main roads in towns with a crown", "de_main_town_paved", 0.5, 0.85),
        crowns("residential streets with a crown", "de_residential_paved", 0.5, 0.85),
        Change("half width of carriageways", wider(-2.0), wider(2.0), "-1 m", "+1 m"),
        Change("spread of slopes", spread(0.5), spread(1.5), "x 0.5", "x 1.5"),
    )


def _wider(row: str, cells: Mapping[Hashable, Any], by_m: float) -> dict[str, object]:
    totals = {name: float(cells[name]) + by_m for name in ("two_way_total_m", "one_way_total_m")}
    return {"table": "width", "row": row} | {name: max(total, 2.0) for name, total in totals.items()}


def _rows(rows: Sequence[dict[str, object]]) -> standards.Overrides:
    return standards.overrides_of("sensitivity", rows)
