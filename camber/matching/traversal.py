"""One way passed from one place on it to another: a row of the path."""

from __future__ import annotations

from typing import NamedTuple


class Traversal(NamedTuple):
    """A row of the path.

    Parameters
    ----------
    section, way_id, street_id, travel_direction : int
        As in `camber.schema.PATH`.
    from_chainage_m, to_chainage_m : float
        Where on the way it begins and ends [m].
    first, last : int
        Its fixes, counted over the track; -1 for none.
    probability : float
        Mean over its fixes.
    """

    section: int
    way_id: int
    street_id: int
    travel_direction: int
    from_chainage_m: float
    to_chainage_m: float
    first: int
    last: int
    probability: float
