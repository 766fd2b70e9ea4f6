"""Figure 2: is what is claimed right as often as claimed?"""

import numpy as np
import pandas as pd

EDGES = np.linspace(0.0, 1.0, 11)
CLIP = 1e-4


def curve(p, left_m, right_m):
    """Claimed and true shares of the left in ten bins, weighted by metres."""
    number = np.clip(np.digitize(p, EDGES) - 1, 0, 9)
    metres = left_m + right_m
    total = np.bincount(number, metres, 10)
    with np.errstate(invalid="ignore", divide="ignore"):
        return pd.DataFrame(
            {
                "metres": total,
                "claimed": np.bincount(number, metres * p, 10) / total,
                "happened": np.bincount(number, left_m, 10) / total,
            }
        )


def calibration_error(p, left_m, right_m):
    """Expected calibration error: mean distance of claimed and true shares, weighted by metres."""
    rows = curve(p, left_m, right_m)
    gap = (rows["claimed"] - rows["happened"]).abs().fillna(0.0)
    return float((gap * rows["metres"]).sum() / max(rows["metres"].sum(), 1e-9))


def perfect(p, metres, drawn):
    """95 % quantile of that error for a model whose own histories are the truth of the same runs.

    `drawn` holds -1 (left), 0 (neither) and 1 (right) for each draw and block.
    """
    errors = [calibration_error(p, metres * (row < 0), metres * (row > 0)) for row in drawn]
    return float(np.quantile(errors, 0.95))


def log_loss(p, left_m, right_m):
    p = np.clip(p, CLIP, 1.0 - CLIP)
    return float(-(left_m * np.log(p) + right_m * np.log(1.0 - p)).sum() / (left_m + right_m).sum())


def brier(p, left_m, right_m):
    return float((left_m * (1.0 - p) ** 2 + right_m * p**2).sum() / (left_m + right_m).sum())


def named(p, left_m, right_m, threshold=0.9):
    """Share of metres named at the threshold, and how many of those are right."""
    metres = left_m + right_m
    sure = np.maximum(p, 1.0 - p) >= threshold
    hit = np.where(p > 0.5, left_m, right_m)
    return float(metres[sure].sum() / metres.sum()), float(hit[sure].sum() / max(metres[sure].sum(), 1e-9))


def scores(blocks, prior, drawn, what):
    """One row: everything about the side or the leg of these blocks; `prior` is what the prior alone says."""
    p, left, right = (
        blocks[f"{name}"].to_numpy() for name in (f"p_{what}", f"{what}_left_m", f"{what}_right_m")
    )
    metres = blocks["metres"].to_numpy()
    share, right_share = named(p, left, right)
    even = np.full(len(p), 0.5)
    return {
        "what": what,
        "kilometres": float((left + right).sum() / 1000.0),
        "ece": calibration_error(p, left, right),
        "ece_perfect_95": perfect(p, metres, drawn),
        "accuracy": float(np.where(p > 0.5, left, right).sum() / (left + right).sum()),
        "claimed": float((np.maximum(p, 1.0 - p) * (left + right)).sum() / (left + right).sum()),
        "log_loss": log_loss(p, left, right),
        "log_loss_prior": log_loss(prior, left, right),
        "log_loss_unknown": log_loss(even, left, right),
        "brier": brier(p, left, right),
        "brier_prior": brier(prior, left, right),
        "brier_unknown": brier(even, left, right),
        "named": share,
        "right_where_named": right_share,
    }
