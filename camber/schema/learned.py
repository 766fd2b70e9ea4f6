"""What one run says about the runner and the map, and what all runs say together.

Both are plain numbers in additive form (counts; information and information times value), so that runs can
be added in any order and any run can be taken out again.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HabitCount:
    """How often the runner chose each side in one context, counted in independent decisions.

    Parameters
    ----------
    context : str
        "rural_no_sidewalk", "rural_sidewalk", "urban_no_sidewalk" or "urban_sidewalk".
    facing, with_traffic : float
        Decisions for the side that faces traffic and for the other.
    """

    context: str
    facing: float
    with_traffic: float


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
    """

    way_id: int
    piece: int
    information_per_m2: float
    weighted_offset_per_m: float


@dataclass(frozen=True)
class Evidence:
    """What one run says, gained without any prior preference for a side and without other runs.

    Parameters
    ----------
    run : str
        Fingerprint of the recording: the same file counts once, however often it was imported.
    habits : tuple of HabitCount
        Decisions by context, only from stretches whose side was decided by the evidence alone.
    map_offsets : tuple of MapOffset
        Offsets of the pieces of ways that were run on.
    """

    run: str = ""
    habits: tuple[HabitCount, ...] = ()
    map_offsets: tuple[MapOffset, ...] = ()


@dataclass(frozen=True)
class Learned:
    """What several runs say together.

    Parameters
    ----------
    runs : tuple of str
        Fingerprints of the recordings that are in it, sorted.
    habits : tuple of HabitCount
        Sums over the runs, sorted by context.
    map_offsets : tuple of MapOffset
        Sums over the runs, sorted by way and piece.
    """

    runs: tuple[str, ...] = ()
    habits: tuple[HabitCount, ...] = ()
    map_offsets: tuple[MapOffset, ...] = ()
