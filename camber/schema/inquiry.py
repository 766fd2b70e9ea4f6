"""Questions to the runner, what an answer would be worth, and what was believed before it was given."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan


@dataclass(frozen=True)
class Choice:
    """An answer by one key, in words.

    Parameters
    ----------
    key : str
        The key.
    words : str
        What it says.
    """

    key: str
    words: str


@dataclass(frozen=True)
class Inquiry:
    """A question to the runner.

    Parameters
    ----------
    name : str
        Names it for good, such as ``"street-4732994"`` or ``"facing"``.
    street : str
        The street it is about; "" for a habit.
    where : str
        Which part of it, such as ``"between Kirkkokatu and Valtakatu"``; "" where nothing tells.
    metres : float
        Metres of the runs that it concerns [m].
    asks : tuple of str
        One or two questions, each answered by one key.
    choices : tuple of tuple of Choice
        The answers to each.
    narrower : float
        By how much the range of the balance is expected to get narrower, as a share of its width, 0 to 1.
    latitude_deg, longitude_deg : float
        A place on the street; NaN for a habit.
    ways : tuple of int
        Ways of the street that were run on.
    headings_deg : tuple of float
        Directions in which it was run [deg], one or two, that of most metres first.
    facing : int
        Side of travel that faces traffic: -1 left, 1 right, 0 where vehicles go one way only.
    """

    name: str
    street: str
    where: str
    metres: float
    asks: tuple[str, ...]
    choices: tuple[tuple[Choice, ...], ...]
    narrower: float
    latitude_deg: float = nan
    longitude_deg: float = nan
    ways: tuple[int, ...] = ()
    headings_deg: tuple[float, ...] = ()
    facing: int = 0


@dataclass(frozen=True)
class Believed:
    """What was believed of sides before the runner told them, by one class of receiver.

    Parameters
    ----------
    receiver : str
        Class of the recordings' error: a row of ``gnss_error.csv``.
    told_m : float
        Metres whose side was told [m].
    named_m : float
        Those on which a side had been named before [m].
    right_m : float
        Those of them on which it was the one that was told [m].
    """

    receiver: str
    told_m: float
    named_m: float
    right_m: float
