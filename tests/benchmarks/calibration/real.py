"""Figure 5: real recordings. Cars on the lawful side (Kubicka et al. 2015), and a ride under trees."""

import tempfile
from pathlib import Path

import numpy as np

import camber
from camber.schema import LateralSettings, Settings, TrackSettings
from tests import kubicka
from tests.benchmarks.calibration.scenarios import OSM

DRIVING = Settings(track=TrackSettings(jump_mps=60.0), lateral=LateralSettings(facing_habit=False), draws=20)


def cars():
    """One row per track, and one for all: metres on two-way roads by what is said of the side."""
    rows = []
    if not kubicka.FOLDER.exists():
        return rows
    with tempfile.TemporaryDirectory() as folder:
        for track, (_, lawful) in kubicka.TRACKS.items():
            case = kubicka.load(track, Path(folder))
            analysis = camber.analyse(case.recording, case.roads, DRIVING)
            table = analysis.exposure
            two_way = case.roads.ways.index[case.roads.ways["oneway"] == 0]
            table = table[table["way_id"].isin(two_way)]
            metres, side, basis = (table[name].to_numpy() for name in ("distance_m", "side", "side_basis"))
            other = "left" if lawful == "right" else "right"
            rows.append(
                {
                    "track": track,
                    "two_way_m": float(metres.sum()),
                    "lawful_m": float(metres[side == lawful].sum()),
                    "unlawful_m": float(metres[side == other].sum()),
                    "undecided_m": float(metres[~np.isin(side, ["left", "right"])].sum()),
                    "seen_m": float(metres[basis == "seen"].sum()),
                    "seen_right_m": float(metres[(basis == "seen") & (side == lawful)].sum()),
                }
            )
    total = {name: sum(row[name] for row in rows) for name in rows[0] if name != "track"}
    return [*rows, {"track": "all"} | total]


def ride():
    """Share of the ride under trees by what each statement about the side rests on; None without the file."""
    path = OSM.parent / "traces" / "tomtom-runner3-ride.converted.gpx"
    extract = OSM / "heidelberg_ors.osm.pbf"
    if not (path.exists() and extract.exists()):
        return None
    analysis = camber.analyse(camber.read_recording(path), camber.read_roads(extract))
    table = analysis.exposure
    shares = table.groupby("side_basis")["distance_m"].sum() / table["distance_m"].sum()
    return {str(name): float(value) for name, value in shares.items()}
