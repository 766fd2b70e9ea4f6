"""Recordings with a hand-checked route (Kubicka et al. 2015, Zenodo 57731), turned into roads and scores."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from camber.roads import read_roads
from camber.schema import Path as MatchedPath
from camber.schema import Recording, Roads, as_fixes
from camber.schema.tables import FIXES

FOLDER = Path(__file__).parents[1] / "../shared/data/kubicka2015"

TRACKS = {"00000008": ("US", "right"), "00000017": ("DE", "right"), "00000048": ("GB", "left")}
"""Track, country and the side on which the cars drove, by law."""

UNSCORED_M = 100.0
"""Arcs this close to the first and last fix, and to holes in the true route, are left out of the score."""

TOUCHED = 0.1
"""Share of an arc that a path must cover to have used it: where a runner joins a way, the nearest place on
it is off by metres."""

OPTIONAL = [column.name for column in FIXES if column.missing and column.kind == "float"]


class Case(NamedTuple):
    """One recording, its roads, and the true route as pairs of node numbers.

    `xy` are the nodes in metres; `chains` the nodes of each way, in the drawn direction.
    """

    recording: Recording
    roads: Roads
    route: list[tuple[int, int]]
    xy: np.ndarray
    chains: dict[int, list[int]]


def load(track: str, folder: Path) -> Case:
    """Read one track; its network is written to `folder` as an .osm file and read back."""
    base = FOLDER / track / track
    nodes = np.loadtxt(base.with_suffix(".nodes"))
    arcs = [tuple(row) for row in np.loadtxt(base.with_suffix(".arcs"), dtype=int).tolist()]
    route = [arcs[i] for i in np.loadtxt(base.with_suffix(".route"), dtype=int).tolist()]
    path = folder / f"{track}.osm"
    chains = dict(enumerate(_chains(set(arcs)), start=1))
    path.write_text(_osm(nodes, chains, set(arcs)), encoding="utf-8")
    roads = read_roads(path, country=TRACKS[track][0])
    to_metres = Transformer.from_crs("EPSG:4326", roads.crs, always_xy=True)
    xy = np.stack(to_metres.transform(*nodes.T), axis=1)
    return Case(_recording(np.loadtxt(base.with_suffix(".track")), track), roads, route, xy, chains)


def _recording(fixes: np.ndarray, track: str) -> Recording:
    """Fixes with their times; the files count seconds from an unknown start, so a day is made up."""
    start = pd.Timestamp("2015-01-01T12:00:00Z")
    frame = pd.DataFrame(
        {
            "time": (start + pd.to_timedelta(fixes[:, 2], unit="s")).as_unit("us"),
            "latitude_deg": fixes[:, 1],
            "longitude_deg": fixes[:, 0],
            **dict.fromkeys(OPTIONAL, np.nan),
            "part": np.zeros(len(fixes), dtype=np.int64),
        },
        index=pd.RangeIndex(len(fixes), name="fix_id"),
    )
    return Recording(track, "track", None, None, track, start.to_pydatetime(), None, as_fixes(frame))


def _chains(arcs: set[tuple[int, int]]) -> list[list[int]]:
    """Ways: the longest runs of arcs through nodes of degree two with the same directions open."""
    neighbours: dict[int, set[int]] = defaultdict(set)
    for a, b in arcs:
        neighbours[a].add(b)
        neighbours[b].add(a)

    def kind(a: int, b: int) -> tuple[bool, bool]:
        return (a, b) in arcs, (b, a) in arcs

    used: set[frozenset[int]] = set()

    def onward(before: int, node: int) -> int | None:
        """Node after `node` in the same way, None where the way ends."""
        others = neighbours[node] - {before}
        after = next(iter(others), before)
        passes = len(others) == 1 and kind(before, node) == kind(node, after)
        return after if passes and frozenset((node, after)) not in used else None

    chains = []
    for a, b in sorted(arcs):
        if frozenset((a, b)) in used:
            continue
        chain = [a, b]
        used.add(frozenset(chain))
        for _ in range(2):
            while (after := onward(*chain[-2:])) is not None:
                used.add(frozenset((chain[-1], after)))
                chain.append(after)
            chain.reverse()
        chains.append(chain if (chain[0], chain[1]) in arcs else chain[::-1])
    return chains


def _osm(nodes: np.ndarray, chains: dict[int, list[int]], arcs: set[tuple[int, int]]) -> str:
    """Extract with one way for each chain, one-way where the reverse arcs are missing."""
    lines = ['<osm version="0.6">']
    lines += [
        f'<node id="{i + 1}" lat="{lat!r}" lon="{lon!r}"/>' for i, (lon, lat) in enumerate(nodes.tolist())
    ]
    for number, chain in chains.items():
        oneway = "no" if (chain[1], chain[0]) in arcs else "yes"
        refs = "".join(f'<nd ref="{node + 1}"/>' for node in chain)
        tags = {"highway": "tertiary", "oneway": oneway}
        tagged = "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items())
        lines.append(f'<way id="{number}">{refs}{tagged}</way>')
    return "\n".join([*lines, "</osm>"])


def arcs_used(path: MatchedPath, case: Case) -> dict[tuple[int, int], int]:
    """How often a path uses each directed arc, derived from its rows.

    A row covers some arcs wholly and, where it begins or ends within one, some in part. Parts that make up
    a whole between them (a path that was broken off and taken up again) count once.
    """
    share: dict[tuple[int, int], float] = defaultdict(float)
    for row in path.itertuples():
        nodes = case.chains[int(row.way_id)]
        ends = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(case.xy[nodes], axis=0).T))])
        low, high = sorted((row.from_chainage_m, row.to_chainage_m))
        covered = np.clip(np.minimum(ends[1:], high) - np.maximum(ends[:-1], low), 0.0, None) / np.diff(ends)
        for i in np.flatnonzero(covered):
            arc = (nodes[i], nodes[i + 1])
            share[arc if row.travel_direction > 0 else arc[::-1]] += covered[i]
    return {arc: int(np.ceil(part - TOUCHED)) for arc, part in share.items()}


def mismatched_arcs(path: MatchedPath, case: Case) -> pd.DataFrame:
    """How often each directed arc is in the true route and in the matched path, where it counts.

    Left out are the arcs within `UNSCORED_M` of the first and last fix and of holes in the true route.
    """
    true, matched = Counter(case.route), arcs_used(path, case)
    arcs = sorted(true.keys() | matched.keys())
    lines = shapely.linestrings([case.xy[list(arc)] for arc in arcs])
    frame = pd.DataFrame(
        {
            "arc": arcs,
            "length_m": shapely.length(lines),
            "true": [true[arc] for arc in arcs],
            "matched": [matched.get(arc, 0) for arc in arcs],
        }
    )
    unscored = shapely.multipoints(_unscored_places(case))
    return frame[shapely.distance(lines, unscored) > UNSCORED_M].reset_index(drop=True)


def _unscored_places(case: Case) -> np.ndarray:
    ends = case.recording.fixes[["longitude_deg", "latitude_deg"]].iloc[[0, -1]].to_numpy()
    to_metres = Transformer.from_crs("EPSG:4326", case.roads.crs, always_xy=True)
    holes = [case.xy[[a[1], b[0]]] for a, b in pairwise(case.route) if a[1] != b[0]]
    return np.concatenate([np.stack(to_metres.transform(*ends.T), axis=1), *holes])


def route_mismatch(path: MatchedPath, case: Case) -> float:
    """Missing and extra length over true length, on directed arcs counted as often as they are used.

    The route mismatch fraction of Newson & Krumm 2009 (section 6), on arcs instead of road segments.
    """
    arcs = mismatched_arcs(path, case)
    wrong = (arcs["true"] - arcs["matched"]).abs() * arcs["length_m"]
    return float(wrong.sum() / (arcs["true"] * arcs["length_m"]).sum())
