"""One run in a shifted world: what the watch wrote, and what is true second by second."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
from pyproj import Transformer

from camber.conventions import WGS84
from camber.schema import Recording, as_fixes
from camber.simulate.chance import ornstein_uhlenbeck
from camber.simulate.routes import trace_route
from tests.benchmarks.shifted import receiver as watch
from tests.benchmarks.shifted.runner import choose, stretches, targets
from tests.benchmarks.shifted.world import map_offset, slopes_by_state, true_slope


@dataclass(frozen=True, eq=False)
class Truth:
    """What happened in each second of a run; left and right are those of travel.

    ``step_m`` is the way run in that second, ``state`` the lateral state, ``slope_pct`` the cross slope
    under the runner [%], ``by_state_pct`` that under every state there, shape (n, 6).
    """

    elapsed_s: np.ndarray
    step_m: np.ndarray
    way_id: np.ndarray
    street_id: np.ndarray
    direction: np.ndarray
    state: np.ndarray
    offset_m: np.ndarray
    slope_pct: np.ndarray
    by_state_pct: np.ndarray

    def legs(self, level_pct):
        """Low leg: -1 left, 0 level, 1 right."""
        return np.sign(self.slope_pct).astype(np.int8) * (np.abs(self.slope_pct) >= level_pct)

    def metres(self, level_pct):
        """Metres with the left leg low, the right one, and level."""
        leg = self.legs(level_pct)
        return tuple(float(self.step_m[leg == side].sum()) for side in (-1, 1, 0))


def simulate(roads, streets, route, runner, device, started_at, rng):
    """Run a route once: a recording and the truth about it."""
    line = trace_route(roads, route)
    elapsed_s, along_m = _progress(line.length_m, runner, rng)
    segment = line.segment_at(along_m)
    way_id = roads.ways.index.to_numpy()[line.way[segment]]
    row, direction = streets.row(way_id), line.direction[segment]
    right, chainage_m = line.right_normal[segment], line.chainage(along_m)
    hand = streets.at("hand", row)
    held = stretches(along_m, streets.at("street", row), runner, rng)
    state = choose(streets, row, direction, held, runner, rng)
    target = targets(streets, row, direction, runner)
    mean = target[np.arange(len(row)), state]
    wander = ornstein_uhlenbeck(elapsed_s, runner.wander_m, runner.wander_s, rng, columns=1)[:, 0]
    shift = _smooth((mean + hand * wander)[:, np.newaxis] * right, runner.crossing_s)
    offset = (shift * right).sum(axis=1)
    drawn = (direction * map_offset(streets, row, chainage_m))[:, np.newaxis] * right
    # A town's displacement is mirrored with it.
    moved = drawn + streets.town.town_shift_m * np.stack([hand, np.ones(len(hand))], axis=1)
    xy = line.position(along_m) + shift + _smooth(moved, 2.0)
    slope = direction * true_slope(streets, row, chainage_m, direction * offset)
    error = watch.error_xy(device, elapsed_s, right, int(hand[0]), rng)
    written, kept = watch.recorded(device, xy, error, int(hand[0]), rng)
    claimed = watch.accuracy(device, len(xy), rng)
    truth = Truth(
        elapsed_s,
        np.hypot(*np.diff(xy, axis=0, prepend=xy[:1]).T),
        way_id,
        streets.at("street", row),
        direction,
        state.astype(np.int8),
        offset,
        slope,
        slopes_by_state(streets, row, chainage_m, direction, target),
    )
    return _recording(roads, written[kept], elapsed_s[kept], claimed[kept], started_at), truth


def _progress(length_m, runner, rng):
    """Seconds and metres along the route: laps of a kilometre, each at a pace of its own."""
    laps = np.exp(0.06 * rng.standard_normal(int(length_m / 1000.0) + 2))
    n = int(length_m / (0.7 * runner.speed_mps)) + 2
    along, reached = np.zeros(n), 0.0
    for k in range(1, n):
        reached += runner.speed_mps * laps[min(int(reached / 1000.0), len(laps) - 1)]
        along[k] = reached
    last = int(np.searchsorted(along, length_m)) + 1
    along = np.minimum(along[:last], length_m)
    return np.arange(len(along), dtype=float), along


def _smooth(values, sigma_s):
    half = int(np.ceil(3.0 * sigma_s))
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma_s) ** 2)
    padded = np.pad(values, ((half, half), (0, 0)), mode="edge")
    return np.stack([np.convolve(padded[:, k], kernel / kernel.sum(), mode="valid") for k in (0, 1)], axis=1)


def _recording(roads, xy, elapsed_s, accuracy_m, started_at):
    longitude, latitude = Transformer.from_crs(roads.crs, WGS84, always_xy=True).transform(*xy.T)
    time = pd.Series([started_at + timedelta(seconds=float(s)) for s in elapsed_s]).astype(
        "datetime64[ms, UTC]"
    )
    missing = np.full(len(xy), np.nan)
    columns = dict.fromkeys(("elevation_m", "speed_mps", "cadence_spm", "heart_rate_bpm"), missing)
    fixes = pd.DataFrame(
        {
            "time": time,
            "latitude_deg": np.round(latitude, 7),
            "longitude_deg": np.round(longitude, 7),
            **columns,
            "accuracy_m": accuracy_m,
            "stance_time_balance_pct": missing,
            "part": np.zeros(len(xy), dtype=np.int64),
        }
    ).rename_axis("fix_id")
    return Recording(
        source="simulated",
        format="gpx",
        sport="running",
        device="simulated watch",
        name="simulated",
        started_at=started_at,
        time_zone=None,
        fixes=as_fixes(fixes),
    )
