"""The whole line for one recording, one call per line, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import numpy as np

from camber.conventions import NO_WAY
from camber.cross_slope import assign_cross_slope, slope_options, slopes_of_ways
from camber.exposure import measure_exposure
from camber.lateral import gather, locate
from camber.matching import match
from camber.matching.agreement import disagreements
from camber.observations.rebuilding import as_of_run
from camber.recording import read_recording
from camber.roads import read_roads
from camber.schema import Analysis, Evidence, Learned, Recording, Roads, Settings
from camber.suggestions import in_the_dark, suggest, trip_of
from camber.summary import summarise
from camber.track import prepare_track

if TYPE_CHECKING:
    from pathlib import Path

    from camber.schema import (
        Candidates,
        Exposure,
        LateralTrack,
        MatchedTrack,
        Observed,
        Problem,
        SlopeHistories,
        SuggestionSettings,
        Track,
    )
    from camber.schema import Path as RunPath
    from camber.suggestions import Effect, Trip

_BESIDE_M = 15.0
"""Ways up to this far from a fix are beside it [m]: the widest street with its sidewalks (judgement)."""


class Placed(NamedTuple):
    """Where a recording was, before anything is said of sides: what `place` gives."""

    track: Track
    problems: tuple[Problem, ...]
    matched: MatchedTrack
    candidates: Candidates
    path: RunPath


def analyse(
    recording: Recording | Path | str,
    roads: Roads | Path | str,
    settings: Settings | None = None,
    learned: Learned | None = None,
    *,
    observed: Observed | None = None,
    with_suggestions: bool = True,
    placed: Placed | None = None,
) -> Analysis:
    """Find out which leg was low, how steeply and for how long, and how sure that is.

    Parameters
    ----------
    recording : Recording, Path or str
        What was read, or the file to read.
    roads : Roads, Path or str
        Roads of the area, or an extract.
    settings : Settings, optional
        Settings of every stage; the defaults are documented there.
    learned : Learned, optional
        What other runs of this runner say, from `camber.lateral.pool_evidence`; the run's own part in it is
        taken out first.
    observed : Observed, optional
        What was told or measured of roads, sides and habits; of ways that the map holds, in any order.
    with_suggestions : bool
        Whether to look for what could be changed as well, about a third more work. Off for many runs of which
        few are asked about: `camber.planning.plan_route` makes the same suggestions later.
    placed : Placed, optional
        What `place` gave of the same recording, roads and settings; made if missing.

    Returns
    -------
    Analysis
        Every intermediate result, the summary and, if asked for, the suggestions.

    Raises
    ------
    NoTrackError
        If fewer than two usable fixes are left.
    OutsideRoadsError
        If no fix lies within the area of the roads.
    """
    given = settings or Settings()
    recording = recording if isinstance(recording, Recording) else read_recording(recording)
    roads = roads if isinstance(roads, Roads) else read_roads(roads)
    roads = roads if given.overrides is None else replace(roads, overrides=given.overrides)
    observed = as_of_run(observed, recording)
    rng = np.random.default_rng([given.seed, _fingerprint(recording)])
    track, problems, matched, candidates, path = placed or place(recording, roads, given)
    problems = (*problems, *disagreements(matched))
    lateral, states, evidence = locate(
        matched,
        candidates,
        roads,
        given.lateral,
        draws=given.draws,
        rng=rng,
        learned=learned,
        run=_name(recording),
        seed=given.seed,
        observed=observed,
        device=recording.device or "",
    )
    sloped, slopes = assign_cross_slope(
        lateral, states, roads, given.cross_slope, observed, seed=given.seed, rng=rng
    )
    level_pct = given.cross_slope.level_pct
    exposure, draws = measure_exposure(sloped, slopes, given.exposure, level_pct=level_pct)
    summary = summarise(recording, exposure, draws, roads, states, problems)
    suggestions = None
    if with_suggestions:
        trip = trip_on(recording, roads, lateral, exposure, slopes, given, observed=observed)
        suggestions = suggest(trip, summary)
    return Analysis(
        recording,
        roads,
        given,
        track,
        matched,
        candidates,
        path,
        lateral,
        states,
        sloped,
        slopes,
        exposure,
        draws,
        summary,
        suggestions,
        _with_ways(evidence, matched, candidates, roads),
        observed,
    )


def place(recording: Recording, roads: Roads, settings: Settings) -> Placed:
    """Clean a recording and match it: what both passes over many runs begin with."""
    roads = roads if settings.overrides is None else replace(roads, overrides=settings.overrides)
    track, problems = prepare_track(recording, crs=roads.crs, settings=settings.track)
    return Placed(track, problems, *match(track, roads, settings.matching))


def trip_on(
    recording: Recording,
    roads: Roads,
    lateral: LateralTrack,
    exposure: Exposure,
    slopes: SlopeHistories,
    given: Settings,
    *,
    limits: SuggestionSettings | None = None,
    history: Effect | None = None,
    dark: bool | None = None,
    observed: Observed | None = None,
) -> Trip:
    """Plan a run, or a planned route, without choosing yet; limits and darkness are its own if missing."""
    # A stream of its own: the same plan, whether it is asked for with the analysis or later.
    rng = np.random.default_rng([given.seed, _fingerprint(recording), 1])
    draws, seed, stage = given.draws, given.seed, given.cross_slope
    options = slope_options(lateral, roads, stage, observed, draws=draws, seed=seed, rng=rng)
    slopes_of = partial(
        slopes_of_ways, roads=roads, settings=stage, observed=observed, draws=draws, seed=seed, rng=rng
    )
    return trip_of(
        exposure,
        lateral,
        slopes,
        options,
        roads,
        limits or given.suggestion,
        level_pct=given.cross_slope.level_pct,
        rng=rng,
        history=history,
        dark=in_the_dark(recording) if dark is None else dark,
        slopes_of=slopes_of,
    )


def evidence_of(
    recording: Recording,
    roads: Roads,
    settings: Settings | None = None,
    observed: Observed | None = None,
    *,
    placed: Placed | None = None,
) -> Evidence:
    """Find out what a recording says about use of places and map: the part of `analyse` that this needs.

    Parameters
    ----------
    recording : Recording
        What was read.
    roads : Roads
        Roads of the area.
    settings : Settings, optional
        Settings of every stage.
    observed : Observed, optional
        What was told or measured, as for `analyse`.
    placed : Placed, optional
        As for `analyse`.

    Returns
    -------
    Evidence
        The same as ``analyse(recording, roads, settings).evidence``, which nothing drawn goes into.

    Raises
    ------
    NoTrackError
        If fewer than two usable fixes are left.
    OutsideRoadsError
        If no fix lies within the area of the roads.
    """
    given = settings or Settings()
    roads = roads if given.overrides is None else replace(roads, overrides=given.overrides)
    _, _, matched, candidates, _ = placed or place(recording, roads, given)
    heard = as_of_run(observed, recording)
    device, name = recording.device or "", _name(recording)
    evidence = gather(matched, candidates, roads, given.lateral, run=name, observed=heard, device=device)
    return _with_ways(evidence, matched, candidates, roads)


def _with_ways(evidence: Evidence, matched: MatchedTrack, candidates: Candidates, roads: Roads) -> Evidence:
    """Note the ways that a run has to do with: run on, beside it, or the road of a sidewalk."""
    on = np.unique(matched["way_id"].to_numpy())
    on = on[on != NO_WAY]
    near = candidates["way_id"].to_numpy()[np.abs(candidates["offset_m"].to_numpy()) <= _BESIDE_M]
    of = roads.ways["carriageway_id"].loc[on.tolist()].to_numpy()
    ways = np.unique(np.concatenate([on, near, of]))
    return replace(evidence, ways=tuple(ways[ways != NO_WAY].tolist()))


def _fingerprint(recording: Recording) -> int:
    """Give each recording draws of its own, whatever its file is called."""
    fixes = recording.fixes
    return crc32(fixes[["latitude_deg", "longitude_deg"]].to_numpy().tobytes())


def _name(recording: Recording) -> str:
    """Fingerprint of a recording's positions and times: the same for the same run, wherever its file lies."""
    fixes = recording.fixes
    values = fixes[["latitude_deg", "longitude_deg"]].to_numpy().tobytes()
    return sha256(values + fixes["time"].astype("int64").to_numpy().tobytes()).hexdigest()[:32]
