"""What could be changed, under law and safety, with the predicted effect; or nothing, and why.

The three patterns of science.md 7.1 are told apart. Facing traffic out and back keeps the same foot at the
edge both ways; the same physical side out and back balances a crowned road; a loop run the other way round
swaps the legs only on the same physical side. Law and safety are constraints, never traded: where facing
traffic is the law, or the limit is above 50 km/h and there is no footway, no other side is suggested; where
it is recommended, only on quiet streets; and nobody is ever sent to the middle of the road.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from camber import standards
from camber.conventions import LATERAL_STATES, MIRRORED_STATES, NO_WAY, LateralState
from camber.schema import Interval, Suggestion, Suggestions, SuggestionSettings, balance_of, interval_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Exposure, Roads, SlopeHistories, Summary

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_MIRROR: Final = np.array(MIRRORED_STATES, dtype=np.int8)

_SIDEWALKS: Final = tuple(
    LATERAL_STATES.index(state) for state in (LateralState.LEFT_SIDEWALK, LateralState.RIGHT_SIDEWALK)
)
_RETRACED: Final = 0.5
"""Share of the run on ways run in both directions from which it counts as out and back (judgement)."""

_CLOSED_M: Final = 200.0
"""Distance between start and end up to which a run counts as a loop [m] (judgement)."""


class _Effect(NamedTuple):
    """Drawn metres by leg of a whole run [m]."""

    left_m: FloatArray
    right_m: FloatArray

    def balance(self) -> Interval | None:
        return balance_of(self.right_m, self.left_m)


def suggest(
    summary: Summary,
    exposure: Exposure,
    histories: SlopeHistories,
    roads: Roads,
    settings: SuggestionSettings | None = None,
    *,
    level_pct: float,
) -> Suggestions:
    """Say which pattern a run followed and what, if anything, could be changed.

    Parameters
    ----------
    summary : Summary
        Totals of the run.
    exposure : Exposure
        One row per interval.
    histories : SlopeHistories
        Drawn states and slopes.
    roads : Roads
        The roads, with limits, sidewalks and country.
    settings : SuggestionSettings, optional
        Constraints and thresholds.
    level_pct : float
        Absolute cross slope below which the surface counts as level [%].

    Returns
    -------
    Suggestions
        Pattern, explanation and zero or more suggestions, best first.
    """
    settings = settings or SuggestionSettings()
    partner = outbound_partners(exposure)
    pattern = _pattern(exposure, partner)
    explanation = _explain(pattern, histories, partner, exposure)
    if summary.balance is None:
        text = "No tilted stretch was found, so there is nothing to even out."
        return Suggestions(pattern, explanation, (), text)
    if abs(summary.balance.median) < settings.usual_balance:
        text = "Both legs got about the same: within what counts as even. A fine choice."
        return Suggestions(pattern, explanation, (), text)
    rules = _rules(exposure, roads, settings)
    found = None
    if pattern == "out_and_back":
        found = _same_side_back(exposure, histories, partner, rules, level_pct)
    elif pattern == "loop":
        found = _alternate_loop(exposure, histories, rules, level_pct)
    if found is None or _gain(found) < settings.smallest_gain:
        return Suggestions(pattern, explanation, (), _nothing(pattern, rules, exposure))
    return Suggestions(pattern, explanation, (found,), "One change found; law and safety come first.")


def outbound_partners(exposure: Exposure) -> IntArray:
    """Find for each interval the earlier one at the same place in the other direction.

    Parameters
    ----------
    exposure : Exposure
        One row per interval.

    Returns
    -------
    ndarray of int64, shape (n,)
        Position of the partner, -1 where there is none within 50 m along the way.
    """
    way = exposure["way_id"].to_numpy()
    direction = exposure["travel_direction"].to_numpy()
    middle = exposure[["start_chainage_m", "end_chainage_m"]].mean(axis=1).to_numpy()
    partner = np.full(len(way), -1, dtype=np.int64)
    for known in np.unique(way[way != NO_WAY]):
        positions = np.flatnonzero(way == known)
        for position in positions:
            earlier = positions[(positions < position) & (direction[positions] == -direction[position])]
            away = np.abs(middle[earlier] - middle[position])
            if len(earlier) and away.min() <= 50.0:
                partner[position] = earlier[away.argmin()]
    return partner


def _pattern(exposure: Exposure, partner: IntArray) -> str:
    distance = exposure["distance_m"].to_numpy()
    back = distance[partner >= 0].sum()
    if 2.0 * back >= _RETRACED * distance.sum():
        return "out_and_back"
    ends = np.radians(exposure[["latitude_deg", "longitude_deg"]].to_numpy()[[0, -1]])
    north, east = np.diff(ends[:, 0])[0], np.diff(ends[:, 1])[0] * np.cos(ends[0, 0])
    return "loop" if 6_371_000.0 * np.hypot(north, east) <= _CLOSED_M else "other"


def _explain(pattern: str, histories: SlopeHistories, partner: IntArray, exposure: Exposure) -> str:
    if pattern == "loop":
        return (
            "A loop. Keeping the same side of travel, for example always facing traffic, puts the same foot "
            "at the road's edge in either direction; only the same physical side, run the other way round, "
            "swaps the legs."
        )
    if pattern == "other":
        return "Neither out and back nor a loop."
    back = np.flatnonzero(partner >= 0)
    weight = exposure["distance_m"].to_numpy()[back]
    there, here = histories.state[:, partner[back]], histories.state[:, back]
    kept = ((here >= 0) & (here == _MIRROR[np.maximum(there, 0)])).mean(axis=0) @ weight / weight.sum()
    if kept > 0.5:
        return (
            "Out and back, most likely on about the same physical side both ways: what is the low side on "
            "the way out is the high side on the way back, so that a crowned road evens out."
        )
    return (
        "Out and back, most likely on the same side of travel both ways, as when always facing traffic: the "
        "same foot is at the road's edge out and back, so that a crowned road does not even out."
    )


def _rules(exposure: Exposure, roads: Roads, settings: SuggestionSettings) -> pd.DataFrame:
    """Say for each interval whether the other side may be suggested, and what stands against it."""
    ids = exposure["way_id"].to_numpy()
    known = np.unique(ids[ids != NO_WAY])
    ways = roads.ways.loc[known]
    limit = standards.maxspeed_default_kmh(ways)
    sidewalks = ways[["sidewalk_left", "sidewalk_right"]].isin(["yes", "separate"])
    rows = []
    footways = (sidewalks.all(axis=1) | (ways["carriageway_side"] != 0)).tolist()
    for position, way in enumerate(ways.itertuples()):
        both = bool(footways[position])
        rule = standards.pedestrian_rule(str(way.country), built_up=bool(way.built_up), has_sidewalk=both)
        fast = float(limit[position]) > settings.with_traffic_limit_kmh
        reason = ""
        if not both and rule.facing_required:
            reason = "facing traffic is the law there"
        elif not both and fast:
            reason = f"the limit is above {settings.with_traffic_limit_kmh:.0f} km/h and there is no footway"
        elif not both and rule.facing_recommended and float(limit[position]) > settings.quiet_limit_kmh:
            quiet = f"{settings.quiet_limit_kmh:.0f} km/h"
            reason = f"facing traffic is recommended there, and the limit is above {quiet}"
        rows.append(
            {
                "allowed": not reason,
                "reason": reason,
                "footway": both,
                "recommended": rule.facing_recommended and not both,
                "text": rule.text,
                "source": f"{rule.source} ({rule.strength})",
                "name": way.name or f"{way.highway} (no name)",
            }
        )
    columns = ["allowed", "reason", "footway", "recommended", "text", "source", "name"]
    table = pd.DataFrame(rows, index=known, columns=columns)
    return table.reindex(ids).reset_index(drop=True)


def _same_side_back(
    exposure: Exposure,
    histories: SlopeHistories,
    partner: IntArray,
    rules: pd.DataFrame,
    level_pct: float,
) -> Suggestion | None:
    """Work out what keeping the physical side on the way back would have done."""
    back = np.flatnonzero((partner >= 0) & (rules["allowed"] == True).to_numpy())  # noqa: E712 - missing rows are no True
    if not len(back):
        return None
    slope = histories.cross_slope_pct.astype(float)
    there, here = histories.state[:, partner[back]], histories.state[:, back]
    differs = (there >= 0) & (here >= 0) & (here != _MIRROR[np.maximum(there, 0)])
    # The same place run the other way falls to the other leg, whatever its profile.
    changed = slope.copy()
    changed[:, back] = np.where(differs, -slope[:, partner[back]], slope[:, back])
    distance = exposure["distance_m"].to_numpy()
    concerned = distance[back] @ differs.mean(axis=0)
    on_sidewalk = (
        np.isin(histories.state[:, back], _SIDEWALKS).mean(axis=0) @ distance[back] / distance[back].sum()
    )
    what = (
        "Use the sidewalk on the same physical side of the street on the way back as on the way out, so that "
        "it falls to the other leg."
        if on_sidewalk > 0.5
        else "On the way back, stay on the physical side of the street that you used on the way out."
    )
    moved = back[differs.mean(axis=0) >= 0.5]
    if not len(moved):
        return None
    return _suggestion(
        "same_side_back",
        what,
        rules.iloc[moved],
        exposure.iloc[moved],
        float(concerned),
        _effect(slope, distance, level_pct),
        _effect(changed, distance, level_pct),
    )


def _alternate_loop(
    exposure: Exposure, histories: SlopeHistories, rules: pd.DataFrame, level_pct: float
) -> Suggestion | None:
    """Work out what turning the loop round every other time, on the same physical side, would do."""
    on = np.flatnonzero(exposure["way_id"].to_numpy() != NO_WAY)
    distance = exposure["distance_m"].to_numpy()
    allowed = (rules["allowed"] == True).to_numpy()  # noqa: E712 - missing rows are no True
    if not len(on) or distance[on][~allowed[on]].sum() > 0.1 * distance[on].sum():
        return None
    slope = histories.cross_slope_pct.astype(float)
    before, turned = _effect(slope, distance, level_pct), _effect(-slope, distance, level_pct)
    after = _Effect(0.5 * (before.left_m + turned.left_m), 0.5 * (before.right_m + turned.right_m))
    what = (
        "Run this loop the other way round every other time, on the same physical side of the streets; the "
        "figures are the mean of one run each way."
    )
    return _suggestion(
        "alternate_loop", what, rules.iloc[on], exposure.iloc[on], float(distance[on].sum()), before, after
    )


def _effect(slope: FloatArray, distance: FloatArray, level_pct: float) -> _Effect:
    return _Effect(
        ((slope < -level_pct) * distance).sum(axis=1), ((slope > level_pct) * distance).sum(axis=1)
    )


def _suggestion(
    kind: str,
    what: str,
    rules: pd.DataFrame,
    exposure: pd.DataFrame,
    distance_m: float,
    before: _Effect,
    after: _Effect,
) -> Suggestion:
    metres = (
        exposure["distance_m"]
        .groupby(rules["name"].to_numpy())
        .sum()
        .sort_values(ascending=False, kind="stable")
    )
    main = rules.iloc[int(exposure["distance_m"].to_numpy().argmax())]
    against = []
    if rules["recommended"].any():
        against.append(
            "Where there is no sidewalk, facing traffic is recommended; this would be with traffic."
        )
    if (~rules["footway"].astype(bool)).any():
        against.append("Vehicles come from behind on part of it; only where you see and hear them well.")
    return Suggestion(
        kind=kind,
        what=what,
        where=tuple(metres.index[:5]),
        way_ids=tuple(int(way) for way in exposure["way_id"].unique()),
        distance_m=distance_m,
        left_low_before_m=interval_of(before.left_m),
        right_low_before_m=interval_of(before.right_m),
        left_low_after_m=interval_of(after.left_m),
        right_low_after_m=interval_of(after.right_m),
        balance_before=before.balance(),
        balance_after=after.balance(),
        crossings=0,
        rule=str(main["text"]),
        rule_source=str(main["source"]),
        against=tuple(against),
    )


def _gain(suggestion: Suggestion) -> float:
    if suggestion.balance_before is None or suggestion.balance_after is None:
        return 0.0
    return abs(suggestion.balance_before.median) - abs(suggestion.balance_after.median)


def _nothing(pattern: str, rules: pd.DataFrame, exposure: Exposure) -> str:
    reasons = exposure["distance_m"].groupby(rules["reason"].fillna("").to_numpy()).sum()
    reasons = reasons[(reasons.index != "") & (reasons > 0.0)].sort_values(ascending=False)
    why = "; ".join(f"{reason} ({metres / 1000:.1f} km)" for reason, metres in reasons.items())
    if why:
        return f"No safe change found: {why}."
    if pattern == "other":
        return "No safe change found: the route gives no choice of direction that would even it out."
    return "No change found that would even it out noticeably."
