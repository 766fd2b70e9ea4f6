"""Cross sections of made surfaces whose slopes are known in closed form."""

import numpy as np
import pytest

from camber.schema import MappedRoad
from camber.terrain import measure_way

LINE = np.array([[1000.0, 2000.0], [1100.0, 2060.0]])
ROAD = MappedRoad(6.0, 1.2)


def street(profile, *, cell=1.0, grade=0.03, noise=0.01, middle=0.0, half=3.0, kerb=0.1, seed=1):
    """Cells of a street along `LINE`: ``profile`` gives the height over the offset from the middle."""
    x, y = np.meshgrid(np.arange(970.0, 1131.0, cell) + 0.3, np.arange(1970.0, 2091.0, cell) + 0.4)
    way = LINE[1] - LINE[0]
    along, right = way / np.hypot(*way), np.array([way[1], -way[0]]) / np.hypot(*way)
    s = (x - LINE[0, 0]) * along[0] + (y - LINE[0, 1]) * along[1]
    u = (x - LINE[0, 0]) * right[0] + (y - LINE[0, 1]) * right[1] - middle
    rng = np.random.default_rng(seed)
    edge = np.clip(u, -half, half)
    beyond = np.where(np.abs(u) > half, kerb + 0.02 * (np.abs(u) - half), 0.0)
    z = 100.0 + grade * s + profile(edge) + beyond + noise * rng.standard_normal(x.shape)
    return np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1)


def crown(u):
    return -0.025 * np.abs(u)


def plane(u):
    return 0.03 * u


def best_pattern(row):
    names = ["log_crowned", "log_one_way_left", "log_one_way_right", "log_inverted"]
    return names[int(np.argmax([row[name] for name in names]))]


@pytest.mark.parametrize(
    ("profile", "left", "right", "pattern"),
    [
        (crown, -2.5, 2.5, "log_crowned"),
        (plane, -3.0, -3.0, "log_one_way_left"),
        (lambda u: -plane(u), 3.0, 3.0, "log_one_way_right"),
        (lambda u: -crown(u), 2.5, -2.5, "log_inverted"),
    ],
)
def test_planes_are_found_with_their_signs_and_their_middle(profile, left, right, pattern):
    rows = measure_way(street(profile, middle=1.1), LINE, ROAD, 1.0, gridded=True)
    assert rows["refused"].tolist() == ["", "", ""]
    assert rows["left_pct"].to_numpy() == pytest.approx(left, abs=0.6)
    assert rows["right_pct"].to_numpy() == pytest.approx(right, abs=0.6)
    assert rows["centre_m"].to_numpy() == pytest.approx(1.1, abs=0.25)
    assert rows["width_m"].to_numpy() == pytest.approx(6.0, abs=0.5)
    assert {best_pattern(row) for _, row in rows.iterrows()} == {pattern}


def test_a_line_drawn_the_other_way_has_the_mirrored_answer():
    points = street(lambda u: crown(u) + 0.5 * plane(u), middle=-0.8)
    there = measure_way(points, LINE, ROAD, 1.0, gridded=True)
    back = measure_way(points, LINE[::-1], ROAD, 1.0, gridded=True)[::-1].reset_index(drop=True)
    for here, mirrored, sign in (
        *(("left_pct", "right_pct", -1), ("left_sd_pct", "right_sd_pct", 1), ("centre_m", "centre_m", -1)),
        *(("width_m", "width_m", 1), ("log_one_way_left", "log_one_way_right", 1)),
        *(("log_crowned", "log_crowned", 1), ("step_left_m", "step_right_m", 1)),
    ):
        assert there[here].to_numpy() == pytest.approx(sign * back[mirrored].to_numpy(), abs=1e-6), here
