"""Where along its line a runner was: against closed forms and an oracle written with whole matrices."""

import numpy as np
import pytest

from camber.matching.along import AlongModel, Line, Seen, smooth_along

MODEL = AlongModel(20.0, 2.0, 30.0, 3.0, 0.2, 60.0, 0.3)


def line_through(corners):
    corners = np.asarray(corners, dtype=float)
    step = np.diff(corners, axis=0)
    length = np.hypot(*step.T)
    return Line(np.concatenate([[0.0], np.cumsum(length)[:-1]]), corners[:-1], step / length[:, None])


def place(line, distance_m):
    k = np.clip(np.searchsorted(line.start_m, distance_m, side="right") - 1, 0, None)
    return line.start_xy[k] + (distance_m - line.start_m[k])[:, None] * line.tangent[k], line.tangent[k]


def smooth(line, xy, guess_m, model=MODEL, *, step_s=1.0, sigma_m=4.0, rounds=2):
    n = len(xy)
    none, last = np.zeros(n, dtype=np.int64), np.full(n, len(line.start_m) - 1)
    seconds, sigma = np.full(n, step_s), np.full(n, sigma_m)
    return smooth_along(line, Seen(xy, seconds, sigma, none, last), guess_m, model, rounds=rounds)


def all_at_once(line, xy, guess_m, model, step_s, sigma_m):
    """The same posterior from one covariance matrix of everything: no filter, no recursion."""
    n = len(xy)
    t = step_s * np.arange(n)
    apart = np.abs(t[:, None] - t)
    tangent = place(line, guess_m)[1]
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    # Covariance of the distance run: that of the speed, integrated over both times on a fine grid.
    fine = 200
    grid = np.arange((n - 1) * fine + 1) * step_s / fine
    kernel = model.speed_sigma_mps**2 * np.exp(-np.abs(grid[:, None] - grid) / model.speed_s)
    trapezium = np.tril(np.ones((len(grid), len(grid)))) * step_s / fine
    trapezium[:, 0] /= 2.0
    trapezium[np.diag_indices(len(grid))] /= 2.0
    trapezium[0] = 0.0
    run = (trapezium[::fine] @ kernel @ trapezium[::fine].T) + 400.0 + sigma_m**2
    error = sigma_m**2 * np.exp(-apart / model.correlation_s)
    across = model.lateral_sigma_m**2 * np.exp(-apart / model.lateral_s)
    blocks = [
        [
            run * np.outer(tangent[:, a], tangent[:, b])
            + across * np.outer(normal[:, a], normal[:, b])
            + (a == b) * (error + model.white_m**2 * np.eye(n))
            for b in (0, 1)
        ]
        for a in (0, 1)
    ]
    prior = guess_m[0] + model.speed_mps * t
    seen = xy - (place(line, guess_m)[0] - tangent * guess_m[:, None]) - tangent * prior[:, None]
    with_seen = np.hstack([run * tangent[:, a] for a in (0, 1)])
    solved = np.linalg.solve(np.block(blocks), np.column_stack([seen.T.ravel(), with_seen.T]))
    mean = prior + with_seen @ solved[:, 0]
    return mean, np.sqrt(np.diag(run - with_seen @ solved[:, 1:]))


@pytest.mark.parametrize("corners", [[(0, 0), (100, 0)], [(0, 0), (-60, 80)], [(0, 0), (3, -4), (60, -80)]])
def test_the_smoother_is_the_posterior(corners):
    line = line_through(corners)
    guess = 1.0 + 2.9 * np.arange(9.0)
    rng = np.random.default_rng(3)
    xy = place(line, guess)[0] + rng.normal(0.0, 0.6, (9, 2)) + [0.8, -0.5]
    mean, std = smooth(line, xy, guess, rounds=1)
    expected, spread = all_at_once(line, xy, guess, MODEL, 1.0, 4.0)
    assert mean == pytest.approx(expected, abs=2e-3)
    assert std == pytest.approx(spread, abs=2e-3)


@pytest.mark.parametrize("step_s", [0.2, 1.0, 10.0, 60.0])
def test_without_errors_the_place_is_the_place(step_s):
    line = line_through([(0, 0), (300, 0), (300, 400)])
    true = 3.0 * step_s * np.arange(int(690.0 / (3.0 * step_s)))
    guess = true + 5.0 * np.sin(true / 30.0)
    distance, std = smooth(line, place(line, true)[0], guess, step_s=step_s, rounds=4)
    assert distance == pytest.approx(true, abs=1.0)
    assert (std > 0.0).all()


def test_a_corner_ties_the_place_along_the_line_down():
    """A constant error cannot be told along a straight; behind a corner it is seen across."""
    line = line_through([(0, 0), (300, 0), (300, 300)])
    true = 3.0 * np.arange(190)
    xy = place(line, true)[0] + [4.0, 0.0]
    distance, std = smooth(line, xy, true + np.where(true < 300.0, 4.0, 0.0), rounds=4)
    assert abs(distance - true)[90:110].max() < 2.5
    assert std[100] < 0.75 * std[20]


def test_errors_are_smoothed_and_the_claim_is_honest():
    """Errors of 4 m with 20 s of memory round corners: nearer than the fixes, as sure as said."""
    misses, claims, raw = [], [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        corners = np.cumsum(np.tile([(120, 0), (0, 90), (80, 0), (0, -130)], (5, 1)), axis=0)
        line = line_through(np.vstack([[0, 0], corners]))
        n = 600
        keep_v, keep_b = np.exp(-1 / 60), np.exp(-1 / 20)
        speed, error = np.empty(n), np.empty((n, 2))
        speed[0], error[0] = rng.normal(0, 0.2), rng.normal(0, 4.0, 2)
        for i in range(1, n):
            speed[i] = keep_v * speed[i - 1] + 0.2 * np.sqrt(1 - keep_v**2) * rng.normal()
            error[i] = keep_b * error[i - 1] + 4.0 * np.sqrt(1 - keep_b**2) * rng.normal(size=2)
        true = np.cumsum(3.0 + speed)
        at, tangent = place(line, true)
        guess = true + (error * tangent).sum(axis=1)
        distance, std = smooth(line, at + error, guess, rounds=3)
        misses.append(distance - true)
        raw.append(guess - true)
        claims.append(std)
    miss, claim = np.concatenate(misses), np.concatenate(claims)
    assert np.sqrt((miss**2).mean()) < 0.7 * np.sqrt((np.concatenate(raw) ** 2).mean())
    assert 0.6 < np.sqrt((miss**2).mean() / (claim**2).mean()) < 1.4
