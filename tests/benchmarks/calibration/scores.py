"""What camber says of a simulated run beside what happened: one row per block, and one per run."""

from dataclasses import asdict

import numpy as np
import pandas as pd

import camber
from camber import simulate

LEFT = ["p_left_sidewalk", "p_left_edge"]
RIGHT = ["p_right_edge", "p_right_sidewalk"]
TOTALS = ("left_low_m", "right_low_m", "level_m")


def by_block(analysis, truth):
    """Probabilities and what happened, one row per block, weighted by its metres.

    The side is that of the carriageway, left against right, given one of the two; the leg is left low or
    right low, given that the surface is tilted. ``side_is_left`` and ``leg_is_left`` are shares of metres.
    """
    sloped = analysis.sloped.drop(columns="geometry")
    true = truth[["lateral_state", "low", "way_id"]].add_suffix("_true").reindex(sloped.index)
    step = np.diff(sloped["distance_m"], prepend=sloped["distance_m"].iloc[0])
    state = true["lateral_state_true"].fillna("").astype(str)
    frame = pd.DataFrame(
        {
            "block": sloped["block"],
            "metres": step,
            "side_left_m": step * state.str.startswith("left").to_numpy(),
            "side_right_m": step * state.str.startswith("right").to_numpy(),
            "leg_left_m": step * (true["low_true"] == "left").to_numpy(),
            "leg_right_m": step * (true["low_true"] == "right").to_numpy(),
            "level_m": step * (true["low_true"] == "level").to_numpy(),
            "matched_m": step * (true["way_id_true"] == sloped["way_id"]).to_numpy(),
        }
    )
    sums = frame.groupby("block").sum()
    first = sloped.groupby("block").first()
    sums["p_left"], sums["p_right"] = first[LEFT].sum(axis=1), first[RIGHT].sum(axis=1)
    names = ["p_left_low", "p_right_low", "p_level", "side", "side_basis", "p_street", "p_off_road"]
    return sums.join(first[names])


def by_run(analysis, truth):
    """Totals with their intervals beside the true ones."""
    true, summary = asdict(simulate.truth_totals(truth)), analysis.summary
    row = {"fixes": len(truth), "device_found": analysis.lateral_histories.device_class}
    for name in TOTALS:
        interval = getattr(summary, name)
        row |= {f"{name}_true": true[name], f"{name}_low": interval.low, f"{name}_high": interval.high}
    return row


def judge(scenario, settings=None, learned=None):
    """Analyse one scenario; blocks, one row for the run, and the analysis."""
    analysis = camber.analyse(scenario.run.recording, scenario.roads, settings, learned)
    known = {
        "run": scenario.number,
        "extract": scenario.extract,
        "device_class": scenario.device_class,
        "misspecified": scenario.misspecified,
    }
    blocks = by_block(analysis, scenario.run.truth).assign(**known)
    return blocks, known | by_run(analysis, scenario.run.truth), analysis


def holds(rows, name):
    """Whether the interval of each row holds the truth."""
    return (rows[f"{name}_low"] <= rows[f"{name}_true"] + 0.5) & (
        rows[f"{name}_true"] <= rows[f"{name}_high"] + 0.5
    )
