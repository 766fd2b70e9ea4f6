"""From the likeliest state of each fix to one line through the network, without zigzag and without leaps.

Viterbi's states are right about the streets and careless at their ends: a fix that seems to fall back lands
on an edge already left, or on one that was never run. Here they become pieces of edges, each of which begins
where the one before it ends: what a runner can have done.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from camber import network

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import MatchingSettings

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

START: Final = 0
JUNCTION: Final = 1
TURN: Final = 2
HOP: Final = 3

_HAIR_M: Final = 1e-6
"""More than rounding does to a chainage [m]."""

_AGREES: Final = 0.25
"""Largest relative difference between network distance and distance run at which fixes off the road are
bridged (judgement: a smoothed track cuts corners by a tenth or two)."""

_LONG_M: Final = 60.0
"""From this distance between two fixes on, other routes are looked for [m]: at 1 Hz no step is so long
(judgement)."""

_CLEARLY: Final = math.log(3.0)
"""Log-odds at which one route is clearly the likeliest (three to one: judgement)."""

_FALLEN: Final = 50
"""Pieces that a walk may fall back over between two of its advances; it is one or two at a time."""


class Piece(NamedTuple):
    """Part of an edge, run along in one direction (+1 along, -1 against the drawn one)."""

    edge: int
    direction: int
    enter_m: float
    """Where it is entered, from the start of the edge in the drawn direction."""
    leave_m: float
    joint: int
    """How it follows from the piece before: `START` of a chain, over a `JUNCTION`, after a `TURN` on the
    edge, or by a `HOP` to a parallel line of the street."""

    @property
    def length_m(self) -> float:
        """Length [m]."""
        return abs(self.leave_m - self.enter_m)

    @property
    def key(self) -> tuple[int, int]:
        """Edge and direction."""
        return self.edge, self.direction


class States(NamedTuple):
    """The likeliest state of each fix; shape (n,)."""

    edge: IntArray  # -1 off the road
    direction: IntArray  # of travel: +1 along, -1 against the drawn direction, 0 off the road
    along_m: FloatArray  # place on the edge, from its start in the drawn direction; NaN off the road
    offset_m: FloatArray  # of the fix from the line, positive right of travel; NaN off the road

    def key(self, fix: int) -> tuple[int, int]:
        """Edge and direction of a fix."""
        return int(self.edge[fix]), int(self.direction[fix])


@dataclass(frozen=True)
class Links:
    """What the chain asks of the network."""

    edges: network.Edges
    """At their lengths."""
    street: IntArray
    """Street of each edge."""
    reach_m: float
    """Longest route between two fixes."""
    settings: MatchingSettings
    _room: list[network.Scratch] = field(default_factory=list)
    _routes: dict[tuple[int, int], list[tuple[int, int]] | None] = field(default_factory=dict)

    def end(self, edge: int, direction: int) -> int:
        """Node at which an edge is left."""
        return int(self.edges.edge_to[edge] if direction > 0 else self.edges.edge_from[edge])

    def start(self, edge: int, direction: int) -> int:
        """Node at which an edge is entered."""
        return self.end(edge, -direction)

    def whole(self, edge: int, direction: int) -> tuple[float, float]:
        """Where a whole edge is entered and left [m]."""
        length = float(self.edges.cost_m[edge])
        return (0.0, length) if direction > 0 else (length, 0.0)

    def route(self, node: int, other: int) -> list[tuple[int, int]] | None:
        """Edges between two nodes with their directions; None where there is no route within reach."""
        if node == other:
            return []
        if (node, other) not in self._routes:
            if not self._room:
                self._room.append(network.scratch(len(self.edges.node_first_edge) - 1))
            edges, directions = network.route(self.edges, node, other, self.reach_m, self._room[0])
            found = list(zip(edges.tolist(), directions.tolist(), strict=True))
            self._routes[node, other] = found or None
        return self._routes[node, other]

    def length_m(self, between: list[tuple[int, int]]) -> float:
        """Length of the edges of a route."""
        return sum(float(self.edges.cost_m[edge]) for edge, _ in between)

    def detour(self, edges: list[int], node: int, other: int, limit_m: float) -> float:
        """Length [m] of the shortest route between two nodes that leaves out some street of these edges.

        Infinite where there is none up to a limit.
        """
        lengths = [np.inf]
        for street in {*self.street[edges].tolist()}:
            open_m = np.where(self.street == street, np.inf, self.edges.cost_m)
            around, _ = network.route(self.edges._replace(cost_m=open_m), node, other, limit_m)
            lengths += [float(self.edges.cost_m[around].sum())] if len(around) else []
        return min(lengths)


class Chain(NamedTuple):
    """A line through the network, and where the fixes are on it."""

    pieces: list[Piece]
    """In the order of travel; each begins where the one before it ends, but after a `HOP`."""
    runs: list[tuple[int, int, int]]
    """First fix, end (not included) and piece of each run of fixes on it, in order."""


@dataclass
class _Walk:
    """A chain that is being built: where it stands, and how far it has come on that edge."""

    pieces: list[Piece]
    runs: list[tuple[int, int, int]]
    cursor: int
    at_m: float
    furthest_m: float


class _Goal(NamedTuple):
    """What a walk has to reach: the place of the next fix, and the distance run until there."""

    key: tuple[int, int]  # edge and direction
    at_m: float
    run_m: float
    beta: float  # scale of the difference between network distance and distance run [m]


class _Move(NamedTuple):
    """A way on from where a walk stands: its log-weight, and the edges between."""

    weight: float
    length_m: float
    joint: int
    between: list[tuple[int, int]]


def follow(states: States, distance_m: FloatArray, starts: NDArray[np.bool_], links: Links) -> list[Chain]:
    """Join the states of fixes into chains, in the order of travel, each with one piece at least.

    A fix that seems to fall back onto an edge just left is noise and belongs to that earlier piece; one that
    falls back onto an edge that was never run stands at the junction in between. Of the ways on to any other
    edge (ahead, back after a turn, over to a parallel line) the likeliest is taken, weighed as in
    `camber.matching.trellis`. Fixes off the road are passed over where the network distance agrees with the
    distance run, and long gaps only by a route that is clearly the likeliest; otherwise a new chain begins,
    as where a section starts. ``distance_m`` is the distance run until each fix.
    """
    walks: list[_Walk] = []
    last = -1
    for begin, end in _runs(states, starts, links.settings.back_m):
        if starts[begin]:
            last = -1
        if states.edge[begin] < 0:
            continue
        if last < 0 or not _go_on(walks[-1], states, distance_m, links, last, begin):
            at_m = float(states.along_m[begin])
            walks.append(_Walk([Piece(*states.key(begin), at_m, at_m, START)], [], 0, at_m, at_m))
        _pass(walks[-1], states, begin, end)
        last = end - 1
    return [_finish(walk) for walk in walks]


def _runs(states: States, starts: NDArray[np.bool_], back_m: float) -> list[tuple[int, int]]:
    """Stretches of fixes on one edge in one direction; one that falls back further than noise is two."""
    changed = (np.diff(states.edge) != 0) | (np.diff(states.direction) != 0)
    first = np.flatnonzero(np.r_[True, changed | starts[1:]])
    ahead = np.where(states.edge >= 0, states.direction * states.along_m, 0.0)
    stretches = zip(first.tolist(), [*first[1:].tolist(), len(ahead)], _falls(ahead, first), strict=True)
    runs = []
    for begin, end, fell_m in stretches:
        # Few do: those are looked at one by one, and again, exactly.
        at, progress = begin, ahead[begin:end] if fell_m > back_m - _HAIR_M else ahead[:0]
        while len(progress):
            fell = np.flatnonzero(np.maximum.accumulate(progress) - progress > back_m)
            if not len(fell):
                break
            runs.append((at, at + int(fell[0])))
            at, progress = runs[-1][1], progress[fell[0] :]
        runs.append((at, end))
    return runs


def _falls(ahead_m: FloatArray, first: NDArray[np.int64]) -> FloatArray:
    """How far each stretch falls back at most [m]; they begin at the ``first`` fixes."""
    # Each is lifted above the one before, so that one running maximum serves for all.
    lifted = ahead_m + np.repeat(
        np.arange(len(first)) * (np.ptp(ahead_m) + 1.0), np.diff(first, append=len(ahead_m))
    )
    return np.asarray(np.maximum.reduceat(np.maximum.accumulate(lifted) - lifted, first))


def _stand(walk: _Walk, position: int, at_m: float) -> None:
    """Stand at a place of a piece; on the same piece, what was reached of it stays reached."""
    piece = walk.pieces[position]
    forward = position != walk.cursor or not walk.runs
    ahead = piece.direction
    walk.furthest_m = at_m if forward else ahead * max(ahead * at_m, ahead * walk.furthest_m)
    walk.cursor, walk.at_m = position, at_m


def _pass(walk: _Walk, states: States, begin: int, end: int) -> None:
    """Put a run of fixes on the piece at which the walk stands."""
    piece = walk.pieces[walk.cursor]
    walk.runs.append((begin, end, walk.cursor))
    if states.key(begin) == piece.key:
        along = states.along_m[begin:end]
        furthest = piece.direction * float((piece.direction * along).max())
        _stand(walk, walk.cursor, furthest)
        walk.at_m = float(along[-1])


def _go_on(walk: _Walk, states: States, distance_m: FloatArray, links: Links, last: int, first: int) -> bool:
    """Lead the walk from the last fix of a run to the first of the next; False where the network does not."""
    run_m = float(distance_m[first] - distance_m[last])
    key, beta = states.key(first), max(links.settings.beta_m, 0.1 * run_m)
    goal = _Goal(key, float(states.along_m[first]), run_m, beta)
    passed_over = first - last > 1
    slack_m = max(links.settings.back_m, _AGREES * run_m) if passed_over else np.inf
    position = _known(walk, links, goal)
    if position is not None and _is_a_lap_on(walk, links, goal, position):
        position = None
    if position is not None and (position != walk.cursor or abs(goal.at_m - walk.at_m) > run_m - slack_m):
        _stand(walk, position, goal.at_m)
        return True
    move = max(_moves(walk, links, goal), default=None)
    if move is None or abs(move.length_m - run_m) > slack_m:
        return False
    if move.joint == START:
        return _fall_back(walk, links)
    if run_m >= _LONG_M and (passed_over or not _is_clear(move, links, goal)):
        return False
    _take(walk, links, move, goal)
    return True


def _known(walk: _Walk, links: Links, goal: _Goal) -> int | None:
    """Piece that a fix belongs to: this one, the next, or one of the few just left."""
    back_m = links.settings.back_m
    leaving = abs(links.whole(*goal.key)[1] - goal.at_m) <= back_m
    still = goal.key[1] * (walk.furthest_m - goal.at_m) <= back_m
    for position in (walk.cursor, walk.cursor + 1, walk.cursor - 1, walk.cursor - 2, walk.cursor + 2):
        possible = still if position == walk.cursor else leaving or position > walk.cursor
        if possible and 0 <= position < len(walk.pieces) and walk.pieces[position].key == goal.key:
            return position
    return None


def _is_a_lap_on(walk: _Walk, links: Links, goal: _Goal, position: int) -> bool:
    """Whether the goal is better reached ahead, round a ring, than by standing where its edge was passed."""
    piece = walk.pieces[walk.cursor]
    if position > walk.cursor:
        return False
    if position == walk.cursor:
        apart = abs(piece.direction * (goal.at_m - walk.at_m) - goal.run_m)
        if apart <= links.settings.back_m:
            return False
    else:
        between = walk.pieces[position + 1 : walk.cursor]
        known = walk.pieces[position]
        back = sum(each.length_m for each in between) + abs(walk.at_m - piece.enter_m)
        apart = back + abs(known.leave_m - goal.at_m) + goal.run_m
    way = links.route(links.end(*piece.key), links.start(*goal.key))
    if way is None:
        return False
    rest = abs(links.whole(*piece.key)[1] - walk.at_m) + abs(goal.at_m - links.whole(*goal.key)[0])
    return abs(rest + links.length_m(way) - goal.run_m) < apart


def _moves(walk: _Walk, links: Links, goal: _Goal) -> list[_Move]:
    """Ways on to the goal: ahead, after a turn, back to the junction behind, or over to a parallel line."""
    piece, model = walk.pieces[walk.cursor], links.settings
    key, to_m, run_m, beta = goal
    enters, leaves = links.whole(*key)
    into, beyond = abs(to_m - enters), abs(leaves - to_m)
    begins, ends = links.whole(*piece.key)
    done, rest = abs(walk.at_m - begins), abs(ends - walk.at_m)

    def over(node: int, other: int, known_m: float, charge: float, joint: int) -> list[_Move]:
        between = links.route(node, other)
        if between is None:
            return []
        length = known_m + links.length_m(between)
        return [_Move(charge - abs(length - run_m) / beta, length, joint, between)]

    if key == (piece.edge, -piece.direction):
        length = abs(to_m - walk.at_m)
        return [_Move(model.u_turn - abs(length - run_m) / beta, length, TURN, [])]
    found = over(links.end(*piece.key), links.start(*key), rest + into, 0.0, JUNCTION)
    if piece.edge == key[0]:
        return found
    if not found or found[0].weight < model.u_turn:
        found += over(links.start(*piece.key), links.start(*key), done + into, model.u_turn, TURN)
    if done + beyond <= model.back_m and links.end(*key) == links.start(*piece.key):
        found.append(_Move(-(done + beyond + run_m) / beta, run_m, START, []))
    if links.street[piece.edge] == links.street[key[0]]:
        found.append(_Move(model.hop, run_m, HOP, []))
    return found


def _is_clear(move: _Move, links: Links, goal: _Goal) -> bool:
    """Whether no other route explains the distance run nearly as well."""
    if not move.between:
        return True
    known_m = move.length_m - links.length_m(move.between)
    apart = abs(move.length_m - goal.run_m) + _CLEARLY * goal.beta
    edges = [edge for edge, _ in move.between]
    node, other = links.start(*move.between[0]), links.end(*move.between[-1])
    return not math.isfinite(links.detour(edges, node, other, goal.run_m + apart - known_m))


def _cut(walk: _Walk) -> None:
    """Forget what lies beyond the place where the walk stands: a fix ahead of the others was noise."""
    if walk.cursor == len(walk.pieces) - 1:
        return
    del walk.pieces[walk.cursor + 1 :]
    for number in range(len(walk.runs) - 1, -1, -1):
        begin, end, place = walk.runs[number]
        if place < walk.cursor - _FALLEN:
            break
        walk.runs[number] = (begin, end, min(place, walk.cursor))


def _fall_back(walk: _Walk, links: Links) -> bool:
    """Stand at the junction where the piece at hand was entered: it was run by noise alone."""
    if walk.cursor == 0:
        return False
    walk.cursor -= 1
    _cut(walk)
    piece = walk.pieces[walk.cursor]
    walk.at_m = walk.furthest_m = links.whole(*piece.key)[1] if piece.joint != TURN else piece.leave_m
    return True


def _take(walk: _Walk, links: Links, move: _Move, goal: _Goal) -> None:
    """Make a move: leave the piece at hand, pass the edges between, and enter that of the goal."""
    _cut(walk)
    piece, key, to_m = walk.pieces[-1], goal.key, goal.at_m
    if move.joint == JUNCTION:
        walk.pieces[-1] = piece._replace(leave_m=links.whole(*piece.key)[1])
    elif move.joint == HOP:
        walk.pieces[-1] = piece._replace(leave_m=walk.furthest_m)
    else:
        ahead = piece.direction
        turn_m = walk.furthest_m
        if key == (piece.edge, -ahead):
            turn_m = ahead * max(ahead * turn_m, ahead * to_m)
        walk.pieces[-1] = piece._replace(leave_m=turn_m)
        back = (piece.edge, -ahead)
        walk.pieces.append(Piece(*back, turn_m, links.whole(*back)[1], TURN))
    for edge, direction in move.between:
        walk.pieces.append(Piece(edge, direction, *links.whole(edge, direction), JUNCTION))
    if walk.pieces[-1].key != key or move.joint == JUNCTION:
        enters = to_m if move.joint == HOP else links.whole(*key)[0]
        walk.pieces.append(Piece(*key, enters, enters, HOP if move.joint == HOP else JUNCTION))
    walk.furthest_m = walk.at_m = to_m
    walk.cursor = len(walk.pieces) - 1


def _finish(walk: _Walk) -> Chain:
    """End where the walk came furthest."""
    _cut(walk)
    walk.pieces[-1] = walk.pieces[-1]._replace(leave_m=walk.furthest_m)
    return Chain(walk.pieces, walk.runs)
