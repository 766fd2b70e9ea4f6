"""Figure 7: fixes per CPU-second for side, slope and exposure together, 200 draws included."""

import time

import numpy as np

from camber import simulate
from camber.cross_slope import assign_cross_slope
from camber.exposure import measure_exposure
from camber.lateral import locate
from camber.matching import match
from camber.track import prepare_track


def measure(roads, repetitions=3, length_m=12_000.0):
    """Best of some repetitions on one long simulated run, once everything is compiled."""
    rng = np.random.default_rng(4)
    degree = np.diff(roads.graph.node_first_edge)
    start = int(np.flatnonzero(degree > 2)[0])
    route = simulate.random_tour(roads, start, length_m, simulate.Preference(), rng)
    run = simulate.simulate_run(roads, route, simulate.Setup(), rng)
    track, _ = prepare_track(run.recording, crs=roads.crs)
    matched, candidates, _ = match(track, roads)
    best = {"side": np.inf, "slope": np.inf, "exposure": np.inf}
    for _ in range(repetitions + 1):
        begin = time.process_time()
        lateral, states, _ = locate(matched, candidates, roads, draws=200, rng=rng)
        sided = time.process_time()
        sloped, slopes = assign_cross_slope(lateral, states, roads, seed=0, rng=rng)
        tilted = time.process_time()
        measure_exposure(sloped, slopes)
        taken = {"side": sided - begin, "slope": tilted - sided, "exposure": time.process_time() - tilted}
        best = {name: min(best[name], value) for name, value in taken.items()}
    return {"fixes": len(matched), "fixes_per_cpu_s": len(matched) / sum(best.values())} | {
        f"{name}_cpu_s": value for name, value in best.items()
    }
