"""What a point may carry besides place and time, by the local names that devices and apps use."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from camber.recording.values import parse_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml import etree

MEASURES: Final = ("elevation_m", "speed_mps", "accuracy_m", "cadence_spm", "heart_rate_bpm")
"""Columns of the fixes that a point may fill; cadence is as written until the recording is assembled."""

DIRECT: Final = {"ele": "elevation_m", "speed": "speed_mps"}
"""Children of a GPX point; ``speed`` is that of GPX 1.0."""

EXTENDED: Final = {
    "hr": "heart_rate_bpm",
    "heartrate": "heart_rate_bpm",
    "cad": "cadence_spm",
    "cadence": "cadence_spm",
    "speed": "speed_mps",
    "hAcc": "accuracy_m",
}
"""Descendants of a point's extensions, as Garmin (TrackPointExtension), Cluetrust and Apple name them."""

_SIGNED: Final = "elevation_m"
"""The one that may be negative; Apple writes -1 for a speed or an accuracy that it does not know."""


class LocalNames(dict[object, str]):
    """Local names of elements by their full names, "" for what is no element, remembered as they come."""

    def __missing__(self, tag: object) -> str:
        """Cut the namespace off."""
        self[tag] = tag.rpartition("}")[2] if isinstance(tag, str) else ""
        return self[tag]


def measure(found: dict[str, float], column: str, number: float) -> int:
    """Keep a number under its column; the first one counts.

    Parameters
    ----------
    found : dict
        What the point has so far; is added to.
    column : str
        One of `MEASURES`.
    number : float
        The number, in the column's unit; NaN where the text was none.

    Returns
    -------
    int
        1 where the number is NaN, for counting; else 0.
    """
    if math.isnan(number):
        return 1
    if column not in found and (number >= 0.0 or column == _SIGNED):
        found[column] = number
    return 0


def measure_extensions(found: dict[str, float], elements: Iterable[etree._Element], names: LocalNames) -> int:
    """Read what camber uses of a point's extensions.

    Parameters
    ----------
    found : dict
        What the point has so far; is added to.
    elements : iterable of elements
        The extensions, at any depth.
    names : LocalNames
        Local names met so far; is added to.

    Returns
    -------
    int
        How many values are no numbers; an empty element is none.
    """
    bad = 0
    for element in elements:
        column = EXTENDED.get(names[element.tag])
        if column is not None and element.text:
            bad += measure(found, column, parse_number(element.text))
    return bad
