"""From cross sections that were measured to what was observed of a road: errors as they are, and years since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from camber.schema import RoadObserved

if TYPE_CHECKING:
    from camber.schema import CrossSections

_TIMES: Final = 1.5
_FLOOR_PCT: Final = 0.6
_FLOOR_KERBS_PCT: Final = 0.3
"""What errors of slopes are more than their fits have them: a factor, and what is added, with both kerbs seen
and without [%] (judgement: against surveyed streets in Delft fits were 2 to 2.3 times too sure)."""

_KERB_M: Final = 0.04
"""Smallest step that is a kerb [m] (judgement)."""


def observed_of(sections: CrossSections, way_id: int, year: int | None) -> list[RoadObserved]:
    """Turn the windows of a way that were measured into evidence, way frame."""
    found = []
    for row in sections[sections["refused"] == ""].to_dict("records"):
        kerbs = min(row["step_left_m"], row["step_right_m"]) >= _KERB_M
        floor = _FLOOR_KERBS_PCT if kerbs else _FLOOR_PCT
        sd = {side: float(np.hypot(_TIMES * row[f"{side}_sd_pct"], floor)) for side in ("left", "right")}
        logs = {name: float(row[name]) for name in row if str(name).startswith("log_")}
        found.append(
            RoadObserved(
                way_id,
                float(row["from_m"]),
                float(row["to_m"]),
                left_pct=float(row["left_pct"]),
                left_sd_pct=sd["left"],
                right_pct=float(row["right_pct"]),
                right_sd_pct=sd["right"],
                source="terrain",
                year=year,
                **{str(name): value for name, value in logs.items()},
            )
        )
    return found
