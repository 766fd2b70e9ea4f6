"""Whether the path is as long as what was recorded: asked of every run, since a lap is lost in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from camber.schema import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import MatchedTrack

    FloatArray = NDArray[np.float64]

_SHARE: Final = 0.03
"""Share of the recorded distance by which the path may part from it: smoothed positions cut corners by 1.5 %
in a small town, and by 4.5 % among the alleys of a city (`camber.matching.traversals`)."""

_LEAST_M: Final = 100.0
"""Differences up to this are not worth a word [m] (judgement: half a lap of a small ring)."""


def disagreements(matched: MatchedTrack) -> tuple[Problem, ...]:
    """Name the stretch on which the path is too short by most, and that on which it is too long.

    Where matched and recorded distance part by more than both limits on any stretch, however short or long.
    """
    plain = pd.DataFrame(matched, copy=False)
    recorded, along = (plain[name].to_numpy(dtype=float) for name in ("distance_m", "along_m"))
    found = []
    for sign, word in ((-1.0, "shorter"), (1.0, "longer")):
        begin, end = widest(sign * (along - recorded) - _SHARE * recorded)
        apart = sign * float(along[end] - along[begin] - recorded[end] + recorded[begin])
        if apart > _LEAST_M:
            begin_km, end_km = recorded[begin] / 1000.0, recorded[end] / 1000.0
            text = f"The path along the roads is {apart:.0f} m {word} than what was recorded between "
            text += f"{begin_km:.2f} and {end_km:.2f} km."
            found.append(Problem("distance", text))
    return tuple(found)


def widest(height: FloatArray) -> tuple[int, int]:
    """Find the place from which a series rises most until a later one, and that one; shape (n,), n > 0."""
    rise = height - np.minimum.accumulate(height)
    end = int(np.argmax(rise))
    return int(np.argmin(height[: end + 1])), end
