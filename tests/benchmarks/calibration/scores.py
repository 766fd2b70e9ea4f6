"""What camber says of a simulated run beside what happened: one row per block, and one per run."""

from dataclasses import asdict
from typing import NamedTuple

import numpy as np
import pandas as pd

import camber
from camber import simulate
from camber.conventions import LATERAL_STATES, NO_WAY

LEFT = ["p_left_sidewalk", "p_left_edge"]
RIGHT = ["p_right_edge", "p_right_sidewalk"]
TOTALS = ("left_low_m", "right_low_m", "level_m")
SIDES = np.array([-1 if "left" in name else 1 if "right" in name else 0 for name in map(str, LATERAL_STATES)])
LEVEL_PCT = camber.Settings().cross_slope.level_pct


class Judged(NamedTuple):
    """One analysed run: a row for each block, one for the run; drawn sides and legs, -1 left, 1 right."""

    blocks: pd.DataFrame
    row: dict
    side: np.ndarray
    leg: np.ndarray
    analysis: camber.Analysis


def by_block(analysis, truth):
    """Probabilities and what happened, one row per block.

    ``p_side`` is the probability of the left side given one of the two, ``p_leg`` that of the left leg given
    that the surface is tilted; ``*_left_m`` and ``*_right_m`` are the true metres of each, and count in
    proportion where a block holds both.
    """
    sloped = analysis.sloped.drop(columns="geometry")
    true = truth[["lateral_state", "low", "way_id"]].reindex(sloped.index)
    step = np.maximum(np.diff(sloped["distance_m"], prepend=sloped["distance_m"].iloc[0]), 0.0)
    state = true["lateral_state"].fillna("").astype(str)
    frame = pd.DataFrame(
        {
            "block": sloped["block"],
            "metres": step,
            "side_left_m": step * state.str.startswith("left").to_numpy(),
            "side_right_m": step * state.str.startswith("right").to_numpy(),
            "leg_left_m": step * (true["low"] == "left").to_numpy(),
            "leg_right_m": step * (true["low"] == "right").to_numpy(),
            "matched_m": step * (true["way_id"] == sloped["way_id"]).to_numpy(),
        }
    )
    sums = frame.groupby("block").sum()
    first = sloped.groupby("block").first()
    left, right = first[LEFT].sum(axis=1), first[RIGHT].sum(axis=1)
    sure = first["p_street"] * (1.0 - first["p_off_road"])
    sums["p_side"] = 0.5 + sure * (_share(left, right) - 0.5)
    sums["p_leg"] = _share(first["p_left_low"], first["p_right_low"])
    return sums.join(first[["side", "side_basis"]])


def _share(left, right):
    total = left + right
    return (left / total.where(total > 0.0, np.inf)).where(total > 0.0, 0.5)


def by_run(draws, truth):
    """Totals with their 90 % intervals beside the true ones."""
    true, row = asdict(simulate.truth_totals(truth)), {"metres": float(truth["distance_m"].sum())}
    for name in TOTALS:
        low, high = np.quantile(getattr(draws, name).sum(axis=1), [0.05, 0.95])
        row |= {f"{name}_true": true[name], f"{name}_low": float(low), f"{name}_high": float(high)}
    left, right = (getattr(draws, name).sum(axis=1) for name in ("left_low_m", "right_low_m"))
    low, high = np.quantile(_balance(left, right), [0.05, 0.95])
    of_truth = float(_balance(true["left_low_m"], true["right_low_m"]))
    return row | {"balance_true": of_truth, "balance_low": float(low), "balance_high": float(high)}


def _balance(left_m, right_m):
    return (right_m - left_m) / np.maximum(left_m + right_m, 1e-9)


def known_of(scenario):
    """What is known about the making of a run."""
    names = ("extract", "device_class", "misspecified", "shape")
    return {"run": scenario.number} | {name: getattr(scenario, name) for name in names}


def judge(scenario, settings=None, learned=None):
    """Analyse one scenario."""
    analysis = camber.analyse(
        scenario.run.recording, scenario.roads, settings, learned, with_suggestions=False
    )
    truth = scenario.run.truth
    known = known_of(scenario)
    blocks = by_block(analysis, truth).assign(**known)
    histories = analysis.slope_histories
    side = np.where(histories.state >= 0, SIDES[np.maximum(histories.state, 0)], 0).astype(np.int8)
    # On another street than the matched one either side is as likely.
    coin = np.random.default_rng(scenario.number).choice(np.array([-1, 1], np.int8), side.shape)
    side = np.where(analysis.lateral_histories.astray & (side != 0), coin, side)
    slope = np.nan_to_num(histories.cross_slope_pct)
    leg = (np.sign(slope) * (np.abs(slope) > LEVEL_PCT)).astype(np.int8)
    row = known | by_run(analysis.draws, truth) | {"device_found": analysis.lateral_histories.device_class}
    row |= {"no_way": float((analysis.sloped["way_id"] == NO_WAY).mean())}
    return Judged(blocks, row, side, leg, analysis)


def holds(rows, name):
    """Whether the interval of each row holds the truth, metres to half a metre."""
    low, true, high = (rows[f"{name}_{what}"] for what in ("low", "true", "high"))
    slack = 1e-6 if name == "balance" else 0.5
    return (low <= true + slack) & (true <= high + slack)
