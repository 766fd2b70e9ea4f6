"""What camber believed before it was told: a record of its sides against the runner's own truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from camber.conventions import CENTRE, OTHER, SIDE_OF_STATE
from camber.observations.answers import BY_TRAFFIC, COMPASS
from camber.schema import Believed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camber.observations.answers import SideAnswer
    from camber.observations.passes import StreetPasses

NAMED: Final = 0.9
"""Probability from which a side counts as named: that of a verdict (`camber.schema.ExposureSettings`)."""


def believed(answer: SideAnswer, passes: Sequence[StreetPasses]) -> tuple[Believed, ...]:
    """Hold an answer about a street against the runs that passed it, as they were before; by receiver."""
    if answer.street is None or not answer.side:
        return ()
    ways, sums = set(answer.street.ways), dict[str, list[float]]()
    for one in passes:
        for number, row in enumerate(one.rows):
            if not ways & {int(way) for way in str(row["ways"]).split()}:
                continue
            told = _side(answer.side, {str(name): value for name, value in row.items()})
            if told is None:
                continue
            side = np.append(SIDE_OF_STATE, 0)[one.place[:, number]]
            on_road = one.place[:, number] < OTHER
            p_side = [float((on_road & (side == each)).mean()) for each in (-1, 0, 1)]
            named, metres = max(p_side) >= NAMED, float(row["distance_m"])
            right = named and int(np.argmax(p_side)) - 1 == told
            total = sums.setdefault(str(row["receiver"]), [0.0, 0.0, 0.0])
            for place, counts in enumerate((True, named, right)):
                total[place] += metres * counts
    return tuple(Believed(receiver, *total) for receiver, total in sorted(sums.items()))


def _side(said: str, row: dict[str, Any]) -> int | None:
    """Turn a side that was said into that of travel: -1 left, 0 the middle, 1 right; None if it is none."""
    if said == "middle":
        return SIDE_OF_STATE[CENTRE]
    if said in BY_TRAFFIC:
        facing = int(row["facing"])
        return (facing if said == BY_TRAFFIC[0] else -facing) or None
    if said in COMPASS:
        across = np.sin(np.radians(COMPASS[said] - float(row["heading_deg"])))
        # Along the street the compass tells no side.
        return None if abs(across) < 0.5 else int(np.sign(across))
    return -1 if said == "left" else 1


def added(records: Sequence[Believed]) -> tuple[Believed, ...]:
    """Add records up by receiver."""
    found: dict[str, Believed] = {}
    for one in records:
        had = found.get(one.receiver, Believed(one.receiver, 0.0, 0.0, 0.0))
        found[one.receiver] = Believed(
            one.receiver,
            had.told_m + one.told_m,
            had.named_m + one.named_m,
            had.right_m + one.right_m,
        )
    return tuple(found[name] for name in sorted(found))
