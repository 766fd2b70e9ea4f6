"""The ways that runs were on, whole, for drawing below them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import geopandas as gpd
import shapely

from camber.conventions import WGS84
from camber.library.stretches import line_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

WAYS: Final = """
SELECT DISTINCT segment.segment_id, segment.way_id, segment.highway, segment.line
FROM traversal JOIN segment USING (segment_id) WHERE traversal.activity_id = ? ORDER BY segment.segment_id
"""
"""The ways of one run."""


def ways_of(connection: sqlite3.Connection, runs: Sequence[int]) -> gpd.GeoDataFrame:
    """Give the ways that some runs were on, from end to end.

    Parameters
    ----------
    connection : sqlite3.Connection
        The library.
    runs : sequence of int
        Their numbers.

    Returns
    -------
    GeoDataFrame
        Columns ``way_id``, ``highway`` and the line in the drawn direction, WGS 84; each way once. They show
        where the runner was, zones or not: nothing of them may leave the library.
    """
    found = {row["segment_id"]: row for run in runs for row in connection.execute(WAYS, (run,))}
    rows = list(found.values())
    lines = [shapely.LineString(line_of(row["line"])) for row in rows]
    columns = {name: [row[name] for row in rows] for name in ("way_id", "highway")}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(lines, crs=WGS84))
