"""Cross sections of surfaces whose slopes are known: in closed form, simulated, and surveyed."""

import numpy as np
import pytest

from camber.schema import MappedRoad
from camber.terrain import aged, measure_way, middles_observed, roads_observed
from tests.benchmarks.cross_sections import CASES, delft_windows, measured, table_row

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


@pytest.mark.parametrize(
    ("road", "cell", "reason"),
    [
        (MappedRoad(6.0, 1.2, covered=True), 1.0, "bridge or tunnel"),
        (ROAD, 5.0, "cells too coarse"),
        (ROAD, 2.0, "cells too coarse"),
        (MappedRoad(1.8, 0.6, is_road=False), 1.0, "cells too coarse"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_it_is_read(road, cell, reason):
    def never(_bounds):
        raise AssertionError

    assert set(measure_way(never, LINE, road, cell, gridded=True)["refused"]) == {reason}


def test_bends_voids_and_rough_ground_are_refused_window_by_window():
    angle = np.linspace(0.0, np.pi, 30)
    hairpin = np.array([1050.0, 2030.0]) + 18.0 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = street(crown)
    assert set(measure_way(points, hairpin, ROAD, 1.0, gridded=True)["refused"]) == {"bend"}
    assert set(measure_way(points[:50], LINE, ROAD, 1.0, gridded=True)["refused"]) == {"too few cells"}
    rough = measure_way(street(crown, noise=0.3), LINE, ROAD, 1.0, gridded=True)
    assert set(rough["refused"]) == {"rough"}
    assert rough["left_pct"].isna().all()
    assert (rough["roughness_m"] > 0.04).all()


def test_a_grid_that_was_interpolated_is_refused():
    even = street(crown, noise=0.0)
    assert set(measure_way(even, LINE, ROAD, 1.0, gridded=True)["refused"]) == {"interpolated"}
    # The same surface as returns of a cloud tells nothing of a grid.
    assert set(measure_way(even, LINE, ROAD, 1.0, gridded=False)["refused"]) == {""}


def test_evidence_has_honest_errors_and_strips_beyond_kerbs():
    rows = measure_way(street(crown, cell=0.5), LINE, ROAD, 0.5, gridded=True)
    roads = roads_observed(rows, 7, 2019)
    surfaces = [one.surface for one in roads]
    assert surfaces.count("carriageway") == 3
    assert {"left_sidewalk", "right_sidewalk"} <= set(surfaces)
    for one in roads:
        assert (one.way_id, one.year, one.source, one.p_wrong) == (7, 2019, "terrain", 0.05)
        if one.surface == "carriageway":
            assert one.left_sd_pct > 0.3
            assert one.log_crowned == 0.0
        else:
            # The made sidewalks fall back to the road by 2 %: left of it to the right.
            assert one.left_pct == pytest.approx(2.0 if one.surface == "left_sidewalk" else -2.0, abs=1.0)
    assert aged(roads[0], 2039).left_sd_pct == pytest.approx(np.hypot(roads[0].left_sd_pct, 2.0))
    assert aged(roads[0], 2019) == aged(roads[0], 2001) == roads[0]
    # One road in a hundred is built anew each year: 95 % x exp(-0.2) are measured right and still there.
    assert aged(roads[0], 2039).p_wrong == pytest.approx(1.0 - 0.95 * np.exp(-0.2))
    undated = roads_observed(rows, 7)[0]
    assert aged(undated, 2039).left_sd_pct == pytest.approx(np.hypot(roads[0].left_sd_pct, 0.8))


def test_a_path_is_nearly_a_plane_and_has_no_pattern():
    path = MappedRoad(2.0, 0.5, is_road=False)
    rows = measure_way(street(plane, cell=0.5, half=1.0), LINE, path, 0.5, gridded=True)
    for one in roads_observed(rows, 1, is_road=False):
        assert one.left_pct == pytest.approx(-3.0, abs=1.645 * one.left_sd_pct)
        assert one.right_pct == pytest.approx(-3.0, abs=1.645 * one.right_sd_pct)
        assert abs(one.left_pct - one.right_pct) < 2.0
        assert one.left_sd_pct < 2.0
        assert np.isnan(one.log_crowned)


def test_a_path_without_edges_could_be_any_strip_of_ground():
    flush = street(plane, cell=0.5, half=1.0, kerb=0.0)
    path = MappedRoad(2.0, 0.5, is_road=False)
    assert "no edges" in set(measure_way(flush, LINE, path, 0.5, gridded=True)["refused"])


def test_where_both_kerbs_are_seen_the_middle_is_known():
    rows = measure_way(street(crown, cell=0.5, middle=1.2), LINE, ROAD, 0.5, gridded=True)
    middles = middles_observed(rows, 3, 2019)
    assert [(one.from_m, one.to_m) for one in middles] == list(zip(rows["from_m"], rows["to_m"], strict=True))
    for one in middles:
        assert (one.way_id, one.source, one.year) == (3, "terrain", 2019)
        assert one.middle_m == pytest.approx(1.2, abs=0.2)
    flush = measure_way(street(crown, cell=0.5, middle=1.2, kerb=0.0), LINE, ROAD, 0.5, gridded=True)
    assert middles_observed(flush, 3) == ()


def test_simulated_streets_come_out_as_the_study_of_the_method_has_it():
    rmse, _, covered, _, told, right, _, sure_right, centre, _, refused, *_ = _row("1 m cells, 6 m road", 5)
    assert rmse < 0.7
    assert covered > 0.8
    assert told > 0.85
    assert right > 0.9
    assert sure_right == 1.0
    assert centre < 0.3
    assert refused < 0.1


def _row(name, streets):
    return table_row(measured(CASES[name], streets))


def test_a_smoothed_grid_is_refused_or_doubted():
    assert _row("smoothed over 3 m", 5)[-2] >= 0.9


def test_simulated_models_of_the_study(cells, known_lines):
    for known in known_lines("sim_lines.geojson"):
        points, cell = cells(f"{known['name']}.tif")
        rows = measure_way(points, np.array(known["projected"]), ROAD, cell, gridded=True)
        assert (rows["refused"] == "").mean() > 0.8
        for half in ("left", "right"):
            error = rows[f"{half}_pct"] - known[half]
            assert error.abs().median() < 0.8, known["name"]
        assert (rows["centre_m"] - known["mid"]).abs().median() < 0.5


@pytest.mark.parametrize("name", ["montpellier_lidarhd_1m.tif", "montpellier_lidarhd_05m.tif"])
def test_a_tram_bed_is_level(cells, known_lines, name):
    points, cell = cells(name)
    (known,) = known_lines("montpellier_lines.geojson")
    rows = measure_way(points, np.array(known["projected"]), MappedRoad(6.0, 1.5), cell, gridded=True)
    assert rows["refused"].tolist() == [""]
    assert (rows["left_pct"] + rows["right_pct"]).abs().max() / 2.0 < 0.3
    assert rows[["left_pct", "right_pct"]].abs().to_numpy().max() < 0.35
    assert rows[["step_left_m", "step_right_m"]].to_numpy() == pytest.approx(0.27, abs=0.06)


def test_streets_in_delft_fall_as_they_were_surveyed(cells, known_lines):
    windows = delft_windows(cells, known_lines, ("delft_ahn3_1m.tif",), shifts=(0.0, 1.5))
    kept = [one for one in windows if one.refused == ""]
    claimed = [one for one in kept if one.sure and one.pattern is not None]
    assert len(kept) > 0.5 * len(windows)
    assert sum(one.right for one in claimed) >= 0.95 * len(claimed) > 0
    steep = [
        (m, r) for one in kept for m, r in zip(one.slope_pct, one.known_pct, strict=True) if abs(r) > 1.0
    ]
    assert np.mean([np.sign(m) == np.sign(r) for m, r in steep]) >= 0.95
