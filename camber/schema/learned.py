"""What one run says about the runner and the map, and what all runs say together.

Both are plain numbers in additive form (counts; information and information times value), so that runs can
be added in any order and any run can be taken out again.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class UseLikelihood:
    """How well each way of using places explains what was recorded, gained where the runner was.

    Parameters
    ----------
    region : str
        Square of 10 km in the grid of the roads: a town, whose untagged sidewalks are one unknown.
    log_likelihood : tuple of float
        One for each node of `camber.standards.use_nodes`, up to a constant, without the common errors below.
    device : str
        What recorded it: the offset of one device is the same in all its runs.
    common : tuple of tuple of float
        How the logarithm changes with two errors that all runs have in common, in their prior standard
        deviations: x of the device, to the right of travel, and y of the places at the edges, outwards. By
        a x + b y - (c x^2 + 2 d x y + e y^2) / 2 with the five rows a, b, c, d, e, each of one number for
        each node. Empty where nothing is said of them.
    """

    region: str
    log_likelihood: tuple[float, ...]
    device: str = ""
    common: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class MapOffset:
    """What is known about the true middle of one piece of a way, beyond the prior of the map's error.

    Parameters
    ----------
    way_id : int
        The way.
    piece : int
        Piece of the way, counted in lengths of 250 m from its start.
    information_per_m2 : float
        Sum of inverse variances [1/m^2].
    weighted_offset_per_m : float
        Sum of inverse variance times offset of the true middle from the line [1/m], way frame: positive
        right of the drawn direction.
    direction : int
        Direction of travel on the way, +1 or -1 (0: not known, as in evidence of earlier versions). Where a
        runner always keeps to one side, passes in one direction do not tell that from an offset of the
        line, and passes in both do.
    """

    way_id: int
    piece: int
    information_per_m2: float
    weighted_offset_per_m: float
    direction: int = 0


@dataclass(frozen=True)
class Evidence:
    """What one run says, gained without any prior preference for a side and without other runs.

    Parameters
    ----------
    run : str
        Fingerprint of the recording: the same file counts once, however often it was imported.
    uses : tuple of UseLikelihood
        How the runner uses places: at most one.
    map_offsets : tuple of MapOffset
        Offsets of the pieces of ways that were run on.
    ways : tuple of int
        Ways that the runner was on, or may have been beside, sorted: what is observed of them concerns the
        run.
    """

    run: str = ""
    uses: tuple[UseLikelihood, ...] = ()
    map_offsets: tuple[MapOffset, ...] = ()
    ways: tuple[int, ...] = ()


@dataclass(frozen=True)
class Learned:
    """What several runs say together.

    Parameters
    ----------
    runs : tuple of str
        Fingerprints of the recordings that are in it, sorted.
    weights : tuple of float
        Share of what each of them says of the use of places that is new: less than 1, since the streets are
        the same ones.
    uses : tuple of UseLikelihood
        Weighted sums over the runs, one for each region and device, sorted.
    map_offsets : tuple of MapOffset
        Sums over the runs, sorted by way, piece and direction.
    own_weight : float
        The share for the run that is told this.
    own : tuple of UseLikelihood
        What that run says itself, where it is known already.
    """

    runs: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()
    uses: tuple[UseLikelihood, ...] = ()
    map_offsets: tuple[MapOffset, ...] = ()
    own_weight: float = 1.0
    own: tuple[UseLikelihood, ...] = ()
