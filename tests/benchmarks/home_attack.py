"""How well a home can be found from what is shown: twelve homes in each of five towns, 3, 20 and 200 runs.

Run with ``python tests/benchmarks/home_attack.py --workers 2`` in the project's root; ``--small`` is quick.
Runs are shortest paths on real streets from the home: out and back, and loops over two places; one runner in
three has a second place with a zone of its own, such as work, and a tenth as many runs from there. Three
rules are attacked: ``circle``, a zone cut at junctions around a middle of its own, as camber did before;
``region``, as it is; and the same with all runs. Whoever attacks knows the map, the rule, how the runner
chooses ways, and of a region even which houses are in it; not the secret.
The estimators are those of the literature (Krumm 2007; Hassan et al. 2018; Dhondt et al. 2022) and sharper
ones; ``no run`` sees none and names the place with most houses about it. Prints Markdown.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pyproj import Transformer

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import camber  # noqa: E402 - the project's root has to be found before
from camber import network  # noqa: E402
from camber.conventions import WGS84  # noqa: E402
from camber.library import regions  # noqa: E402
from camber.library.sharing import MOST_RUNS  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

OSM = ROOT.parent / "shared" / "data" / "osm"
TOWNS = {
    "Heidelberg": "heidelberg_ors.osm.pbf",
    "Liechtenstein": "liechtenstein_pyosmium.osm.pbf",
    "Herrenberg": "herrenberg_otp.osm.pbf",
    "Kouvola": "kouvola-area_pyrosm.osm.pbf",
    "Melbourne": "melbourne-au_valhalla.osm.pbf",
}
FOUND_M = 200.0
ZONE_M = 400.0
NEAREST_M, FARTHEST_M = 1200.0, 4000.0
"""Places that a runner goes to [m], as the crow flies, uniform in bearing and in distance."""

_SPREAD_M = 40.0
"""How far out of the way a runner may go for the Bayesian estimator [m]."""


@dataclass(frozen=True, eq=False)
class Town:
    """Roads that can be run, the houses at them as nodes of residential streets, and all nodes in degrees."""

    roads: camber.Roads
    edges: network.Edges
    houses: np.ndarray
    latlon: np.ndarray

    @property
    def graph(self):
        return self.roads.graph


@cache
def town(name):
    """Roads of a town, opened once in each process."""
    roads = camber.read_roads(OSM / TOWNS[name])
    graph = roads.graph
    edges = network.edges_of(graph)
    there = regions.house_edges(roads)
    nodes = np.unique(np.r_[graph.edge_from[there], graph.edge_to[there]])
    within = _distances(edges, nodes[len(nodes) // 2 : len(nodes) // 2 + 1], 1e9)[0]
    longitude, latitude = Transformer.from_crs(roads.crs, WGS84, always_xy=True).transform(*graph.node_xy.T)
    return Town(roads, edges, nodes[np.isfinite(within[nodes])], np.column_stack([latitude, longitude]))


def _distances(edges, sources, limit_m=30_000.0):
    """Distance of every node from each of some [m], shape (n_sources, n_nodes)."""
    table = network.bounded_distances(edges, np.asarray(sources, dtype=np.int64), limit_m)
    distance = np.full((len(sources), len(edges.node_first_edge) - 1), np.inf)
    source = np.repeat(np.arange(len(sources)), np.diff(table.first))
    distance[source, table.target] = table.distance_m
    return distance


def simulated_runs(here, home, count, rng):
    """Out-and-backs and loops from a home: edges in the order of travel, and the direction of each."""
    graph, room = here.graph, network.scratch(len(here.graph.node_xy))
    reached = np.flatnonzero(np.isfinite(_distances(here.edges, [home])[0]))
    away = np.hypot(*(graph.node_xy[reached] - graph.node_xy[home]).T)
    farthest = min(FARTHEST_M, 0.9 * away.max())
    nearest = min(NEAREST_M, 0.5 * farthest)

    def towards(bearing, far):
        wanted = graph.node_xy[home] + far * np.array([np.sin(bearing), np.cos(bearing)])
        return int(reached[np.hypot(*(graph.node_xy[reached] - wanted).T).argmin()])

    found = []
    while len(found) < count:
        bearing, far = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(nearest, farthest)
        stops = [home, towards(bearing, far)]
        if len(found) % 2:
            stops.append(towards(bearing + rng.choice([-1.0, 1.0]) * rng.uniform(0.5, 1.3), far))
        legs = [network.route(here.edges, a, b, 1e9, room) for a, b in pairwise(stops)]
        if len(stops) == 2:
            legs.append((legs[0][0][::-1], -legs[0][1][::-1]))
        else:
            legs.append(network.route(here.edges, stops[-1], home, 1e9, room))
        if all(len(edge) for edge, _ in legs):
            found.append(tuple(np.concatenate(part) for part in zip(*legs, strict=True)))
    return found


def open_circle(here, home, rng):
    """The rule before: junction to junction around a circle that holds the zone, 250 to 450 m aside."""
    graph, aside, bearing = here.graph, rng.uniform(250.0, 450.0), rng.uniform(0.0, 2.0 * np.pi)
    middle = graph.node_xy[home] + aside * np.array([np.sin(bearing), np.cos(bearing)])
    inside = np.hypot(*(graph.vertex_xy - middle).T) <= ZONE_M + aside
    hidden = np.maximum.reduceat(inside, graph.edge_first_vertex[:-1])
    near = np.hypot(*(graph.node_xy[here.houses] - graph.node_xy[home]).T) <= 2.0 * (ZONE_M + 450.0)
    return ~hidden, here.houses[near]


def open_region(here, home, rng):
    """The rule now, with the houses of the region, which nobody is told."""
    origin = tuple(rng.uniform(0.0, regions.SQUARE_M, 2))
    place = tuple(here.latlon[home])
    square = regions.Square.around(*place, origin)
    region = regions.region_around(square, place, regions.cuts_of(square, here.roads), ZONE_M)
    number = regions.curve(square.xy(*here.latlon[here.houses].T))
    of_group = here.houses[(number >= region.first) & (number < region.end)]
    return regions.open_edges(here.roads, region), of_group


@dataclass(frozen=True)
class Rule:
    """How what is shown is chosen: which roads, the shortest piece [m], and of how many runs at most."""

    open_roads: Callable[[Town, int, np.random.Generator], tuple[np.ndarray, np.ndarray]]
    least_m: float = 0.0
    most_runs: float = np.inf


RULES = {
    "circle": Rule(open_circle),
    "region, all runs": Rule(open_region, regions.LEAST_M),
    "region": Rule(open_region, regions.LEAST_M, MOST_RUNS),
}


def first_shown(of_runs, most):
    """Leave out what is shown of more runs than may be: the first that show something are shown for ever."""
    count = np.cumsum([bool(pieces) for pieces in of_runs])
    return [pieces if number <= most else [] for pieces, number in zip(of_runs, count, strict=True)]


@dataclass(frozen=True, eq=False)
class Piece:
    """What is shown of a run without a break: nodes, metres from the first, and how far is hidden before."""

    node: np.ndarray
    at_m: np.ndarray
    hidden_m: float

    def turned(self):
        return Piece(self.node[::-1], self.at_m[-1] - self.at_m[::-1], self.hidden_m)


def pieces_of(here, run, is_open, rule):
    """Cut a run into what is shown of it: by the rule now into pieces that are long."""
    graph, (edge, direction) = here.graph, run
    length = graph.edge_length_m[edge]
    shown = is_open[edge]
    begin = np.flatnonzero(shown & ~np.r_[False, shown[:-1]])
    end = np.flatnonzero(shown & ~np.r_[shown[1:], False]) + 1
    start = np.where(direction > 0, graph.edge_from[edge], graph.edge_to[edge])
    stop = np.where(direction > 0, graph.edge_to[edge], graph.edge_from[edge])
    found = []
    for a, b in zip(begin, end, strict=True):
        at = np.r_[0.0, np.cumsum(length[a:b])]
        if at[-1] >= rule.least_m:
            node = np.r_[start[a:b], stop[b - 1]]
            found.append(Piece(node, at, float(length[:a].sum())))
    return found


@dataclass(frozen=True, eq=False)
class Seen:
    """What an attacker works with: pieces of all runs, candidates, and whether files tell what is hidden."""

    here: Town
    runs: list
    pieces: list
    candidates: np.ndarray
    tells_numbers: bool

    def xy(self, node):
        return self.here.graph.node_xy[node]

    def ends(self):
        """Where pieces begin and end, and where the next node on them is."""
        ends = [(piece.node[0], piece.node[min(2, len(piece.node) - 1)]) for piece in self.pieces]
        ends += [(piece.node[-1], piece.node[max(-3, -len(piece.node))]) for piece in self.pieces]
        return np.array(ends)


def circle(points):
    """Middle and radius of the circle that fits best (Kasa 1976: linear least squares)."""
    base = points.mean(axis=0)
    known = np.column_stack([2.0 * (points - base), np.ones(len(points))])
    (east, north, rest), *_ = np.linalg.lstsq(known, ((points - base) ** 2).sum(axis=1), rcond=None)
    return base + np.array([east, north]), np.sqrt(max(rest + east**2 + north**2, 0.0))


def by_circle(seen):
    return circle(seen.xy(np.unique(seen.ends()[:, 0])))[0]


def by_mean(seen):
    return np.median(seen.xy(seen.ends()[:, 0]), axis=0)


def by_gap(seen):
    """The candidate farthest from everything shown, among those that lines surround."""
    shown = seen.xy(np.unique(np.concatenate([piece.node for piece in seen.pieces])))
    places = seen.xy(seen.candidates)
    gap = np.array([np.hypot(*(shown - place).T).min() for place in places])
    return places[gap >= np.quantile(gap, 0.95)].mean(axis=0)


def by_directions(seen):
    """Where the lines meet along which runs come out and go in (least squares, far ones cut off)."""
    ends = seen.ends()
    place, along = seen.xy(ends[:, 0]), seen.xy(ends[:, 0]) - seen.xy(ends[:, 1])
    along /= np.maximum(np.hypot(*along.T), 1e-9)[:, np.newaxis]
    across = np.eye(2) - along[:, :, np.newaxis] * along[:, np.newaxis, :]
    weight = np.ones(len(ends))
    for _ in range(5):
        left = (weight[:, np.newaxis, np.newaxis] * across).sum(axis=0) + 1e-6 * np.eye(2)
        right = (weight[:, np.newaxis] * np.einsum("nij,nj->ni", across, place)).sum(axis=0)
        guess = np.linalg.solve(left, right)
        weight = 1.0 / (200.0 + np.hypot(*np.einsum("nij,nj->ni", across, guess - place).T))
    return guess


def excesses(seen):
    """How far out of the way each leg is from each candidate, shape (legs, candidates) [m], and its end."""
    legs = [
        leg
        for pieces in seen.runs
        for leg in (*_onward(seen, pieces), *_onward(seen, [piece.turned() for piece in pieces[::-1]]))
    ]
    sources, place = np.unique([node[0] for node, _ in legs], return_inverse=True)
    from_start = _distances(seen.here.edges, sources)
    goals, run_m = [], []
    for (node, at), row in zip(legs, place, strict=True):
        # The leg goes on for as long as there is no shorter way.
        longer = np.flatnonzero(at > from_start[row, node] + 1.0)
        last = (longer[0] if len(longer) else len(node)) - 1
        goals.append(node[last])
        run_m.append(at[last])
    far, of_goal = np.unique(goals, return_inverse=True)
    to_goal = _distances(seen.here.edges, far)[:, seen.candidates]
    excess = from_start[place][:, seen.candidates] + np.array(run_m)[:, np.newaxis] - to_goal[of_goal]
    return np.nan_to_num(excess, nan=1e4, posinf=1e4), np.array(goals)


def _onward(seen, pieces):
    """From the beginning of each piece over all that come after it, by the shortest way to the next."""
    for place in range(len(pieces)):
        node, at = pieces[place].node, pieces[place].at_m
        for piece in pieces[place + 1 :]:
            (gap,) = _distances(seen.here.edges, [node[-1]])[:, piece.node[0]]
            node, at = np.r_[node, piece.node], np.r_[at, at[-1] + gap + piece.at_m]
        yield node, at


def densest(seen, weight):
    """The candidate about which most of the weight lies within 200 m."""
    places = seen.xy(seen.candidates)
    near = np.array([weight[np.hypot(*(places - place).T) <= FOUND_M].sum() for place in places])
    return places[near.argmax()]


def by_consistency(seen):
    """Candidates from which most legs are shortest paths; on the ring about the circle, if there is one."""
    excess, _ = excesses(seen)
    agree = (excess <= 30.0).sum(axis=0).astype(float)
    if seen.tells_numbers:
        middle, radius = circle(seen.xy(np.unique(seen.ends()[:, 0])))
        off = np.abs(np.hypot(*(seen.xy(seen.candidates) - middle).T) - (radius - ZONE_M))
        agree = np.where(off <= 100.0, agree, 0.0) if (off <= 100.0).any() else agree
    return densest(seen, (agree >= agree.max() - 0.5).astype(float))


def by_bayes(seen):
    """Houses by how the runner chooses ways: legs are short ways."""
    excess, _ = excesses(seen)
    total = -(np.minimum(excess, 400.0) / _SPREAD_M).sum(axis=0)
    return densest(seen, np.exp(total - total.max()))


def by_bayes_with_distances(seen):
    """The same, told too how far the runner's places are: uniform in bearing and distance."""
    excess, goals = excesses(seen)
    away = np.hypot(*(seen.xy(goals)[:, np.newaxis] - seen.xy(seen.candidates)).transpose(2, 0, 1))
    likely = -np.minimum(excess, 400.0) / _SPREAD_M - np.log(np.maximum(away, 100.0))
    likely -= 3.0 * (away > FARTHEST_M + 200.0)
    total = likely.sum(axis=0)
    return densest(seen, np.exp(total - total.max()))


def _of_farthest_places(seen):
    """How likely each candidate is by the farthest place of each piece: runners turn all round home."""
    around = seen.xy(seen.candidates).mean(axis=0)
    far = [piece.node[np.hypot(*(seen.xy(piece.node) - around).T).argmax()] for piece in seen.pieces]
    away = np.hypot(*(seen.xy(np.array(far))[:, np.newaxis] - seen.xy(seen.candidates)).transpose(2, 0, 1))
    beyond = (away > FARTHEST_M + 200.0) | (away < NEAREST_M - 400.0)
    return (-np.log(np.maximum(away, 100.0)) - 3.0 * beyond).sum(axis=0)


def by_farthest_places(seen):
    """Houses about which the farthest places of all pieces lie as the runner's places do, each once."""
    total = _of_farthest_places(seen)
    return densest(seen, np.exp(total - total.max()))


def by_farthest_places_and_ways(seen):
    """The same, and how the runner chooses ways."""
    excess, _ = excesses(seen)
    total = _of_farthest_places(seen) - (np.minimum(excess, 400.0) / _SPREAD_M).sum(axis=0)
    return densest(seen, np.exp(total - total.max()))


def by_numbers(seen):
    """The house that is as far by the road from where each run appears as its file tells, or seems to."""
    firsts = [pieces[0] for pieces in seen.runs if pieces]
    sources, place = np.unique([piece.node[0] for piece in firsts], return_inverse=True)
    told = np.array([piece.hidden_m if seen.tells_numbers else 0.0 for piece in firsts])
    told = 36.0 * np.floor(told / 36.0) + 18.0  # blocks of 12 s
    off = np.abs(_distances(seen.here.edges, sources)[place][:, seen.candidates] - told[:, np.newaxis])
    return seen.xy(seen.candidates[np.median(np.minimum(off, 1e4), axis=0).argmin()])


def by_turns(seen):
    """The middle of the farthest places of all runs."""
    around = np.median(seen.xy(seen.ends()[:, 0]), axis=0)
    far = [piece.node[np.hypot(*(seen.xy(piece.node) - around).T).argmax()] for piece in seen.pieces]
    return seen.xy(np.array(far)).mean(axis=0)


def by_lines(seen):
    """The middle of everything that is shown."""
    return seen.xy(np.concatenate([piece.node for piece in seen.pieces])).mean(axis=0)


def by_nothing(seen):
    return densest(seen, np.ones(len(seen.candidates)))


ESTIMATORS = {
    "circle through the ends": by_circle,
    "gap in the streets": by_gap,
    "median of the ends": by_mean,
    "entry directions": by_directions,
    "shortest-path consistency": by_consistency,
    "Bayes over houses": by_bayes,
    "Bayes, told the runner's distances": by_bayes_with_distances,
    "Bayes, farthest places": by_farthest_places,
    "Bayes, farthest places and ways": by_farthest_places_and_ways,
    "numbers in the files": by_numbers,
    "middle of the turning points": by_turns,
    "middle of the lines": by_lines,
}


def attack(name, number, counts, seed):
    """One home: a row for each rule and number of runs, with how far each estimator is from it [m]."""
    here = town(name)
    rng = np.random.default_rng([seed, sorted(TOWNS).index(name), number])
    home, work = rng.choice(here.houses, 2, replace=False)
    runs = simulated_runs(here, home, max(counts), rng)
    at_work = number % 3 == 2
    from_work = simulated_runs(here, work, max(max(counts) // 10, 1), rng)
    rows = []
    grounds = {}
    for rule, how in RULES.items():
        if how.open_roads not in grounds:
            draw = np.random.default_rng([seed, number, 6])
            is_open, candidates = how.open_roads(here, home, draw)
            if at_work:
                is_open = is_open & how.open_roads(here, work, draw)[0]
            grounds[how.open_roads] = is_open, candidates
        is_open, candidates = grounds[how.open_roads]
        for count in counts:
            both = runs[:count] + from_work[: count // 10 * at_work]
            every = [pieces_of(here, run, is_open, how) for run in both]
            of_runs = first_shown(every, how.most_runs)
            shown = [piece for pieces in of_runs for piece in pieces]
            metres = sum(float(here.graph.edge_length_m[edge].sum()) for edge, _ in both)
            row = {"rule": rule, "town": name, "home": number, "runs": count}
            row["shown"] = sum(float(piece.at_m[-1]) for piece in shown) / metres
            seen = Seen(here, of_runs, shown, candidates, rule == "circle")
            for title, estimate in {**ESTIMATORS, "no run": by_nothing}.items():
                guess = estimate(seen) if shown or title == "no run" else (np.inf, np.inf)
                row[title] = float(np.hypot(*(np.asarray(guess) - here.graph.node_xy[home])))
            rows.append(row)
    return rows


def table(rows):
    """Share of homes found within 200 m, by rule and number of runs, and of kilometres shown."""
    frame = pd.DataFrame(rows)
    lines = [
        "| found within 200 m | "
        + " | ".join(f"{r}, {n}" for r in RULES for n in sorted(set(frame["runs"])))
        + " |"
    ]
    lines.append("|---" * (1 + len(RULES) * frame["runs"].nunique()) + "|")
    groups = [
        frame[(frame["rule"] == r) & (frame["runs"] == n)] for r in RULES for n in sorted(set(frame["runs"]))
    ]
    for title in (*ESTIMATORS, "no run"):
        cells = (f"{100.0 * (group[title] < FOUND_M).mean():.0f} %" for group in groups)
        lines.append(f"| {title} | {' | '.join(cells)} |")
    lines.append(
        "| kilometres shown | " + " | ".join(f"{100.0 * g['shown'].mean():.0f} %" for g in groups) + " |"
    )
    lines.append(
        "| homes of which nothing is shown | "
        + " | ".join(f"{(g['shown'] == 0.0).sum()} of {len(g)}" for g in groups)
        + " |"
    )
    return "\n".join(lines)


def main() -> None:
    """Attack, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--towns", nargs="*", default=list(TOWNS), choices=list(TOWNS))
    parser.add_argument("--homes", type=int, default=12)
    parser.add_argument("--runs", type=int, nargs="*", default=[3, 20, 200])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args()
    homes, counts = (2, [3, 20]) if given.small else (given.homes, given.runs)
    jobs = [(name, number, counts, given.seed) for name in given.towns for number in range(homes)]
    with ProcessPoolExecutor(given.workers) as pool:
        rows = [row for rows in pool.map(attack, *zip(*jobs, strict=True)) for row in rows]
    if given.output:
        pd.DataFrame(rows).to_csv(given.output, index=False)
    print(table(rows))


if __name__ == "__main__":
    main()
