"""Settings of every stage: small frozen values, passed as arguments; there are no global settings.

Numbers with a source name it; those without say *judgement*. How they work together stands in
`camber/standards/model.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from camber.conventions import NOMINAL_MPS

if TYPE_CHECKING:
    from camber.standards import Overrides


@dataclass(frozen=True)
class TrackSettings:
    """How a recording is cleaned and cut.

    Parameters
    ----------
    gap_s, gap_m : float
        A gap longer than both cuts the track [s, m] (30 s and 25 m: judgement; users of trackers report that
        a gap in time alone is no pause, geo-activity-playground issues 106 and 162). In a recording that is
        sparser throughout, three of its usual intervals take the place of the time (judgement).
    long_gap_s : float
        A gap longer than this cuts it always [s] (300 s, as above).
    jump_mps, jump_s : float
        Moving faster than this [m/s] for this long [s] is no running: the track is cut (12.5 m/s is above
        the 12.4 m/s peak of the 100 m world record; Graubner & Nixdorf 2011, New Studies in Athletics 26).
    jump_m : float
        A step longer than this cuts it always [m] (1 km, as above).
    null_island_m : float
        Fixes this close to 0 N 0 E [m] are dropped when the rest is further than 100 km away (judgement).
    smoothing_s : float
        Half width of the window for distance, speed and heading [s] (judgement: 1 Hz jitter of 0.4 m per
        step would lengthen a run by about 1 %).
    """

    gap_s: float = 30.0
    gap_m: float = 25.0
    long_gap_s: float = 300.0
    jump_mps: float = 12.5
    jump_s: float = 3.0
    jump_m: float = 1000.0
    null_island_m: float = 100.0
    smoothing_s: float = 5.0


@dataclass(frozen=True)
class MatchingSettings:
    """How fixes are matched to ways.

    Parameters
    ----------
    sigma_m : float
        Cross-track standard deviation of a fix about the way's line, runner's place and map error included
        [m] (measured on 19 recordings with known route: median 3.8, quartiles 3.2 to 4.5; Kubicka et al.
        2015 tracks; with a runner's place across the street of about 2.3 m on top).
    degrees_of_freedom : float
        Of the Student-t tails of the emission (4: judgement, bursts of 10 m occur in 0.5 to 8 % of the time).
    correlation_s : float
        Correlation time of that error [s] (25 s, measured on the same recordings); the emission is tempered
        with it, since neighbouring fixes are no independent looks.
    search_radius_m : float
        Ways further away than this are no candidates [m] (judgement).
    max_candidates : int
        Nearest ways considered for each fix.
    beta_m : float
        Scale of the difference between network distance and distance run [m] (exponential, Newson & Krumm
        2009, equation 2; along single edges of the Kubicka tracks it is 0.4 m, ten times that leaves room
        for corners that are cut: judgement).
    off_road_m : float
        Distance from the nearest way at which being off the road is as likely [m] (judgement).
    nowhere_per_m : float
        Log-likelihood that a metre off the road costs, since a free line fits any track (judgement: on the
        Kubicka tracks the true road explains nine of ten 100 m stretches within 20 of a free line).
    map_bearing : float
        Error of the map's bearing over a few metres [rad] (about 3 degrees, judgement).
    switch_off_m : float
        Mean distance between leaving the mapped network and regaining it, and the other way round [m]
        (judgement; either is as rare, or a few fixes off the road would be a free leap to any other).
    against_oneway, no_access : float
        Log-likelihood per 100 m of running against a one-way street, and on closed ways (judgement).
    u_turn, hop : float
        Log-likelihood of turning round, and of changing between parallel lines of one street (judgement).
    back_m : float
        Longest step backwards that counts as noise [m] (judgement; three sigma of a bad receiver).
    max_gap_m : float
        Longest distance bridged on the network between two fixes [m]; beyond it a new section begins.
    """

    sigma_m: float = 5.0
    degrees_of_freedom: float = 4.0
    correlation_s: float = 25.0
    search_radius_m: float = 40.0
    max_candidates: int = 8
    beta_m: float = 4.0
    off_road_m: float = 20.0
    nowhere_per_m: float = 0.3
    map_bearing: float = 0.05
    switch_off_m: float = 20_000.0
    against_oneway: float = -0.1
    no_access: float = -3.0
    u_turn: float = -5.0
    hop: float = -5.0
    back_m: float = 15.0
    max_gap_m: float = 300.0


@dataclass(frozen=True)
class LateralSettings:
    """How the lateral position is inferred.

    Parameters
    ----------
    block_s : float
        Length of a block [s] (judgement: about half the correlation time of the receiver's error, 25 s on the
        tracks of Kubicka et al. 2015, so that a block's mean loses little and its fixes count once).
    nominal_speed_mps : float
        Used for blocks where the recording has no times [m/s] (judgement).
    facing_habit : bool
        Whether runners' and the law's preference for the side that faces traffic is part of the prior.
    device_class : str
        Row of ``standards/gnss_error.csv``, or ``"auto"`` to estimate it from the recording's own scatter.
    slow_factor : float
        Widening of the slow error's standard deviation against a misspecified model (1.25-1.5 gave 85-95 %
        coverage in simulations with errors of another shape than the model's; the upper end is taken).
    noise_evidence : float
        Power to which what a run says about its own class of errors is taken, 0 to 1. Neighbouring blocks are
        no independent looks, and tails and changes of side explain away errors that are too small; so the
        evidence is coarsened (Miller & Dunson 2019, "Robust Bayesian inference via coarsening"; 0.1:
        judgement).
    map_sigma_m : float
        Standard deviation of a way's line about the true middle [m] (1.5: judgement, for lines
        traced from aerial pictures).
    town_sigma_m : float
        Standard deviation per axis of the shift that all lines of a town share [m] (1: judgement, as
        aerial pictures are displaced as a whole); over one run it cannot be told from the receiver's slow
        error and is added to it.
    device_sigma_m : float
        Standard deviation of the device's constant offset across the runner's own frame [m] (0.5: judgement,
        a wrist is at one side of the body).
    degrees_of_freedom : float
        Student-t tails of what the filter did not expect of a block (4: judgement, bursts of 10 m occur in
        0.5 to 8 % of the time).
    switches_per_km : float
        Changes of lateral state away from junctions (judgement).
    junction_factor : float
        How much likelier a change is at a junction (judgement).
    junction_m : float
        Length of a junction [m] (judgement: the mouth of a street with both its corners).
    threshold : float
        Probability at which a side is named.
    mismatch_m : float
        Blocks further from their way than this are no evidence of a side: the way, or its line, is another
        [m] (15: judgement, about the widest street with its sidewalks).
    snapped_sigma_m : float
        Cross-track scatter below which a trace is taken as snapped to the map [m] (judgement: no receiver
        is that good).
    sparse_s : float
        Median interval of the fixes above which nothing is said of the side [s] (10: judgement, a
        block has no second look then).
    refused_accuracy_m : float
        The same for the median of the accuracy that the receiver reports [m] (8: judgement, as wide
        as a road).
    """

    block_s: float = 12.0
    nominal_speed_mps: float = NOMINAL_MPS
    facing_habit: bool = True
    device_class: str = "auto"
    slow_factor: float = 1.5
    noise_evidence: float = 0.1
    map_sigma_m: float = 1.5
    town_sigma_m: float = 1.0
    device_sigma_m: float = 0.5
    degrees_of_freedom: float = 4.0
    switches_per_km: float = 0.5
    junction_factor: float = 20.0
    junction_m: float = 15.0
    threshold: float = 0.9
    mismatch_m: float = 15.0
    snapped_sigma_m: float = 0.3
    sparse_s: float = 10.0
    refused_accuracy_m: float = 8.0


@dataclass(frozen=True)
class CrossSlopeSettings:
    """How the cross slope is assigned.

    Parameters
    ----------
    level_pct : float
        Below this absolute cross slope the surface counts as level [%] (0.5 %: judgement, about what floors
        and platforms are laid to and what a road that was meant to be level is built to within; a running
        track, 0.9 % towards the inside, is not level, and its low leg is surely known).
    street_correlation : float
        Correlation of profile, steepness and low side between the ways of one street (0.7: judgement, see
        ``standards/surface.csv``).
    place_tau_s : float
        Correlation time of the runner's place across the surface [s] (30: judgement).
    """

    level_pct: float = 0.5
    street_correlation: float = 0.7
    place_tau_s: float = 30.0


@dataclass(frozen=True)
class ExposureSettings:
    """How verdicts are given.

    Parameters
    ----------
    decided : float
        Probability from which the direction of the fall, and with it the low leg, or level, is named.
    tilted : float
        Below this probability of being level, a stretch counts as tilted.
    """

    decided: float = 0.9
    tilted: float = 0.1


@dataclass(frozen=True)
class SuggestionSettings:
    """What may be suggested.

    Parameters
    ----------
    with_traffic_limit_kmh : float
        Above this speed limit, running with traffic is never suggested where there is no footway [km/h]
        (50: judgement, a constraint for safety).
    quiet_limit_kmh : float
        Where facing traffic is recommended and there is no footway, the other side is suggested only up to
        this limit [km/h] (30: judgement, as for unmapped crossings).
    smallest_gain : float
        Smallest change worth suggesting: what it takes off the difference between the legs, as a share of the
        tilted metres of the route itself (0.1: judgement).
    usual_balance : float
        Below this absolute balance the run counts as even (0.2: judgement).
    extra_traffic_share : float
        Exposure to traffic that a change may add, as a share of the route's length run facing traffic (0.3: a
        return on a quiet street with traffic costs 0.16; judgement).
    never_with_traffic : bool
        The runner's own limit: never with traffic where there is no sidewalk, whatever the street.
    mapped_crossings_only : bool
        The runner's own limit: cross only at crossings that are in the map.
    crossing_limit_kmh : float
        The runner's own limit: no crossing, mapped or not, where vehicles may drive faster [km/h]
        (70: judgement; an unmapped crossing is planned on quiet streets only).
    most_crossings : int
        Most crossings that a plan may have more than the run had (6: judgement).
    longest_detour_m : float
        How much longer level ground nearby may make a run in all [m] (500: judgement, about three
        minutes).
    obedience : float
        Share of the planned stretches that are run as planned when the effect is predicted, 0 to 1 (0.9:
        judgement; nobody follows a plan to the letter).
    target_left : float
        Share of the left leg in the tilted metres that suggestions aim at, 0.1 to 0.9 (0.5, even: nothing is
        known to be better; a runner with an insole or a measured difference may have been told otherwise).
    """

    with_traffic_limit_kmh: float = 50.0
    quiet_limit_kmh: float = 30.0
    smallest_gain: float = 0.1
    usual_balance: float = 0.2
    extra_traffic_share: float = 0.3
    never_with_traffic: bool = False
    mapped_crossings_only: bool = False
    crossing_limit_kmh: float = 70.0
    most_crossings: int = 6
    longest_detour_m: float = 500.0
    obedience: float = 0.9
    target_left: float = 0.5


@dataclass(frozen=True)
class Settings:
    """Settings of the whole line.

    Parameters
    ----------
    track : TrackSettings
        Cleaning and cutting.
    matching : MatchingSettings
        Matching.
    lateral : LateralSettings
        Lateral position.
    cross_slope : CrossSlopeSettings
        Cross slope.
    exposure : ExposureSettings
        Verdicts.
    suggestion : SuggestionSettings
        Suggestions.
    draws : int
        Number of drawn histories (200: judgement; either end of a 90 % interval then cuts off 5 %, give or
        take 1.5 points).
    seed : int
        Seed of every random generator; the same seed gives the same numbers.
    overrides : Overrides, optional
        Rows of the standards that the user set; see `camber.standards.read_overrides`.
    """

    track: TrackSettings = field(default_factory=TrackSettings)
    matching: MatchingSettings = field(default_factory=MatchingSettings)
    lateral: LateralSettings = field(default_factory=LateralSettings)
    cross_slope: CrossSlopeSettings = field(default_factory=CrossSlopeSettings)
    exposure: ExposureSettings = field(default_factory=ExposureSettings)
    suggestion: SuggestionSettings = field(default_factory=SuggestionSettings)
    draws: int = 200
    seed: int = 20261122
    overrides: Overrides | None = None
