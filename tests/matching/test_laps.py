"""Laps: a path names every round, and noise at a corner adds none."""

import numpy as np
import pytest

from camber.matching.traversals import edge_visits


def laps(edges, rounds, per_edge=20, length_m=60.0, jitter_m=0.0):
    """Fixes round a loop of `edges` edges of one length, every 3 m, with an error along the way."""
    true = np.arange(rounds * edges * per_edge) * length_m / per_edge + 1.0
    seen = true + jitter_m * np.random.default_rng(4).standard_normal(len(true))
    seen = np.clip(seen, 0.0, rounds * edges * length_m - 1e-6)
    edge = (seen // length_m).astype(int) % edges
    progress = seen % length_m
    return edge, np.ones(len(edge), dtype=np.int64), progress, length_m - progress


@pytest.mark.parametrize("jitter_m", [0.0, 1.5])
@pytest.mark.parametrize("edges", [1, 2, 3, 4, 7])
def test_every_round_is_in_the_path(edges, jitter_m):
    (stretch,) = edge_visits(*laps(edges, 4, jitter_m=jitter_m), lambda *_: [], back_m=15.0)
    assert [visit.edge for visit in stretch] == [i % edges for i in range(4 * edges)]
