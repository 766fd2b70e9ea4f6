"""What each part of side, slope, exposure and match takes by itself, in milliseconds of the processor.

Run with ``python tests/benchmarks/parts.py`` in the project's root; needs the Heidelberg extract. Each
function's time is that without the listed ones it calls, the least of many repetitions: of one run of 12 km
with 200 draws (that of `tests/benchmarks/calibration/cost.py`), and of `match` of ten tours.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - the project's root has to be found before

import camber  # noqa: E402
from camber import simulate  # noqa: E402
from camber.track import prepare_track  # noqa: E402
from tests.benchmarks.heidelberg import EXTRACT, PLAIN, make_runs  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS = {
    "camber.lateral": "lay_out _infer _evidence _columns _sides",
    "camber.lateral.blocks": "cut_blocks",
    "camber.lateral.places": "find_places",
    "camber.lateral.state_prior": "street_shares state_prior state_priors",
    "camber.lateral.hypotheses": "weigh draw_histories rank_blocks",
    "camber.lateral.switching": "filter_forward",
    "camber.lateral.smoothing": "prepare_back smooth",
    "camber.lateral.sampling": "find_passes sample",
    "camber.lateral.use": "use_likelihood mixed_prior",
    "camber.schema.column_arrays": "with_columns",
    "camber.schema": "as_lateral_track as_sloped_track as_matched_track as_candidates",
    "camber.cross_slope.surfaces": "find_surfaces",
    "camber.cross_slope.tilt": "road_draws leg_probabilities draw_slopes",
    "camber.matching": "_fixes _beside",
    "camber.matching.inference": "infer decode",
    "camber.matching.candidates": "find_candidates",
    "camber.matching.trellis": "trellis",
    "camber.hmm": "viterbi forward_backward",
    "camber.matching.chain": "follow",
    "camber.matching.along": "place_on_chain _smooth",
    "camber.matching.matched": "move_to_chain matched_columns candidate_columns",
    "camber.matching.traversals": "traversals path_table",
}
"""Functions whose time is told apart, by module; those that another state of the code lacks are left out."""


class Watch:
    """Time of each function by itself, and how often it was called."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self.calls: dict[str, int] = {}
        self.inside: list[float] = []

    def watched(self, name: str, function: Callable) -> Callable:
        """Wrap a function; what watched ones it calls take is theirs."""

        @wraps(function, updated=())
        def timed(*given, **named):
            begin = time.process_time()
            self.inside.append(0.0)
            try:
                return function(*given, **named)
            finally:
                took = time.process_time() - begin
                own = took - self.inside.pop()
                if self.inside:
                    self.inside[-1] += took
                self.spent[name] = self.spent.get(name, 0.0) + own
                self.calls[name] = self.calls.get(name, 0) + 1

        return timed

    def watch(self) -> None:
        """Put wrapped functions wherever a module of camber knows them by their names."""
        for place, names in PARTS.items():
            for name in names.split():
                function = getattr(importlib.import_module(place), name, None)
                if function is None:
                    continue
                timed = self.watched(name, function)
                for known, module in list(sys.modules.items()):
                    if known.startswith("camber") and getattr(module, name, None) is function:
                        setattr(module, name, timed)


def least(watch: Watch, work: Callable[[], object], repetitions: int) -> dict[str, tuple[int, float]]:
    """Least time of each part over some repetitions [s], and its calls in one."""
    found: dict[str, tuple[int, float]] = {}
    for number in range(repetitions + 1):
        watch.spent, watch.calls = {}, {}
        watch.watched("all else", work)()
        watch.spent["together"], watch.calls["together"] = sum(watch.spent.values()), 1
        if number:  # the first compiles
            for name, spent in watch.spent.items():
                found[name] = watch.calls[name], min(spent, found.get(name, (0, np.inf))[1])
    return found


def main() -> None:
    """Print a table for each of the two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=20)
    repetitions = parser.parse_args().repetitions
    roads = camber.read_roads(EXTRACT)
    rng = np.random.default_rng(4)
    start = int(np.flatnonzero(np.diff(roads.graph.node_first_edge) > 2)[0])
    route = simulate.random_tour(roads, start, 12_000.0, simulate.Preference(), rng)
    run = simulate.simulate_run(roads, route, simulate.Setup(), rng)
    track, _ = prepare_track(run.recording, crs=roads.crs)
    tours = make_runs(roads, PLAIN)
    matched, candidates, _ = camber.match(track, roads)
    watch = Watch()
    watch.watch()
    # Only now, so that those that are watched are taken.
    from camber.cross_slope import assign_cross_slope  # noqa: PLC0415
    from camber.exposure import measure_exposure  # noqa: PLC0415
    from camber.lateral import locate  # noqa: PLC0415

    def side() -> None:
        lateral, states, _ = locate(matched, candidates, roads, draws=200, rng=rng)
        sloped, slopes = assign_cross_slope(lateral, states, roads, seed=0, rng=rng)
        measure_exposure(sloped, slopes)

    def way() -> None:
        for tour in tours:
            camber.match(tour.track, roads)

    for what, work, fixes, count in (
        ("side, slope and exposure", side, len(matched), 1),
        ("match, of each tour", way, sum(len(tour.track) for tour in tours), len(tours)),
    ):
        parts = least(watch, work, repetitions)
        print(f"\n## {what}: {fixes / parts['together'][1]:,.0f} fixes per CPU-second\n")
        print("| part | calls | ms |\n|---|---:|---:|")
        for name, (calls, spent) in sorted(parts.items(), key=lambda part: -part[1][1]):
            print(f"| {name} | {max(1, round(calls / count))} | {spent * 1000.0 / count:.2f} |")


if __name__ == "__main__":
    main()
