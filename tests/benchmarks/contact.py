"""Contact against tilt, by simulation: an effect put into recordings, and what camber finds of it.

Run in the project's root:

``python tests/benchmarks/contact.py rows FILE [--runners N] [--first N] [--runs N]`` simulates runs of some
runners on real maps, analyses them, and keeps their rows with the true tilt beside them.

``python tests/benchmarks/contact.py effects FILE [--times N]`` puts effects of 0, 0.05, 0.1 and 0.2
percentage points per percent into them, under noise and drift cut out of two real recordings
(``../shared/data/exports/fit_running_dynamics``), and prints bias, coverage, power and naive regressions.

``python tests/benchmarks/contact.py real`` says how the noise of these two hangs together, and what goes with
their own grade and turns; no map of theirs is at hand, so that they say nothing of tilt.

Everything but that noise is simulated, on real maps, (c) OpenStreetMap contributors; seeds are fixed.
"""

from __future__ import annotations

import argparse
import pickle
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import camber
from camber.legs.contact_balance import Strides, measure_contact, noise_of, strides_of, without_stumbles
from camber.legs.pooling import WANTED, pooled_effect
from tests.benchmarks.calibration import scenarios

FIT = scenarios.ROOT.parent / "shared" / "data" / "exports" / "fit_running_dynamics"
REAL = ("runalyze_fr935_25km.fit", "sportslib_coros_11km.fit")
EFFECTS = (0.0, 0.05, 0.1, 0.2)
OF_SPEED, OF_TURN = 0.3, 0.2
"""What the simulated balance does per standard deviation of speed and of turning [percentage points]."""


def noise_series():
    """Seconds and right share of the real recordings, stumbles blanked, about their own mean."""
    found = []
    for name in REAL:
        fixes = camber.read_recording(FIT / name).fixes
        right = without_stumbles(100.0 - fixes["stance_time_balance_pct"].to_numpy(dtype=float))
        seconds = (fixes["time"] - fixes["time"].iloc[0]).dt.total_seconds().to_numpy()
        known = np.isfinite(right)
        grid = np.arange(0.0, seconds[-1])
        found.append(np.interp(grid, seconds[known], right[known] - right[known].mean()))
    return found


def noise_at(time_s, series, rng):
    """A piece of a real recording under the rows of a run: reversed, turned over and begun by chance."""
    piece = series[:: rng.choice([-1, 1])] * rng.choice([-1.0, 1.0])
    there_and_back = np.concatenate([piece, piece[::-1]])
    first = (time_s - 6.0).astype(int) + rng.integers(len(there_and_back))
    window = np.concatenate([[0.0], np.cumsum(np.tile(there_and_back, 3))])
    at = first % len(there_and_back)
    return (window[at + 12] - window[at]) / 12.0


def simulated_rows(runners, first, runs, seed):
    """Rows of each run with the true tilt, by runner."""
    extracts = scenarios.open_extracts()
    for number in range(first, first + runners):
        week = scenarios.draw_week(extracts, seed, number, runs)
        found = []
        for scenario in week or ():
            recording = scenario.run.recording
            # Any balance: it is put in later, under the rows that camber makes.
            fixes = recording.fixes.assign(stance_time_balance_pct=50.0)
            analysis = camber.analyse(replace(recording, fixes=fixes), scenario.roads, with_suggestions=False)
            rows = strides_of(analysis)
            if rows is not None:
                found.append((rows, true_slope(analysis, scenario.run.truth, rows)))
        if found:
            print(f"runner {number}: {len(found)} runs", file=sys.stderr, flush=True)
            yield found


def true_slope(analysis, truth, rows):
    """Mean true tilt under each row [%]; 0 where the runner was off every way."""
    slope = truth["cross_slope_pct"].reindex(analysis.sloped.index).fillna(0.0).to_numpy()
    elapsed = analysis.sloped["elapsed_s"].to_numpy()
    mean = pd.Series(slope).groupby(analysis.sloped["block"].to_numpy()).mean().to_numpy()
    middle = pd.Series(elapsed).groupby(analysis.sloped["block"].to_numpy()).mean().to_numpy()
    assert len(np.unique(middle)) == len(middle)
    return np.interp(rows.time_s, middle, mean)


def with_effect(rows, truth, effect, series, rng):
    """Rows whose balance is an effect of the true tilt, of speed and of turns, under real noise."""
    other = OF_SPEED * rows.nuisances[:, 1] + OF_TURN * rows.nuisances[:, -1]
    right = 50.0 + noise_at(rows.time_s, series, rng) + other + effect * truth
    return replace(rows, right_pct=right)


def naive(rows, slope_pct):
    """Least squares of the balance on one slope a row, and its textbook standard error."""
    design = np.column_stack([np.ones(len(slope_pct)), slope_pct])
    inverse = np.linalg.inv(design.T @ design)
    found = inverse @ design.T @ rows.right_pct
    left = rows.right_pct - design @ found
    return found[1], np.sqrt(inverse[1, 1] * (left @ left) / (len(left) - 2))


def likeliest(rows):
    """The slope of the likelier leg, as big as it then is: what a single answer would say [%]."""
    right = (rows.drawn_pct > 0.0).mean(axis=0) > 0.5
    size = np.abs(rows.drawn_pct).mean(axis=0)
    return np.where(right, size, -size)


def effects(people, times, seed):
    """One row per effect, number of runs and trial."""
    noises = noise_series()
    rng = np.random.default_rng(seed)
    found = []
    for effect in EFFECTS:
        for trial in range(times):
            for whose, runs in enumerate(people):
                series = [noises[rng.integers(len(noises))]] * len(runs)
                made = [
                    with_effect(rows, truth, effect, noise, rng)
                    for (rows, truth), noise in zip(runs, series, strict=True)
                ]
                parts = [measure_contact(rows) for rows in made]
                plain = np.array(
                    [(*naive(rows, rows.slope_pct), *naive(rows, likeliest(rows))) for rows in made]
                )
                order = rng.permutation(len(parts))
                for count in sorted({1, 3, 6, len(parts)}):
                    if count > len(parts):
                        continue
                    taken = order[:count]
                    found.append(
                        judged(effect, (whose, trial, count), [parts[i] for i in taken], plain[taken])
                    )
        print(f"effect {effect} done", file=sys.stderr, flush=True)
    return pd.DataFrame(found)


def judged(effect, which, parts, plain):
    """What was said of an effect, and whether that is so."""
    said = pooled_effect(parts)
    row = dict(zip(("runner", "trial", "runs"), which, strict=True))
    row |= {"effect": effect, "km": said.distance_m / 1000.0, "said": said.effect.median}
    row |= {"width": said.effect.high - said.effect.low, "more_km": said.more_m / 1000.0}
    row |= {"covered": said.effect.low <= effect <= said.effect.high, "detected": said.is_detected}
    if said.paired is not None:
        row |= {"paired_covered": said.paired.low <= effect <= said.paired.high}
    for name, value, error in (("mean", *plain[:, :2].T), ("likeliest", *plain[:, 2:].T)):
        weight = 1.0 / error**2
        pooled, half = (weight @ value) / weight.sum(), 1.645 / np.sqrt(weight.sum())
        row |= {name: pooled, f"{name}_covered": abs(pooled - effect) <= half}
        row |= {f"{name}_detected": abs(pooled) > half}
    return row


def tables(found):
    """Bias, coverage and power by effect and number of runs, and power by kilometres."""
    shares = ["covered", "detected", "mean_covered", "mean_detected", "likeliest_covered"]
    by = found.groupby(["effect", "runs"])
    table = by[["km", "said", "width", *shares, "mean", "likeliest"]].mean()
    table["median"] = by["said"].median()
    table["paired_covered"] = by["paired_covered"].mean()
    cuts = [0, 8, 16, 32, 64, 1000]
    km = found.groupby(["effect", pd.cut(found["km"], cuts)], observed=True)
    return table, km[["covered", "detected"]].mean().join(km.size().rename("trials"))


def real():
    """Noise of the real files, and what goes with their own grade, speed, cadence and turns."""
    for name in REAL:
        fixes = camber.read_recording(FIT / name).fixes
        right = without_stumbles(100.0 - fixes["stance_time_balance_pct"].to_numpy(dtype=float))
        rows = real_rows(fixes, right)
        design = np.column_stack([np.ones(len(rows.time_s)), rows.nuisances])
        covariance, spread = noise_of(rows, design)
        inverse = np.linalg.inv(covariance)
        spread_of = np.linalg.inv(design.T @ inverse @ design)
        found = spread_of @ design.T @ inverse @ rows.right_pct
        known = right[np.isfinite(right)] - np.nanmean(right)
        lags = {
            lag: round(float((known[:-lag] * known[lag:]).mean() / known.var()), 2)
            for lag in (12, 30, 60, 600)
        }
        print(f"{name}: right {np.nanmean(right):.2f} %, noise {spread:.2f} points, correlations {lags}")
        for what, value, error in zip(NAMES, found[1:], np.sqrt(np.diag(spread_of))[1:], strict=True):
            low, high = value - 1.645 * error, value + 1.645 * error
            print(f"  per standard deviation of {what}: {value:+.3f} ({low:+.3f} to {high:+.3f}) points")


NAMES = ("time", "speed", "cadence", "grade", "turns to the right")


def real_rows(fixes, right):
    """Rows of twelve seconds of a recording that is on no map."""
    seconds = (fixes["time"] - fixes["time"].iloc[0]).dt.total_seconds().to_numpy()
    block = (seconds // 12).astype(int)
    heading = np.degrees(
        np.arctan2(
            np.gradient(fixes["longitude_deg"]) * np.cos(np.radians(fixes["latitude_deg"])),
            np.gradient(fixes["latitude_deg"]),
        )
    )
    turn = (np.diff(heading, prepend=heading[0]) + 180.0) % 360.0 - 180.0
    table = pd.DataFrame(
        {
            "time": seconds,
            "speed": fixes["speed_mps"].to_numpy(),
            "cadence": fixes["cadence_spm"].to_numpy(),
            "height": fixes["elevation_m"].to_numpy(),
            "turn": np.where(fixes["speed_mps"] > 1.0, turn, np.nan),
            "right": right,
        }
    )
    mean = table.groupby(block).mean().dropna()
    mean = mean[mean["speed"] > 1.8]
    grade = 100.0 * np.gradient(mean["height"]) / np.maximum(12.0 * mean["speed"], 5.0)
    nuisances = np.column_stack([mean["time"], mean["speed"], mean["cadence"], grade, mean["turn"]])
    nuisances = (nuisances - nuisances.mean(axis=0)) / nuisances.std(axis=0)
    nothing = np.zeros(len(mean))
    return Strides(
        mean["time"].to_numpy(),
        12.0 * mean["speed"].to_numpy(),
        mean["right"].to_numpy(),
        nothing,
        nothing[None],
        nuisances,
        nothing.astype(int),
        nothing.astype(int),
    )


def main():
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["rows", "effects", "real"])
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--runners", type=int, default=72)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--runs", type=int, default=6)
    parser.add_argument("--times", type=int, default=6)
    parser.add_argument("--seed", type=int, default=20)
    given = parser.parse_args()
    if given.what == "real":
        real()
    elif given.what == "rows":
        made = simulated_rows(given.runners, given.first, given.runs, given.seed)
        given.file.write_bytes(pickle.dumps(list(made)))
    else:
        people = pickle.loads(given.file.read_bytes())  # noqa: S301 - written by this file
        pd.set_option("display.width", 220, "display.max_columns", 30)
        print(f"effect looked for: {WANTED} points per percent; {len(people)} runners")
        for table in tables(effects(people, given.times, given.seed)):
            print(table.round(3).to_string())


if __name__ == "__main__":
    main()
