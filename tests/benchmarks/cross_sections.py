"""How well cross sections come out of terrain models: on simulated streets, and in Delft.

    python -m tests.benchmarks.cross_sections [STREETS [CASE...]]

Streets are simulated with kerbs, widths, drifts and parabolas that are not the estimator's own assumptions;
each is 240 m long, and its line is displaced by a standard deviation of 1.5 m.
"""

import importlib
import json
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from camber.schema import MappedRoad
from camber.simulate.ground import Section, Survey, lay_street
from camber.terrain import measure_way, measuring
from camber.terrain.road_evidence import slope_sd_pct
from camber.terrain.slope_errors import is_doubtful

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "terrain"
CASES = {
    "1 m cells, 6 m road": {},
    "1 m cells, 3 m road": {"width": 3.0},
    "1 m cells, 4 m road": {"width": 4.0},
    "1 m cells, 5 m road": {"width": 5.0},
    "0.5 m cells, 6 m road": {"cell": 0.5},
    "2 m cells, 6 m road": {"cell": 2.0},
    "2 m cells, 8 m road": {"cell": 2.0, "width": 8.0},
    "parabolas, 7 m road": {"width": 7.0, "bowed": True},
    "rests of parked cars": {"cars": 0.35},
    "verge falling 5 %": {"verge": True, "width": 6.5},
    "smoothed over 3 m": {"smoothed": 3.0},
}
PATHS = {
    "path of 1.6 m": {"cell": 0.5, "width": 1.6, "path": True},
    "path of 2.5 m": {"cell": 0.5, "width": 2.5, "path": True},
}
"""Between verges that fall away by 4 %, as simulated worlds have them; measured as if edges were seen."""
HEAD = "  rmse  <0.5  in90     z  told right  sure +right centre width refused flag  s/km"
LOGS = ["log_crowned", "log_one_way_left", "log_one_way_right", "log_inverted"]
SIGNS = np.array([[-1, 1], [-1, -1], [1, 1], [1, -1]])


def street(case, seed):
    """One street of a case: its line in the map, points, the truth, and what the map says."""
    rng = np.random.default_rng(seed)
    path = case.get("path", False)
    pattern = rng.choice(4, p=[0.25, 0.375, 0.375, 0.0] if path else [0.5, 0.2, 0.2, 0.1])
    slope = SIGNS[pattern] * (
        max(rng.normal(1.7, 0.8), 0.1)
        if path
        else np.maximum(rng.normal(2.6, 0.7) + rng.normal(0.0, 0.4, 2), 0.8)
    )
    width = case.get("width", 6.0) * rng.uniform(0.95, 1.05)
    kerb = (
        {}
        if case.get("verge")
        else dict(zip(("kerb_left_m", "kerb_right_m"), rng.uniform(0.06, 0.16, 2), strict=True))
    )
    section = Section(
        *(float(each) for each in slope),
        half_m=width / 2.0,
        middle_m=float(np.clip(rng.normal(0.0, 1.5), -4.0, 4.0)),
        bowed=bool(case.get("bowed", rng.random() < 0.15) and pattern in {0, 3}),
        walk_m=rng.uniform(1.2, 3.0),
        walk_pct=rng.uniform(1.0, 3.0),
        beyond_pct=rng.uniform(-3.0, 6.0),
        drift_m=rng.normal(0.0, 0.4),
        **kerb,
    )
    if case.get("verge"):
        section = replace(
            section, kerb_left_m=0.0, kerb_right_m=0.0, walk_m=3.0, walk_pct=-5.0, beyond_pct=2.0
        )
    if path:
        flush = {"kerb_left_m": 0.0, "kerb_right_m": 0.0, "walk_m": 2.0, "walk_pct": -4.0}
        section = replace(section, **flush)
    section = replace(section, cars_left=case.get("cars", 0.0), cars_right=case.get("cars", 0.0))
    survey = Survey(cell_m=case.get("cell", 1.0), smoothed_m=case.get("smoothed", 0.0))
    angle, turn = rng.uniform(0.0, 2.0 * np.pi), rng.normal(0.0, 2e-3)
    heading = angle + turn * np.linspace(0.0, 240.0, 13)
    step = 20.0 * np.stack([np.sin(heading), np.cos(heading)], axis=1)
    line = 5e5 + np.concatenate([np.zeros((1, 2)), np.cumsum(step[1:], axis=0)])
    heights = lay_street(line, section, survey, rng, grade_pct=rng.normal(0.0, 3.0))
    road = MappedRoad(float(width + rng.normal(0.0, 1.0)), 1.2)
    if path:
        road = MappedRoad(case["width"], 0.6, is_road=False)
    return line, heights.points(), section, road, survey.cell_m, pattern


@contextmanager
def _edges_or_none(road):
    """Measure paths whether their edges are seen or not."""
    gates = measuring.GATES
    measuring.GATES = gates if road.is_road else replace(gates, edge_m=-1.0)
    yield
    measuring.GATES = gates


def measured(case, streets, seed=0):
    """Measure the streets of a case: errors over standard errors, and the rest, a row per window."""
    rows = []
    for number in range(streets):
        line, points, section, road, cell, pattern = street(case, 1000 * seed + number)
        start = time.process_time()
        with _edges_or_none(road):
            found = measure_way(points, line, road, cell, gridded=True)
        spent = time.process_time() - start
        logs = found[LOGS].to_numpy()
        chance = np.exp(logs - logs.max(axis=1, keepdims=True))
        told = slope_sd_pct(found)
        for k, row in enumerate(found.to_dict("records")):
            share = chance[k] / chance[k].sum()
            mid = section.middle_m + section.drift_m * ((row["from_m"] + row["to_m"]) / 480.0 - 0.5)
            rows.append(
                {
                    "refused": row["refused"],
                    "s_per_km": spent / 0.24,
                    "flagged": bool(row["refused"] or is_doubtful(row["evenness"])),
                    "error": (row["left_pct"] - section.left_pct, row["right_pct"] - section.right_pct),
                    "sd": (row["left_sd_pct"], row["right_sd_pct"]),
                    "told": (told[0][k], told[1][k]),
                    "right": int(np.argmax(share) == pattern) if np.isfinite(share).all() else 0,
                    "sure": float(share.max()) > 0.95,
                    "centre": row["centre_m"] - mid,
                    "width": row["width_m"] - 2.0 * section.half_m,
                }
            )
    return rows


def table_row(rows):
    """Give the columns of the table, as `HEAD` names them.

    "in90" and "z" are of standard errors alone; "told": how often the interval holds that the model is told.
    """
    kept = [row for row in rows if row["refused"] == ""]
    refused = 1.0 - len(kept) / len(rows), float(np.mean([row["flagged"] for row in rows]))
    if not kept:
        return (np.nan,) * 10 + refused + (0.0,)
    error, sd, told = (np.array([row[name] for row in kept]) for name in ("error", "sd", "told"))
    sure = [row for row in kept if row["sure"]]
    return (
        float(np.sqrt((error**2).mean())),
        float((np.abs(error) < 0.5).mean()),
        float((np.abs(error) < 1.645 * sd).mean()),
        float((error / sd).std()),
        float((np.abs(error) < 1.645 * told).mean()),
        float(np.mean([row["right"] for row in kept])),
        len(sure) / len(kept),
        float(np.mean([row["right"] for row in sure])) if sure else np.nan,
        float(np.sqrt(np.mean([row["centre"] ** 2 for row in kept]))),
        float(np.sqrt(np.mean([row["width"] ** 2 for row in kept]))),
        *refused,
        float(np.median([row["s_per_km"] for row in rows])),
    )


class Known(NamedTuple):
    """A window of a street in Delft beside what the survey has."""

    refused: str
    slope_pct: tuple[float, float]
    sd_pct: tuple[float, float]
    known_pct: tuple[float, float]
    pattern: int | None
    sure: bool
    right: bool
    mirrored: float


def delft_windows(cells, known_lines, names, shifts=(0.0, -1.5, 1.5)):
    """Measure the streets of Delft: lines displaced, and once more from the other end."""
    found = []
    for name in names:
        points, cell = cells(name)
        for known in known_lines("delft_roads.geojson"):
            line = np.array(known["projected"])
            ahead = np.gradient(line, axis=0)
            ahead /= np.hypot(*ahead.T)[:, np.newaxis]
            right = np.stack([ahead[:, 1], -ahead[:, 0]], axis=1)
            road = MappedRoad(known["width_m"], 1.0)
            for shift in shifts:
                drawn = line + shift * right
                there, back = (
                    measure_way(points, each, road, cell, gridded=not name.endswith("laz"))
                    for each in (drawn, drawn[::-1])
                )
                mirrored = there["left_pct"].to_numpy() + back["right_pct"].to_numpy()[::-1]
                sds = slope_sd_pct(there)
                for k, row in enumerate(there.to_dict("records")):
                    truth = known["reference_left_pct"][k], known["reference_right_pct"][k]
                    logs = np.array([row[log] for log in LOGS])
                    share = np.exp(logs - logs.max()) / np.exp(logs - logs.max()).sum()
                    clear = min(abs(truth[0]), abs(truth[1])) > 0.5
                    pattern = int(np.argmax((np.sign(truth) == SIGNS).all(axis=1))) if clear else None
                    found.append(
                        Known(
                            row["refused"],
                            (row["left_pct"], row["right_pct"]),
                            (float(sds[0][k]), float(sds[1][k])),
                            truth,
                            pattern,
                            bool(share.max() > 0.95),
                            int(np.argmax(np.nan_to_num(share))) == pattern,
                            float(np.nan_to_num(mirrored[k])),
                        )
                    )
    return found


def delft_row(windows):
    """Measured, sure, class right where sure and clear, sign right, z, coverage, rmse, mirrored."""
    kept = [one for one in windows if one.refused == ""]
    slope, sd, truth = (
        np.array([getattr(one, name) for one in kept]) for name in ("slope_pct", "sd_pct", "known_pct")
    )
    claimed = [one.right for one in kept if one.sure and one.pattern is not None]
    steep = np.abs(truth) > 1.0
    z = (slope - truth) / sd
    return (
        len(kept) / len(windows),
        float(np.mean([one.sure for one in kept])),
        float(np.mean(claimed)),
        float((np.sign(slope) == np.sign(truth))[steep].mean()),
        float(z.std()),
        float((np.abs(z) < 1.645).mean()),
        float(np.sqrt(((slope - truth) ** 2).mean())),
        max(abs(one.mirrored) for one in windows),
    )


def delft():
    """Print the table of Delft, where its files are."""
    rasterio, laspy = (importlib.import_module(name) for name in ("rasterio", "laspy"))

    def cells(name):
        if name.endswith("laz"):
            cloud = laspy.read(FOLDER / name)
            return np.stack([cloud.x, cloud.y, cloud.z], axis=1), 0.35
        with rasterio.open(FOLDER / name) as grid:
            height = grid.read(1, masked=True)
            row, column = np.nonzero(~np.ma.getmaskarray(height))
            x, y = (
                grid.bounds.left + (column + 0.5) * grid.res[0],
                grid.bounds.top - (row + 0.5) * grid.res[1],
            )
            return np.stack([x, y, height.data[row, column].astype(float)], axis=1), grid.res[0]

    def lines(name):
        return [each["properties"] for each in json.loads((FOLDER / name).read_text())["features"]]

    print("\nDelft            measured sure right|sure sign    z  in90  rmse mirrored")
    for name in ("delft_ahn3_1m.tif", "delft_ahn3_05m.tif", "delft_ahn3_ground.laz"):
        row = delft_row(delft_windows(cells, lines, (name,)))
        print(f"{name[11:]:17}" + "".join(f"{value:7.3f}" for value in row))


def main():
    streets = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    print(f"{'':25}" + HEAD)
    for name in sys.argv[2:] or CASES:
        made = table_row(measured((CASES | PATHS)[name], streets))
        print(f"{name:25}" + "".join(f"{value:6.2f}" for value in made), flush=True)
    if FOLDER.exists() and not sys.argv[2:]:
        delft()


if __name__ == "__main__":
    main()
