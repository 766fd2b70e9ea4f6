"""The library's three passes over a season whose runs are matched already: evidence, pool, again.

The line itself is `camber.pipeline.analyse`; what was done before (the match) is handed in, what comes after
the totals (summary and plan) is left out. `Known` tells the truth about some streets to the draws: what is
reached then is a ceiling for what answers and measurements can give on those streets.
"""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from unittest import mock

import numpy as np

from camber import pipeline
from camber.conventions import LATERAL_STATES
from camber.lateral import SharedEvidence
from camber.schema.tables import P_STATES
from tests.benchmarks.shifted.hashed import uniform


@dataclass(frozen=True)
class Known:
    """What is known beyond the recordings: on which share of the metres, or on how many streets.

    ``state_share`` and ``surface_share``: streets, drawn by chance, on which the lateral state, or the cross
    slope under every state, is the true one in every draw. ``streets``: so many of the streets run most are
    known in both, as answers about where one ran and which way it falls there would tell; nothing is inferred
    from them about other streets.
    """

    state_share: float = 0.0
    surface_share: float = 0.0
    streets: int = 0

    def told(self, runs, what, seed):
        """Streets on which the state, or the surface, is known."""
        street = np.concatenate([run.truth.street_id for run in runs])
        ids, number = np.unique(street, return_inverse=True)
        metres = np.bincount(number, np.concatenate([run.truth.step_m for run in runs]))
        most = ids[np.argsort(metres)[::-1][: self.streets]]
        order = np.argsort(uniform(seed, f"told{what}", ids))
        reached = np.cumsum(metres[order]) / max(metres.sum(), 1e-9)
        share = self.state_share if what == "state" else self.surface_share
        count = int(np.searchsorted(reached, share - 1e-9) + 1) if share > 0.0 else 0
        return np.union1d(most, ids[order[:count]])


@dataclass(frozen=True, eq=False)
class Blocks:
    """The truth by block of the analysis: state, street, slope under every state; and each second's block."""

    of_second: np.ndarray
    state: np.ndarray
    street: np.ndarray
    by_state_pct: np.ndarray


def blocks_of(run, lateral):
    """Bring the truth of each second to the block in which the watch noted it."""
    truth, count = run.truth, int(lateral["block"].to_numpy()[-1]) + 1
    began = run.recording.fixes["time"].iloc[0]
    fix_s = (lateral["time"] - began).dt.total_seconds().to_numpy()
    fix = np.minimum(np.searchsorted(fix_s, truth.elapsed_s - 1e-6), len(fix_s) - 1)
    of_second = lateral["block"].to_numpy()[fix]
    weight = np.maximum(truth.step_m, 1e-6)

    def commonest(values):
        ids, number = np.unique(values, return_inverse=True)
        table = np.bincount(of_second * len(ids) + number, weight, count * len(ids)).reshape(count, -1)
        return ids[table.argmax(axis=1)]

    total = np.maximum(np.bincount(of_second, weight, count), 1e-9)
    slope = [
        np.bincount(of_second, weight * truth.by_state_pct[:, state], count) / total
        for state in range(len(LATERAL_STATES))
    ]
    return Blocks(of_second, commonest(truth.state), commonest(truth.street_id), np.stack(slope, axis=1))


@contextmanager
def _line(run, known_state, known_surface):
    """Hand the match in, leave out what follows the totals, and tell the draws what is known."""
    track, problems, matched, candidates, path = run.matched
    locate, assign = pipeline.locate, pipeline.assign_cross_slope

    def located(*given, **more):
        lateral, histories, evidence = locate(*given, **more)
        if len(known_state):
            lateral, histories = _with_state(run, lateral, histories, known_state)
        return lateral, histories, evidence

    def sloped(lateral, histories, *given, **more):
        table, slopes = assign(lateral, histories, *given, **more)
        if len(known_surface):
            slopes = _with_surface(run, lateral, slopes, known_surface)
        return table, slopes

    nothing = dict.fromkeys(("summarise", "trip_on", "suggest"), mock.DEFAULT)
    with (
        mock.patch.multiple(pipeline, **nothing),
        mock.patch.multiple(
            pipeline,
            prepare_track=lambda *_, **__: (track, problems),
            match=lambda *_, **__: (matched, candidates, path),
            locate=located,
            assign_cross_slope=sloped,
            disagreements=lambda *_: (),
        ),
    ):
        yield


def _with_state(run, lateral, histories, streets):
    """Put the true state where it is known, as far as the model has a place for it."""
    truth = blocks_of(run, lateral)
    first = lateral.groupby("block")[list(P_STATES)].first().to_numpy()
    there = first[np.arange(len(first)), truth.state] > 0.0
    told = there & np.isin(truth.street, streets)
    state = np.where(told, truth.state, histories.state).astype(np.int8)
    histories = replace(histories, state=state, astray=histories.astray & ~told)
    block = lateral["block"].to_numpy()
    sure = (np.arange(len(P_STATES)) == truth.state[:, np.newaxis]).astype(float)
    columns = np.where(told[:, np.newaxis], sure, first)[block]
    return lateral.assign(**{name: columns[:, k] for k, name in enumerate(P_STATES)}), histories


def _with_surface(run, lateral, slopes, streets):
    """Put the true slope under the drawn state where it is known."""
    truth = blocks_of(run, lateral)
    told = np.isin(truth.street, streets) & (slopes.state >= 0)
    true = truth.by_state_pct[np.arange(len(truth.street)), np.maximum(slopes.state, 0)]
    slope = np.where(told & np.isfinite(true), true, slopes.cross_slope_pct)
    return replace(slopes, cross_slope_pct=slope.astype(np.float32))


def evidence_of(run, roads, settings):
    """First pass: what a run says alone."""
    with _line(run, (), ()):
        return pipeline.evidence_of(run.recording, roads, settings)


def analysed(run, roads, settings, learned=None, told=((), ())):
    """Third pass, or a run alone."""
    with _line(run, *told):
        return pipeline.analyse(run.recording, roads, settings, learned)


def taught(evidence, own):
    """Second pass: what a run is told by the others, given in the order of time."""
    return SharedEvidence(evidence).told(own)
