"""What was told of sides, pass by pass: each answer is right or wrong of a pass as a whole.

Of a pass over a street of which something was told there are copies of the states: one in which the answer
is right and one in which it is wrong and says nothing. Where it is right the runner decides as told as often
as the answer's words say, stretch by stretch, and otherwise like anybody; so a part of a long street may be
elsewhere. The chain chooses between the copies where the pass begins; the recording may then speak against
an answer as loudly as against anything. As far as the standards go it is wrong as often as it is thought to
be, however rare what it says. An answer is right or wrong in all runs alike, so its copy is drawn by a rank
that all runs share (`camber.lateral.sampling`).
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

import numba
import numpy as np

from camber.conventions import NO_WAY, STATE_CODE
from camber.kernels import compiled_once
from camber.lateral.sampling import Doubts
from camber.lateral.switching import Observations

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from camber.lateral.smoothing import Smoothed
    from camber.schema import SideObserved

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    Moves = Callable[[FloatArray], FloatArray]
    """Transitions of the states, shape (n, 6, 6), by their prior, shape (n, 6)."""

_SLOTS: Final = 2
"""So many answers are heard of one block, the surest (judgement: of more, nothing else is to be learned)."""

_STATES: Final = len(STATE_CODE)
_LEAST: Final = 1e-9
"""What is less likely than this before is not there to be told of (rounding)."""


class Claims(NamedTuple):
    """What was told of ``n`` blocks, by up to two of ``m`` answers; shape (n, 2) but for the last three.

    Parameters
    ----------
    answer : ndarray of int64
        Number of the answer; -1 where none is heard.
    before : ndarray of int64
        Place of the same answer in the block before; -1 where the pass begins.
    right, wrong : ndarray of float64
        Weights of the two copies where the pass begins.
    share : ndarray of float64
        Share of the runner's decisions that are as told where the answer is right.
    agrees : ndarray of bool, shape (n, 2, 6)
        States that agree with it.
    usual : ndarray of float64, shape (m,)
        How likely what each answer says was without any habit, as a mean over its blocks.
    names : tuple of str
        Names of the answers.
    """

    answer: IntArray
    before: IntArray
    right: FloatArray
    wrong: FloatArray
    share: FloatArray
    agrees: BoolArray
    usual: FloatArray
    names: tuple[str, ...]

    @property
    def copies(self) -> int:
        """Number of copies of the states."""
        return 1 << int((self.answer >= 0).any(axis=0).sum())

    def agreed(self) -> BoolArray:
        """States that agree with the surest answer to each block, shape (n, 6)."""
        return np.asarray(self.agrees[:, 0] & (self.answer[:, 0] >= 0)[:, np.newaxis])

    def chances(self, prior: FloatArray) -> FloatArray:
        """How likely what each answer says is by a prior of the states, as a mean over its blocks, (m,)."""
        mass, heard = np.zeros(len(self.names)), np.zeros(len(self.names))
        for slot in range(_SLOTS):
            at = np.flatnonzero(self.answer[:, slot] >= 0)
            agreeing = np.where(self.agrees[at, slot], prior[at], 0.0).sum(axis=1)
            np.add.at(mass, self.answer[at, slot], agreeing)
            np.add.at(heard, self.answer[at, slot], 1.0)
        return mass / np.maximum(heard, 1.0)

    def taught(self, prior: FloatArray, *, once: bool) -> FloatArray:
        """Weights of the copies that are right, by how likely a prior makes what was told, shape (n, 2).

        Where the runner is on one street is one choice, however often it is passed: ``once`` it counts.
        """
        change = self.chances(prior) / np.maximum(self.usual, _LEAST)
        begins = (self.answer >= 0) & (self.before < 0)
        if once:
            rows = np.flatnonzero(begins.ravel())
            _, first = np.unique(self.answer.ravel()[rows], return_index=True)
            begins = np.zeros(begins.size, dtype=bool)
            begins[rows[first]] = True
            begins = begins.reshape(self.answer.shape)
        return np.where(begins, self.right * change[self.answer], self.right)

    def at(self, rows: IntArray) -> Claims:
        """Give the claims on some blocks, of which none joins two passes."""
        return Claims(
            self.answer[rows],
            self.before[rows],
            self.right[rows],
            self.wrong[rows],
            self.share[rows],
            self.agrees[rows],
            self.usual,
            self.names,
        )


class _Heard(NamedTuple):
    """An answer to a block: how closely it speaks of it, states that agree, how likely and how far."""

    closely: tuple[int, float]
    states: tuple[int, ...]
    p_wrong: float
    share: float


class Ground(NamedTuple):
    """Where a run is, as answers name it; shape (n,) throughout.

    Parameters
    ----------
    way_id, direction : ndarray of int64
        Street, and direction of travel on it; -1 and 0 off the road.
    along_m : ndarray of float64
        Chainage on the street [m].
    distance_m : ndarray of float64
        Distance from the start of the run [m].
    open_facing : ndarray of bool
        False where both sides face the same traffic.
    """

    way_id: IntArray
    direction: IntArray
    along_m: FloatArray
    distance_m: FloatArray
    open_facing: BoolArray


def claims_on(
    ground: Ground,
    sides: Sequence[SideObserved],
    run: str,
    prior: FloatArray,
) -> Claims | None:
    """Find what was told of each block; None where nothing was.

    ``prior``, shape (n, 6), is that of the states without any habit: an answer is as likely to be wrong as it
    says, whatever it makes of that.
    """
    there = {NO_WAY, *ground.way_id[ground.direction != 0].tolist()}
    asked = sorted({one for one in sides if one.run in {"", run} and one.way_id in there})
    heard = _heard(ground, asked)
    if not any(heard):
        return None
    names = sorted({key for block in heard for key in block})
    number = {key: k for k, key in enumerate(names)}
    n = len(heard)
    claims = Claims(
        np.full((n, _SLOTS), -1),
        np.full((n, _SLOTS), -1),
        np.ones((n, _SLOTS)),
        np.zeros((n, _SLOTS)),
        np.zeros((n, _SLOTS)),
        np.ones((n, _SLOTS, _STATES), dtype=bool),
        np.ones(len(names)),
        tuple(names),
    )
    for k, block in enumerate(heard):
        for slot, key in enumerate(sorted(block)):
            one = block[key]
            claims.answer[k, slot] = number[key]
            claims.agrees[k, slot] = np.isin(np.arange(_STATES), one.states)
            claims.right[k, slot], claims.wrong[k, slot] = 1.0 - one.p_wrong, one.p_wrong
            claims.share[k, slot] = one.share
            if k and key in heard[k - 1]:
                claims.before[k, slot] = sorted(heard[k - 1]).index(key)
    return claims._replace(usual=claims.chances(prior))


def _heard(ground: Ground, asked: Sequence[SideObserved]) -> list[dict[str, _Heard]]:
    """Collect the answers heard of each block by name: states that agree, and how likely it is wrong.

    What was said of a stretch of the run goes before what was said of all of it, and that before what was
    said of the street.
    """
    n = len(ground.way_id)
    told: list[dict[str, _Heard]] = [{} for _ in range(n)]
    for one in asked:
        here = ground.direction != 0
        if one.by_traffic:
            here = here & ground.open_facing
        if one.way_id != NO_WAY:
            here = here & (ground.way_id == one.way_id)
            here &= (ground.along_m >= one.from_m) & (ground.along_m <= one.to_m)
        here = here & (ground.distance_m >= one.run_from_m) & (ground.distance_m <= one.run_to_m)
        closely = int(bool(one.run)), -(one.run_to_m - one.run_from_m)
        for k in np.flatnonzero(here).tolist():
            states = one.along if ground.direction[k] > 0 else one.against
            if states:
                name = one.answer or f"{one.way_id} {states}"
                told[k][name] = _Heard(
                    closely, tuple(STATE_CODE[state] for state in states), one.p_wrong, one.share
                )
    heard = []
    for block in told:
        closest = max((one.closely for one in block.values()), default=(0, 0.0))
        near = [(key, one) for key, one in block.items() if one.closely == closest]
        heard.append(dict(sorted(near, key=lambda pair: (pair[1].p_wrong, pair[0]))[:_SLOTS]))
    return heard


def with_claims(
    given: Observations, claims: Claims | None, move: Moves, *, once: bool = False
) -> Observations:
    """Copy the states of a run for answers that are right and wrong; unchanged where nothing was told.

    ``move`` gives the transitions between states of a prior. ``once`` an answer teaches of the runner's use
    of places, however often its street is passed.
    """
    if claims is None:
        return given
    copies = claims.copies
    priors = np.stack([_as_told(given.prior, claims, copy) for copy in range(copies)])
    moves = np.stack([given.transition, *(move(prior) for prior in priors[1:])])
    right = claims.taught(given.prior, once=once)
    prior, transition = _copied(
        priors, moves, claims.answer, claims.before, right, claims.wrong, claims.share, claims.agrees
    )
    return Observations(
        np.tile(given.residual_m, (1, copies)),
        np.tile(given.coefficient, (1, copies, 1)),
        np.tile(given.noise_m, (1, copies)),
        given.keep,
        prior,
        transition,
    )


def _as_told(prior: FloatArray, claims: Claims, copy: int) -> FloatArray:
    """Prior of the states where the answers of a copy are right: as told in their share of all decisions."""
    for slot in reversed(range(_SLOTS)):
        if (copy >> slot) & 1:
            agreeing = np.where(claims.agrees[:, slot], prior, 0.0)
            mass, all_ = agreeing.sum(axis=1, keepdims=True), prior.sum(axis=1, keepdims=True)
            there = (claims.answer[:, slot, np.newaxis] >= 0) & (mass > _LEAST)
            share = np.where(there, claims.share[:, slot, np.newaxis], 0.0)
            prior = share * all_ * agreeing / np.maximum(mass, _LEAST) + (1.0 - share) * prior
    return prior


@compiled_once
@numba.njit(cache=True)
def _copied(
    priors: FloatArray,
    moves: FloatArray,
    answer: IntArray,
    before: IntArray,
    right: FloatArray,
    wrong: FloatArray,
    share: FloatArray,
    agrees: BoolArray,
) -> tuple[FloatArray, FloatArray]:
    """Prior and transitions among the copies; in copy ``c`` answers whose bit is set are right."""
    copies, n, s = priors.shape
    start, step = np.zeros((n, copies * s)), np.zeros((n, copies * s, copies * s))
    for k in range(n):
        for c in range(copies):
            # What the copy weighs where it begins, and how much of it is as if nothing had been told.
            weight, usable, anew, plain = 1.0, True, False, 1.0
            for j in range(2):
                is_right = (c >> j) & 1 == 1
                if answer[k, j] < 0:
                    usable = usable and not is_right
                    continue
                if before[k, j] < 0:
                    weight *= right[k, j] if is_right else wrong[k, j]
                    anew = anew or is_right
                if is_right:
                    plain *= 1.0 - share[k, j]
            if c == 3 and anew and not (agrees[k, 0] & agrees[k, 1]).any():
                usable = False  # of two that contradict each other one is wrong
            if not usable:
                continue
            for b in range(s):
                start[k, c * s + b] = priors[c, k, b] * weight
            for d in range(copies):
                same = True
                for j in range(2):
                    at = before[k, j]
                    if answer[k, j] >= 0 and at >= 0:
                        same = same and ((c >> j) & 1) == ((d >> at) & 1)
                if same:
                    for a in range(s):
                        for b in range(s):
                            reach = moves[c, k, a, b]
                            if anew:
                                # Where the runner was before says nothing of what is done as told.
                                reach = priors[c, k, b] + plain * (moves[0, k, a, b] - priors[0, k, b])
                            step[k, d * s + a, c * s + b] = max(reach, 0.0) * weight
    return start, step


def without_claims(given: Observations) -> Observations:
    """Take the first copy of the states of a run; prior and transitions are those of wrong answers."""
    columns = slice(0, _STATES)
    return given._replace(
        residual_m=given.residual_m[:, columns],
        coefficient=given.coefficient[:, columns],
        noise_m=given.noise_m[:, columns],
        prior=given.prior[:, columns],
        transition=given.transition[:, columns, columns],
    )


def folded(states: Smoothed) -> Smoothed:
    """Add the copies of each state up."""
    n, s = states.probability.shape
    if s % _STATES or s == _STATES:
        return states
    return states._replace(probability=states.probability.reshape(n, -1, _STATES).sum(axis=1))


def with_answers(doubts: Doubts, claims: Claims | None, seed: int) -> Doubts:
    """Let each answer be right or wrong by a rank that it has in every run."""
    if claims is None:
        return doubts
    draws, roads = doubts.rank.shape
    keys = [int.from_bytes(sha256(name.encode()).digest()[:8], "big") for name in claims.names]
    ranks = [np.random.Generator(np.random.Philox(key=[seed % 2**64, key])).random(draws) for key in keys]
    # The first answer of a block decides; a second one follows from it and from what was recorded.
    told = claims.answer[:, 0] >= 0
    wrong = (np.arange(claims.copies) & 1) == 0
    doubtful = np.tile(doubts.doubtful, (1, claims.copies))
    doubtful[told] = np.repeat(wrong, _STATES)
    return Doubts(
        doubtful,
        np.where(told, roads + claims.answer[:, 0], doubts.road),
        np.column_stack([doubts.rank, *ranks]),
        np.where(told, 1.0, doubts.used),
    )
