"""Recordings with a hand-checked route (Kubicka et al. 2015, Zenodo 57731), turned into roads and scores."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

import numpy as np
import pandas as pd

from camber.roads import read_roads
from camber.schema import Recording, Roads, as_fixes
from camber.schema.tables import FIXES

FOLDER = Path(__file__).parents[1] / "../shared/data/kubicka2015"

TRACKS = {"00000008": ("US", "right"), "00000017": ("DE", "right"), "00000048": ("GB", "left")}
"""Track, country and the side on which the cars drove, by law."""


OPTIONAL = [column.name for column in FIXES if column.missing and column.kind == "float"]


class Case(NamedTuple):
    """One recording, its roads, and the true route as pairs of node numbers."""

    recording: Recording
    roads: Roads
    route: list[tuple[int, int]]
    nodes: np.ndarray
    arcs: set[tuple[int, int]]


def load(track: str, folder: Path) -> Case:
    """Read one track; its network is written to `folder` as an .osm file and read back."""
    base = FOLDER / track / track
    nodes = np.loadtxt(base.with_suffix(".nodes"))
    arcs = [tuple(row) for row in np.loadtxt(base.with_suffix(".arcs"), dtype=int).tolist()]
    route = [arcs[i] for i in np.loadtxt(base.with_suffix(".route"), dtype=int).tolist()]
    path = folder / f"{track}.osm"
    path.write_text(_osm(nodes, arcs), encoding="utf-8")
    roads = read_roads(path, country=TRACKS[track][0])
    return Case(_recording(np.loadtxt(base.with_suffix(".track")), track), roads, route, nodes, set(arcs))


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


def _osm(nodes: np.ndarray, arcs: list[tuple[int, int]]) -> str:
    """Ways through nodes of degree two; one-way where the reverse arc is missing."""
    forward = set(arcs)
    neighbours: dict[int, set[int]] = defaultdict(set)
    for a, b in forward:
        neighbours[a].add(b)
        neighbours[b].add(a)

    def kind(a: int, b: int) -> tuple[bool, bool]:
        return (a, b) in forward, (b, a) in forward

    def passes(before: int, node: int, after: int) -> bool:
        return len(neighbours[node]) == 2 and kind(before, node) == kind(node, after)

    used: set[frozenset[int]] = set()
    chains = []
    for a, b in sorted(forward):
        if frozenset((a, b)) in used:
            continue
        chain = [a, b]
        used.add(frozenset(chain))
        for _ in range(2):
            while True:
                onward = [n for n in neighbours[chain[-1]] if n != chain[-2]]
                if len(onward) != 1 or frozenset((chain[-1], onward[0])) in used:
                    break
                if not passes(chain[-2], chain[-1], onward[0]):
                    break
                used.add(frozenset((chain[-1], onward[0])))
                chain.append(onward[0])
            chain.reverse()
        chains.append(chain if (chain[0], chain[1]) in forward else chain[::-1])
    lines = ['<osm version="0.6">']
    lines += [
        f'<node id="{i + 1}" lat="{lat!r}" lon="{lon!r}"/>' for i, (lon, lat) in enumerate(nodes.tolist())
    ]
    for number, chain in enumerate(chains, start=1):
        oneway = "no" if (chain[1], chain[0]) in forward else "yes"
        refs = "".join(f'<nd ref="{node + 1}"/>' for node in chain)
        tags = {"highway": "tertiary", "oneway": oneway}
        tagged = "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items())
        lines.append(f'<way id="{number}">{refs}{tagged}</way>')
    return "\n".join([*lines, "</osm>"])


def route_mismatch(matched: list[tuple[tuple[float, float], tuple[float, float]]], case: Case) -> float:
    """Missing and extra length over true length, on directed arcs with multiplicity (see matching.md)."""
    raise AssertionError(matched, case)


__all__ = ["FOLDER", "TRACKS", "Case", "Counter", "Recording", "load", "route_mismatch"]
