"""Three real recordings with the true route and a known side (Kubicka et al. 2015, Zenodo 57731).

They may skip: the recordings are not part of the project. The cars drove on the lawful side of two-way
roads, which makes them the only real recordings at hand in which the side is known.
"""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from camber import analyse
from camber.schema import LateralSettings, Settings, TrackSettings

DRIVING = Settings(track=TrackSettings(jump_mps=60.0), lateral=LateralSettings(facing_habit=False), draws=20)
"""Cars are faster than runners and keep no habit of facing the traffic."""

BOUND = {"00000008": 0.080, "00000017": 0.001, "00000048": 0.001}
"""Regression bounds of the route mismatch, just above what was measured; no promise, and to be lowered.

Of the bound for 00000008, 0.02 is no error of the match: the recording drives 96 m down a side road and back
(fixes 1141 to 1201, within 10 m of it and up to 71 m from the true route) that the true route leaves out.
"""


@pytest.fixture(scope="module")
def driven(kubicka, tmp_path_factory):
    """Case and analysis of each track."""
    folder = tmp_path_factory.mktemp("kubicka")
    cases = {track: kubicka.load(track, folder) for track in kubicka.TRACKS}
    return {track: (case, analyse(case.recording, case.roads, DRIVING)) for track, case in cases.items()}


def two_way_metres(analysis, lawful_side):
    """Intervals on two-way roads, with the metres and whether the side named is the lawful one."""
    exposure = analysis.exposure
    two_way = analysis.roads.ways.index[analysis.roads.ways["oneway"] == 0]
    rows = exposure[exposure["way_id"].isin(two_way)]
    return rows.assign(lawful=rows["side"] == lawful_side, sided=rows["side"].isin(["left", "right"]))


def test_the_roads_are_the_network_of_the_truth(driven):
    """The helper's own arithmetic: each way has the nodes and the length that it was written with."""
    for case, _ in driven.values():
        for way, nodes in case.chains.items():
            written = case.xy[nodes]
            read = np.array(case.roads.ways.geometry[way].coords)
            assert len(read) == len(written)
            assert np.abs(read - written).max() < 0.02


def test_the_true_route_matches_itself(driven, kubicka):
    """A path made of the true arcs has no mismatch, and losing or doubling one costs its share."""
    for case, _ in driven.values():
        place = {}
        for way, nodes in case.chains.items():
            ends = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(case.xy[nodes], axis=0).T))])
            for i, (a, b) in enumerate(pairwise(nodes)):
                place[a, b] = (way, 1, ends[i], ends[i + 1])
                place[b, a] = (way, -1, ends[i + 1], ends[i])
        columns = ["way_id", "travel_direction", "from_chainage_m", "to_chainage_m"]
        path = pd.DataFrame([place[arc] for arc in case.route], columns=columns)
        assert kubicka.route_mismatch(path, case) == 0.0
        middle = len(path) // 2
        scored = kubicka.mismatched_arcs(path, case)
        true_m = (scored["true"] * scored["length_m"]).sum()
        arc_m = float(np.hypot(*np.diff(case.xy[list(case.route[middle])], axis=0)[0]))
        lost = path.drop(index=middle)
        doubled = pd.concat([path, path.iloc[[middle]]])
        turned = path.assign(travel_direction=-path["travel_direction"])
        assert kubicka.route_mismatch(lost, case) == pytest.approx(arc_m / true_m)
        assert kubicka.route_mismatch(doubled, case) == pytest.approx(arc_m / true_m)
        assert kubicka.route_mismatch(turned, case) > 1.0
        assert kubicka.route_mismatch(path.iloc[:0], case) == 1.0


@pytest.mark.parametrize("track", BOUND)
def test_the_route_is_found(driven, kubicka, track):
    """A regression bound: the mismatch may fall below what was measured, not rise above it."""
    case, analysis = driven[track]
    assert kubicka.route_mismatch(analysis.path, case) < BOUND[track]


def test_a_side_that_is_seen_is_the_lawful_one(driven, kubicka):
    """Of the metres on two-way roads whose side the recording alone gives, nine of ten are right, pooled."""
    seen = pd.concat(
        two_way_metres(analysis, kubicka.TRACKS[track][1]) for track, (_, analysis) in driven.items()
    )
    seen = seen[(seen["side_basis"] == "seen") & seen["sided"]]
    metres = seen["distance_m"].sum()
    # How much is named hangs on the error class that each recording is taken for.
    assert metres > 500.0
    assert (seen["distance_m"] * seen["lawful"]).sum() / metres >= 0.9


@pytest.mark.parametrize("track", BOUND)
def test_the_metres_sum_to_the_distance_along_the_true_route(driven, track):
    """The route is known, so its length is: chords and smoothed positions miss up to 2.4 % of it."""
    case, analysis = driven[track]
    along_m = analysis.matched["along_m"].iloc[-1]
    assert analysis.exposure["distance_m"].sum() == pytest.approx(along_m, rel=1e-3)
    true_m = sum(float(np.hypot(*(case.xy[a] - case.xy[b]))) for a, b in case.route)
    assert along_m == pytest.approx(true_m, rel=0.01)
