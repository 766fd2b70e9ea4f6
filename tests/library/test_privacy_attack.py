"""Whoever sees where 200 shared lines begin does not find the home with a circle through them."""

import numpy as np
import pandas as pd
import pytest

from camber.library import open_library
from camber.library.privacy import add_zone, hidden_intervals
from camber.packing import pack_table

HOME = 60.17, 24.94
BLOCK_M, REACH = 100.0, 16
METRE = np.array([1.0 / 111_195.0, 1.0 / (111_195.0 * np.cos(np.radians(HOME[0])))])
"""Degrees of latitude and longitude of a metre at home."""

RUNS, TRIALS = 200, 20


def degrees(xy):
    """Metres east and north of the home as latitude and longitude."""
    xy = np.asarray(xy, float)
    return HOME[0] + xy[..., 1] * METRE[0], HOME[1] + xy[..., 0] * METRE[1]


def line_data(xy):
    latitude, longitude = degrees(xy)
    return pack_table(pd.DataFrame({"longitude_deg": longitude, "latitude_deg": latitude}))


def streets(connection):
    """A grid of streets, whose junction next to the home lies 30 m west of it."""
    chainage = np.arange(2 * REACH + 1) * BLOCK_M
    junctions = pack_table(pd.DataFrame({"chainage_m": chainage}))
    for number in range(2 * (2 * REACH + 1)):
        along = chainage - REACH * BLOCK_M
        across = np.full(len(along), (number // 2 - REACH) * BLOCK_M)
        xy = np.column_stack([along, across] if number % 2 == 0 else [across, along]) - (30.0, 0.0)
        connection.execute(
            "INSERT INTO segment (segment_id, way_id, digest, name, highway, fingerprint, length_m, points, "
            "line, junctions) VALUES (?, ?, 'd', '', 'residential', 0, ?, ?, ?, ?)",
            (number, number, chainage[-1], len(xy), line_data(xy), junctions),
        )


def run(connection, number, rng):
    """From the home along its street for some blocks, round a corner, and straight on."""
    east, north = rng.integers(-6, 7), int(rng.choice([-1, 1]) * rng.integers(10, 15))
    corner = east * BLOCK_M - 30.0
    step = np.sign(corner) or 1.0
    along = np.arange(0.0, corner, 10.0 * step)
    first = np.column_stack([along, np.zeros(len(along))])
    up = np.arange(0.0, north * BLOCK_M, 10.0 * np.sign(north))
    second = np.column_stack([np.full(len(up), corner), up])
    xy = np.concatenate([first, second])
    ways = np.r_[np.full(len(first), 2 * REACH), np.full(len(second), 2 * (REACH + east) + 1)]
    chainage = np.r_[first[:, 0] + 30.0, second[:, 1]] + REACH * BLOCK_M
    latitude, longitude = degrees(xy + rng.normal(0.0, 3.0, xy.shape))
    fixes = pack_table(pd.DataFrame({"latitude_deg": latitude, "longitude_deg": longitude}))
    connection.execute(
        "INSERT INTO fixes (activity_id, rows, data, fingerprint) VALUES (?, ?, ?, 0)",
        (number, len(xy), fixes),
    )
    for seq, way in enumerate(np.unique(ways)):
        connection.execute(
            "INSERT INTO traversal VALUES (?, ?, ?, NULL, 1, 0, 1, 1, 1)", (number, seq, int(way))
        )
    table = pd.DataFrame({"way_id": ways, "start_chainage_m": chainage, "end_chainage_m": chainage})
    return xy, table.assign(first_fix=np.arange(len(xy)), last_fix=np.arange(len(xy)))


def circle_through(points):
    """Middle of the circle that fits best (Kasa 1976: linear least squares)."""
    known = np.column_stack([2.0 * points, np.ones(len(points))])
    return np.linalg.lstsq(known, (points**2).sum(axis=1), rcond=None)[0][:2]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with open_library(tmp_path_factory.mktemp("attack") / "library") as library:
        library.connection.execute("PRAGMA foreign_keys = OFF")
        rng = np.random.default_rng(11)
        with library.writing() as connection:
            streets(connection)
            runs = [run(connection, number, rng) for number in range(RUNS)]
        yield library, runs


def beginnings(library, runs):
    """Where each line begins that others may see."""
    found = []
    for number, (xy, table) in enumerate(runs):
        shown = np.flatnonzero(~hidden_intervals(library.connection, number, table))
        if len(shown):
            found.append(xy[shown[0]])
    return np.array(found)


def test_without_a_zone_the_home_is_found(world):
    library, runs = world
    assert np.hypot(*np.median(beginnings(library, runs), axis=0)) < 10.0


def test_a_circle_through_200_beginnings_misses_the_home_by_more_than_200_m(world):
    library, runs = world
    missed = []
    for _ in range(TRIALS):
        with library.writing() as connection:
            connection.execute("DELETE FROM zone")
        add_zone(library.connection, *HOME, 200.0)
        seen = beginnings(library, runs)
        assert len(seen) > RUNS / 2
        missed.append(float(np.hypot(*circle_through(seen))))
    assert np.mean(np.array(missed) > 200.0) >= 0.95, sorted(missed)
