"""The library's three passes over a season whose runs are matched already: evidence, pool, again.

The line itself is `camber.pipeline.analyse`; what was done before (the match) is handed in, what comes after
the totals (summary and plan) is left out. The truth can be told to the draws, of the state or of the surface:
what is reached then is a ceiling.
"""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from unittest import mock

import numpy as np

from camber import pipeline
from camber.conventions import LATERAL_STATES
from camber.lateral import SharedEvidence
from camber.schema.tables import P_STATES


@dataclass(frozen=True, eq=False)
class Blocks:
    """The truth by block of the analysis: state, slope under every state; and each second's block."""

    of_second: np.ndarray
    state: np.ndarray
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
    return Blocks(of_second, commonest(truth.state), np.stack(slope, axis=1))


@contextmanager
def _line(run, truth_of=""):
    """Hand the match in, leave out what follows the totals, and tell the draws the truth of something."""
    track, problems, matched, candidates, path = run.matched
    locate, assign = pipeline.locate, pipeline.assign_cross_slope

    def located(*given, **more):
        lateral, histories, evidence = locate(*given, **more)
        if truth_of == "state":
            lateral, histories = _with_state(run, lateral, histories)
        return lateral, histories, evidence

    def sloped(lateral, histories, *given, **more):
        table, slopes = assign(lateral, histories, *given, **more)
        if truth_of == "surface":
            slopes = _with_surface(run, lateral, slopes)
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


def _with_state(run, lateral, histories):
    """Put the true state, as far as the model has a place for it."""
    truth = blocks_of(run, lateral)
    first = lateral.groupby("block")[list(P_STATES)].first().to_numpy()
    told = first[np.arange(len(first)), truth.state] > 0.0
    state = np.where(told, truth.state, histories.state).astype(np.int8)
    histories = replace(histories, state=state, astray=histories.astray & ~told)
    block = lateral["block"].to_numpy()
    sure = (np.arange(len(P_STATES)) == truth.state[:, np.newaxis]).astype(float)
    columns = np.where(told[:, np.newaxis], sure, first)[block]
    return lateral.assign(**{name: columns[:, k] for k, name in enumerate(P_STATES)}), histories


def _with_surface(run, lateral, slopes):
    """Put the true slope under the drawn state."""
    truth = blocks_of(run, lateral)
    told = slopes.state >= 0
    true = truth.by_state_pct[np.arange(len(truth.state)), np.maximum(slopes.state, 0)]
    slope = np.where(told & np.isfinite(true), true, slopes.cross_slope_pct)
    return replace(slopes, cross_slope_pct=slope.astype(np.float32))


def evidence_of(run, roads, settings, observed=None):
    """First pass: what a run says alone."""
    with _line(run):
        return pipeline.evidence_of(run.recording, roads, settings, observed)


def analysed(run, roads, settings, learned=None, *, observed=None, truth_of=""):
    """Third pass, or a run alone; with something observed, or the truth of the state or the surface."""
    with _line(run, truth_of):
        return pipeline.analyse(run.recording, roads, settings, learned, observed=observed)


def taught(evidence, own):
    """Second pass: what a run is told by the others, given in the order of time."""
    return SharedEvidence(evidence).told(own)
