"""Bends on a track: anticlockwise laps are left-hand bends, and straights are none."""

import numpy as np
import pandas as pd
import pytest

from camber.legs.turning import COLUMNS, track_bends

STRAIGHT_M, RADIUS_M = 84.39, 36.5  # of a 400 m track (World Athletics)


def lap(step_m=37.0, laps=4, noise_m=0.0, *, clockwise=False):
    """Intervals of a run on a track, anticlockwise unless said, at 60 degrees north."""
    bend = np.pi * RADIUS_M
    at = np.arange(0.0, laps * 2.0 * (STRAIGHT_M + bend), step_m)
    inside = at % (2.0 * (STRAIGHT_M + bend))
    half, along = inside // (STRAIGHT_M + bend), inside % (STRAIGHT_M + bend)
    angle = np.clip((along - STRAIGHT_M) / RADIUS_M, 0.0, np.pi)
    east = np.minimum(along, STRAIGHT_M) - STRAIGHT_M / 2 + RADIUS_M * np.sin(angle)
    north = -RADIUS_M * np.cos(angle)
    sign = np.where(half == 0, 1.0, -1.0)
    east, north = sign * east, sign * north * (-1.0 if clockwise else 1.0)
    rng = np.random.default_rng(1)
    east, north = (axis + noise_m * rng.normal(size=len(axis)) for axis in (east, north))
    metre = np.degrees(1.0 / 6_371_000.0)
    places = (60.0 + north * metre, 25.0 + east * metre / np.cos(np.radians(60.0)))
    columns = (*places, np.zeros(len(at), dtype=int), np.full(len(at), step_m), ["track"] * len(at))
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def test_anticlockwise_laps_turn_left_for_the_bends_share():
    found = track_bends([lap()])
    share = np.pi * RADIUS_M / (np.pi * RADIUS_M + STRAIGHT_M)
    assert found.right_m == 0.0
    assert found.left_m / found.distance_m == pytest.approx(share, abs=0.15)


def test_clockwise_laps_are_the_mirror_image():
    one, other = track_bends([lap()]), track_bends([lap(clockwise=True)])
    assert (one.left_m, one.right_m) == (other.right_m, other.left_m)


def test_errors_of_positions_make_few_wrong_bends():
    found = track_bends([lap(noise_m=2.0, laps=20)])
    assert found.right_m < 0.05 * found.left_m


def test_half_of_it_the_other_way_round_is_half_each():
    found = track_bends([lap(), lap(clockwise=True)])
    assert found.left_m == found.right_m > 0.0


def test_streets_have_no_bends_of_a_track():
    assert track_bends([lap().assign(surface_kind="road_edge")]) is None
    assert track_bends([]) is None
    assert track_bends([lap().head(2)]).left_m == 0.0
