"""Figure 1: the side of single stretches against what is possible at all (standards/model.md, The side).

Straight streets of known width, run once each on one side, with errors new on each: a fast and a slow
Gauss-Markov part and an offset of the map. The limit is Phi(d sqrt(1' C^-1 1)) with the covariance C of
exactly these errors. Settings say what is true: the class is named, nothing is widened, no habit.
"""

from math import erf

import numpy as np
import pandas as pd

from camber import standards
from camber.lateral import locate
from camber.schema import LateralSettings
from tests.worlds import candidates_of, matched_on, roads_of

SPEED_MPS = 3.0
CLEARANCE_M = 0.75
MAP_SIGMA_M = 1.5


def phi(z):
    return 0.5 * (1.0 + np.vectorize(erf)(np.asarray(z) / np.sqrt(2.0)))


def covariance(row, n):
    """Covariance of the errors of n fixes, a second apart."""
    apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    fast = row.fast_sigma_m**2 * np.exp(-apart / row.fast_tau_s)
    slow = row.slow_sigma_m**2 * np.exp(-apart / row.slow_tau_s)
    return fast + slow + MAP_SIGMA_M**2


def cell(name, length_m, half_width_m, repetitions, seed):
    """One row of the table."""
    row, n = standards.gnss_classes()[name], round(length_m / SPEED_MPS)
    rng = np.random.default_rng([seed, n, int(10 * half_width_m)])
    matrix, edge = covariance(row, n), half_width_m - CLEARANCE_M
    side = rng.choice([-1.0, 1.0], repetitions)
    error = rng.standard_normal((repetitions, n)) @ np.linalg.cholesky(matrix).T
    offset = side[:, np.newaxis] * edge + error
    roads = roads_of(
        {
            k + 1: (
                [(0.0, 200.0 * k), (length_m + 9.0, 200.0 * k)],
                {"highway": "tertiary", "width_m": 2 * half_width_m},
            )
            for k in range(repetitions)
        }
    )
    matched = matched_on(
        roads, [{"way_id": k + 1, "offset_m": offset[k], "section": k} for k in range(repetitions)]
    )
    matched = matched.assign(elapsed_s=matched["elapsed_s"] + 1e6 * matched["section"])
    settings = LateralSettings(
        facing_habit=False, device_class=name, slow_factor=1.0, town_sigma_m=0.0, device_sigma_m=0.0
    )
    lateral, _, _ = locate(matched, candidates_of(matched), roads, settings, draws=1, rng=rng)
    found = lateral.groupby("section")[["p_left_edge", "p_right_edge"]].mean()
    share = (found["p_right_edge"] / found.sum(axis=1)).to_numpy()
    limit = float(phi(edge * np.sqrt(np.linalg.solve(matrix, np.ones(n)).sum())))
    mean = offset.mean(axis=1)
    return {
        "device_class": name,
        "length_m": length_m,
        "half_width_m": half_width_m,
        "repetitions": repetitions,
        "limit": limit,
        "camber": float((np.sign(share - 0.5) == side).mean()),
        "camber_claims": float(np.maximum(share, 1.0 - share).mean()),
        "naive_sign": float((np.sign(mean) == side).mean()),
        "independent_claims": float(
            (1.0 / (1.0 + np.exp(-2.0 * edge * np.abs(mean) * n / matrix[0, 0]))).mean()
        ),
        "standard_error": float(np.sqrt(limit * (1.0 - limit) / repetitions)),
    }


def table(repetitions, seed, *, small=False):
    """All cells."""
    names, lengths, halves = standards.gnss_classes(), (100.0, 300.0, 1000.0), (3.0, 4.0, 5.0, 6.0)
    chosen = [name for name in names if name != "dense"]
    if small:
        chosen, lengths, halves = ["single_band"], (100.0, 300.0), (4.0,)
    return pd.DataFrame(
        [
            cell(name, length_m, half_m, repetitions, seed)
            for name in chosen
            for length_m in lengths
            for half_m in halves
        ]
    )


def verdict(rows):
    """Share of cells within 3 points below the limit and not above it, both beyond sampling error."""
    gap = rows["camber"] - rows["limit"]
    sampling = 2.0 * rows["standard_error"]
    return {
        "mean_gap": float(gap.mean()),
        "worst_gap": float(gap.min()),
        "cells": len(rows),
        "cells_within_3_points": int((gap > -0.03 - sampling).sum()),
        "cells_above_limit": int((gap > 3.0 * rows["standard_error"]).sum()),
    }
