"""From where the runner was to the tilt of the surface there: a mixture, never one number.

Which profile a road has, how steep it is and, on a one-way crossfall, to which side it falls is seldom
known: the shares and spreads of `camber.standards` are carried as they are. Slopes are drawn truncated at
zero, since a negative draw would flip the leg (camber/standards/model.md, Cross slope).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from camber import cross_section
from camber.conventions import (
    NO_WAY,
    NOMINAL_MPS,
    P_STATES,
    PROFILE_CODE,
    STATE_CODE,
    LateralState,
    Profile,
    SurfaceKind,
)
from camber.cross_slope.shared_unknowns import kinds_of
from camber.cross_slope.spots import Known, as_known, lessons_of, meet, observed_on, places_along
from camber.cross_slope.surfaces import Surfaces, find_surfaces
from camber.cross_slope.tilt import Legs, draw_slopes, leg_probabilities, road_draws
from camber.schema import (
    CrossSlopeSettings,
    LateralHistories,
    LateralTrack,
    Observed,
    Roads,
    SlopedTrack,
    SlopeHistories,
    SlopeOptions,
    Ways,
    as_sloped_track,
)
from camber.schema.column_arrays import with_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

__all__ = ["assign_cross_slope", "slope_options", "slopes_of_ways"]

_BANKED_ROW = "superelevation"
"""Row of ``standards/surface.csv`` that a banked bend rests on."""


def assign_cross_slope(
    lateral: LateralTrack,
    histories: LateralHistories,
    roads: Roads,
    settings: CrossSlopeSettings | None = None,
    observed: Observed | None = None,
    *,
    seed: int,
    rng: np.random.Generator,
) -> tuple[SlopedTrack, SlopeHistories]:
    """Say how the surface under every fix falls, as a mixture, and draw it.

    Parameters
    ----------
    lateral : LateralTrack
        Fixes with lateral-state probabilities.
    histories : LateralHistories
        Drawn histories of the state.
    roads : Roads
        The roads.
    settings : CrossSlopeSettings, optional
        Numbers of the stage.
    observed : Observed, optional
        What was told or measured of single roads: it moves their profiles and slopes, and a little those of
        all roads of their kinds.
    seed : int
        Seed of the roads' own draws: profile and slope of a way are the same in every run.
    rng : numpy.random.Generator
        Source of the draws that belong to this run.

    Returns
    -------
    SlopedTrack
        Mean and spread of the cross slope [%], positive falling to the right, and the leg probabilities.
    SlopeHistories
        Drawn histories of the cross slope.
    """
    settings = settings or CrossSlopeSettings()
    plain = pd.DataFrame(lateral, copy=False)  # columns of a GeoDataFrame are slow to take
    _, first, number = np.unique(plain["block"].to_numpy(), return_index=True, return_inverse=True)
    surfaces = find_surfaces(plain, first, roads)
    known = _known(plain, first, surfaces, roads, observed)
    drawn = road_draws(surfaces, len(histories.state), settings.street_correlation, seed, known)
    if known is not None:
        surfaces = as_known(surfaces, known, drawn.spots.share)
    legs = leg_probabilities(surfaces, settings.level_pct, drawn)
    columns = _mixture(plain, first, surfaces, legs, roads.ways)
    keep = _kept_place(plain, first, settings.place_tau_s)
    slope, profile = draw_slopes(drawn, histories, keep, rng)
    return as_sloped_track(with_columns(lateral, columns, number)), SlopeHistories(
        histories.block, histories.state, slope, profile
    )


def slope_options(
    lateral: LateralTrack,
    roads: Roads,
    settings: CrossSlopeSettings | None = None,
    observed: Observed | None = None,
    *,
    draws: int,
    seed: int,
    rng: np.random.Generator,
) -> SlopeOptions:
    """Draw the cross slope of every lateral state of every block: what it would be to run there.

    A road is the same as in `assign_cross_slope` with the same ``seed``; ``rng`` draws the place within a
    state. A sidewalk that is tagged as a line of its own exists although no line was found beside the block:
    rules send people there.
    """
    settings = settings or CrossSlopeSettings()
    plain = pd.DataFrame(lateral, copy=False)
    block, first = np.unique(plain["block"].to_numpy(), return_index=True)
    surfaces = find_surfaces(plain, first, roads, tagged_walks=True)
    keep = _kept_place(plain, first, settings.place_tau_s)
    slope = np.empty((draws, len(first), len(STATE_CODE)), dtype=np.float32)
    astray = np.zeros((draws, len(first)), dtype=bool)
    known = _known(plain, first, surfaces, roads, observed)
    drawn = road_draws(surfaces, draws, settings.street_correlation, seed, known)
    for state in range(len(STATE_CODE)):
        there = np.where(surfaces.way_id[:, state] != NO_WAY, state, -1).astype(np.int8)
        always = LateralHistories(block, np.tile(there, (draws, 1)), astray, "", "")
        slope[:, :, state], _ = draw_slopes(drawn, always, keep, rng)
    return SlopeOptions(block, slope)


def slopes_of_ways(
    way_id: IntArray,
    travel_direction: IntArray,
    roads: Roads,
    settings: CrossSlopeSettings | None = None,
    observed: Observed | None = None,
    *,
    draws: int,
    seed: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw the cross slope [%] of paths and sidewalks that were not run, positive right; shape (draws, n).

    They are ways of their own, run as drawn (+1) or against (-1). A way is the same as in
    `assign_cross_slope` with the same ``seed``; a sidewalk falls to its road where the map tells on which
    side that lies.
    """
    settings = settings or CrossSlopeSettings()
    beside = roads.ways["carriageway_side"].loc[way_id.tolist()].to_numpy() * travel_direction
    names = (LateralState.RIGHT_SIDEWALK, LateralState.OTHER, LateralState.LEFT_SIDEWALK)
    state = np.array([STATE_CODE[name] for name in names])[np.sign(beside) + 1]
    there = np.arange(len(P_STATES)) == state[:, np.newaxis]
    columns = {
        "way_id": way_id,
        "travel_direction": travel_direction,
        "carriageway_way_id": np.full(len(way_id), NO_WAY),
        "carriageway_direction": np.zeros(len(way_id), dtype=np.int64),
        "left_sidewalk_way_id": np.where(beside > 0, way_id, NO_WAY),
        "right_sidewalk_way_id": np.where(beside < 0, way_id, NO_WAY),
        "chainage_m": np.zeros(len(way_id)),
        **{name: there[:, number].astype(float) for number, name in enumerate(P_STATES)},
    }
    rows = np.arange(len(way_id))
    surfaces = find_surfaces(pd.DataFrame(columns), rows, roads)
    astray = np.zeros((draws, len(rows)), dtype=bool)
    states = np.tile(state.astype(np.int8), (draws, 1))
    always = LateralHistories(rows, states, astray, "", "")
    keep = np.zeros(len(rows))
    # Of a way that is run as a whole, the middle stands for it.
    columns["chainage_m"] = 0.5 * roads.ways["length_m"].loc[way_id.tolist()].to_numpy()
    known = _known(pd.DataFrame(columns), rows, surfaces, roads, observed)
    drawn = road_draws(surfaces, draws, settings.street_correlation, seed, known)
    slope, _ = draw_slopes(drawn, always, keep, rng)
    return np.asarray(np.nan_to_num(slope.astype(float)))


def _known(
    lateral: pd.DataFrame, first: IntArray, surfaces: Surfaces, roads: Roads, observed: Observed | None
) -> Known | None:
    """Find what was observed of some surfaces and of roads like them; None where nothing was."""
    seen = observed_on(roads, observed)
    if not seen:
        return None
    places = places_along(lateral, first, surfaces, seen, roads)
    met = meet(surfaces, kinds_of(surfaces)[1], seen, roads, places)
    return Known(seen, met, lessons_of(seen, roads))


def _kept_place(lateral: pd.DataFrame, first: IntArray, tau_s: float) -> FloatArray:
    """Correlation of the runner's place across with that in the block before; none over a gap."""
    seconds = lateral["elapsed_s"].to_numpy(dtype=float)
    if not np.isfinite(seconds).all():
        seconds = lateral["distance_m"].to_numpy(dtype=float) / NOMINAL_MPS
    section = lateral["section"].to_numpy()[first]
    step = np.diff(seconds[first], prepend=seconds[first[0]])
    keep = np.exp(-np.maximum(step, 0.0) / tau_s)
    return np.where(np.diff(section, prepend=section[0] - 1) == 0, keep, 0.0)


def _mixture(
    lateral: pd.DataFrame, first: IntArray, surfaces: Surfaces, legs: Legs, all_ways: Ways
) -> dict[str, NDArray[np.generic]]:
    """Columns of the sloped track for each block."""
    share = np.stack([lateral[name].to_numpy()[first] for name in P_STATES], axis=1)
    matched = lateral["way_id"].to_numpy()[first] >= 0
    share = np.where(surfaces.way_id != NO_WAY, share, 0.0)
    total = share.sum(axis=1, keepdims=True)
    share = np.divide(share, total, out=np.zeros_like(share), where=total > 0.0)
    left, right, mean, square, falls_left, falls_right = ((share * part).sum(axis=1) for part in legs)
    # Where it may have been another street, the tilt is kept but its side is open.
    sure = lateral["p_street"].to_numpy()[first]
    left, right = _in_doubt(left, right, sure)
    falls_left, falls_right = _in_doubt(falls_left, falls_right, sure)
    mean = sure * mean
    best = share.argmax(axis=1)
    banked = np.take_along_axis(surfaces.p_banked, best[:, np.newaxis], axis=1)[:, 0] > 0.5
    source = np.take_along_axis(surfaces.source, best[:, np.newaxis], axis=1)[:, 0]
    return {
        "cross_slope_pct": np.where(matched, mean, np.nan),
        "cross_slope_std_pct": np.where(matched, np.sqrt(np.maximum(square - mean**2, 0.0)), np.nan),
        "p_left_low": np.where(matched, left, 0.0),
        "p_right_low": np.where(matched, right, 0.0),
        "p_level": np.where(matched, np.clip(1.0 - left - right, 0.0, 1.0), 0.0),
        "p_falls_left": np.where(matched, falls_left, 0.0),
        "p_falls_right": np.where(matched, falls_right, 0.0),
        "profile": _likeliest_profile(share, surfaces, matched),
        "slope_source": np.where(matched, np.where(banked, _BANKED_ROW, source), ""),
        "surface_kind": _surface_kinds(share, surfaces, all_ways, matched),
    }


def _in_doubt(left: FloatArray, right: FloatArray, sure: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Share what is not sure evenly between both sides."""
    open_ = (1.0 - sure) * 0.5 * (left + right)
    return sure * left + open_, sure * right + open_


def _likeliest_profile(share: FloatArray, surfaces: Surfaces, matched: BoolArray) -> NDArray[np.object_]:
    profiles = np.zeros((len(share), len(PROFILE_CODE)))
    straight = share * (1.0 - surfaces.p_banked)
    for weight, profile in (
        (straight * surfaces.p_crowned, Profile.CROWNED),
        (straight * surfaces.p_parabolic, Profile.PARABOLIC),
        (straight * surfaces.p_inverted, Profile.INVERTED),
        (share * surfaces.p_banked, Profile.BANKED),
    ):
        profiles[:, PROFILE_CODE[profile]] = weight.sum(axis=1)
    for code in np.unique(surfaces.one_way_profile):
        here = surfaces.one_way_profile == code
        profiles[:, code] += (straight * surfaces.p_one_way * here).sum(axis=1)
    profiles[~matched, PROFILE_CODE[Profile.UNKNOWN]] = 1.0
    names = np.array([profile.value for profile in cross_section.PROFILES], dtype=object)
    return np.asarray(names[profiles.argmax(axis=1)])


def _surface_kinds(
    share: FloatArray, surfaces: Surfaces, all_ways: Ways, matched: BoolArray
) -> NDArray[np.object_]:
    """Likeliest kind of surface of each block."""
    states = (
        (LateralState.LEFT_EDGE, LateralState.RIGHT_EDGE),
        (LateralState.CENTRE,),
        (LateralState.LEFT_SIDEWALK, LateralState.RIGHT_SIDEWALK),
    )
    kinds = np.stack([share[:, [STATE_CODE[s] for s in pair]].sum(axis=1) for pair in states], axis=1)
    names = np.array([SurfaceKind.ROAD_EDGE.value, SurfaceKind.ROAD_CENTRE.value, SurfaceKind.SIDEWALK.value])
    kind = names[kinds.argmax(axis=1)].astype(object)
    other = STATE_CODE[LateralState.OTHER]
    on_path = share[:, other] > 0.5
    row = all_ways.index.get_indexer(pd.Index(surfaces.way_id[:, other]))
    ring = (all_ways["leisure"].to_numpy(dtype=object)[row] == "track") & (row >= 0)
    kind[on_path] = np.where(ring, SurfaceKind.TRACK.value, SurfaceKind.PATH.value)[on_path]
    kind[~matched] = SurfaceKind.UNMATCHED.value
    return np.asarray(kind)
