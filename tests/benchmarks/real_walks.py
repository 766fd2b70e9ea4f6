"""Two real recordings on foot and by bicycle: length and changes of way of the match, and pictures of it.

Run with ``python tests/benchmarks/real_walks.py --pictures FOLDER`` in the project's root; needs the
recordings and extracts.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from peers import machine
from shapely.ops import substring

from camber.matching import match
from camber.recording import read_recording
from camber.roads import read_roads
from camber.track import prepare_track

if TYPE_CHECKING:
    from camber.schema import MatchedTrack, Roads
    from camber.schema import Path as MatchedPath

DATA = Path(__file__).parents[2] / "../shared/data"
WALKS = {
    "altona_walk": ("traces/altona_walk.converted.gpx", "osm/hamburg-altona_everysinglestreet.osm"),
    "tomtom-runner3-ride": ("traces/tomtom-runner3-ride.fit", "osm/heidelberg_ors.osm.pbf"),
}
HEAD = (
    "| recording | fixes | recorded km | off the road | path on the network | recorded there "
    "| difference | of it drift while standing | difference without it | changes of way per km "
    "| changes and back within 50 m per km | chains |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
)


def zigzags(path: MatchedPath) -> int:
    """Count traversals shorter than 50 m between two of one other way: out and back again."""
    ways = path["way_id"].to_numpy()
    length = (path["to_chainage_m"] - path["from_chainage_m"]).abs().to_numpy()
    return int(((ways[2:] == ways[:-2]) & (ways[1:-1] != ways[:-2]) & (length[1:-1] < 50.0)).sum())


def standing(matched: MatchedTrack) -> np.ndarray:
    """Fixes around which the recording gets nowhere: less than 0.3 m/s net over half a minute (judgement)."""
    clock = matched["elapsed_s"].to_numpy()
    xy = shapely.get_coordinates(matched.geometry.array)
    before, after = np.searchsorted(clock, clock - 15.0), np.searchsorted(clock, clock + 15.0) - 1
    net = np.hypot(*(xy[after] - xy[before]).T)
    return net < 0.3 * np.maximum(clock[after] - clock[before], 1.0)


def measure(name: str, matched: MatchedTrack, path: MatchedPath) -> str:
    """Row of the table; lengths on the network are compared where both know one."""
    run = matched["distance_m"].to_numpy()
    step = np.diff(run, prepend=run[0])
    off = (matched["way_id"] < 0).to_numpy()
    walked = (path["to_chainage_m"] - path["from_chainage_m"]).abs().sum()
    # Each unbroken chain from its first fix to its last; a break is where fixes off the road lie between.
    ends = path[path["first_fix_id"] >= 0]
    rows = matched.index.get_indexer(ends["first_fix_id"]), matched.index.get_indexer(ends["last_fix_id"])
    pauses = [(int(e), int(b)) for b, e in zip(rows[0][1:], rows[1][:-1], strict=True) if b > e + 1]
    there = np.zeros(len(run), dtype=bool)
    there[rows[0][0] + 1 : rows[1][-1] + 1] = True
    for e, b in pauses:
        there[e + 1 : b + 1] = False
    recorded, drift = step[there].sum(), step[there & standing(matched)].sum()
    km = run[-1] / 1000.0
    changes = int((np.diff(path["way_id"]) != 0).sum())
    return (
        f"| {name} | {len(matched):,} | {km:.2f} | {step[off].sum() / run[-1]:.1%} | {walked / 1000:.2f} km "
        f"| {recorded / 1000:.2f} km | {walked / recorded - 1.0:+.1%} | {drift:.0f} m "
        f"| {walked / (recorded - drift) - 1.0:+.1%} | {changes / km:.1f} "
        f"| {zigzags(path) / km:.2f} | {1 + len(pauses)} |"
    )


def draw(file: Path, title: str, matched: MatchedTrack, path: MatchedPath, roads: Roads) -> None:
    """Roads, fixes and matched path; every fix is joined to the place it was matched to."""
    figure = Figure(figsize=(16, 16))
    axes = figure.add_subplot(aspect="equal")
    xy = shapely.get_coordinates(matched.geometry.array)
    low, high = xy.min(axis=0) - 60.0, xy.max(axis=0) + 60.0
    near = roads.ways.cx[low[0] : high[0], low[1] : high[1]]
    axes.add_collection(LineCollection([np.array(line.coords) for line in near.geometry], colors="0.75"))
    parts = [
        substring(roads.ways.geometry[row.way_id], *sorted((row.from_chainage_m, row.to_chainage_m)))
        for row in path.itertuples()
    ]
    lines = [np.array(part.coords) for part in parts if part.length > 0.0]
    axes.add_collection(LineCollection(lines, colors="tab:blue", linewidths=3, alpha=0.5))
    on = (matched["way_id"] >= 0).to_numpy()
    ways = roads.ways.geometry.reindex(matched["way_id"][on]).to_numpy()
    feet = shapely.get_coordinates(shapely.line_interpolate_point(ways, matched["chainage_m"][on].to_numpy()))
    axes.add_collection(LineCollection(np.stack([xy[on], feet], axis=1), colors="tab:blue", linewidths=0.3))
    axes.plot(*xy[on].T, ".", color="black", markersize=1.5)
    axes.plot(*xy[~on].T, ".", color="tab:red", markersize=3, label="off the road")
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), title=title)
    axes.legend(loc="upper right")
    figure.text(0.99, 0.01, "© OpenStreetMap contributors", ha="right")
    figure.tight_layout()
    figure.savefig(file, dpi=90)


def main() -> None:
    """Print the table, and write it and the pictures where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="also write the table to this file")
    parser.add_argument("--pictures", type=Path, help="write the pictures to this folder")
    given = parser.parse_args()
    lines = [f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.", "", HEAD]
    for name, (recording, extract) in WALKS.items():
        roads = read_roads(DATA / extract)
        track, _ = prepare_track(read_recording(DATA / recording), crs=roads.crs)
        matched, _, path = match(track, roads)
        lines.append(measure(name, matched, path))
        if given.pictures:
            given.pictures.mkdir(parents=True, exist_ok=True)
            draw(given.pictures / f"{name}.png", name, matched, path, roads)
    table = "\n".join(lines)
    print(table)
    if given.output:
        given.output.write_text(table + "\n")


if __name__ == "__main__":
    main()
