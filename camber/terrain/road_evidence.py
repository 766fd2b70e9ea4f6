"""From cross sections that were measured to what was observed of a road, way frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from camber.schema import RoadObserved

if TYPE_CHECKING:
    from camber.schema import CrossSections


_TAKEN: Final = (
    *("from_m", "to_m", "log_crowned", "log_one_way_left", "log_one_way_right", "log_inverted"),
    *("left_pct", "left_sd_pct", "right_pct", "right_sd_pct"),
)


def observed_of(sections: CrossSections, way_id: int, year: int | None) -> list[RoadObserved]:
    """Turn the windows of a way that were measured into evidence; refused ones say nothing."""
    known = sections[sections["refused"] == ""]
    columns = {name: known[name].to_list() for name in _TAKEN}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return [RoadObserved(way_id, **row, source="terrain", year=year) for row in rows]
