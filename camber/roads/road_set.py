"""Raw ways of any source to `camber.schema.Roads`: measured, placed in their country, joined to a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from camber import network, standards
from camber.conventions import WGS84
from camber.errors import RoadsError
from camber.geometry import local_utm
from camber.longitudes import bounds_of
from camber.roads.crossings import find_crossings
from camber.roads.streets import assign_streets, is_built_up
from camber.roads.tags import parse_tags
from camber.schema import Roads, as_ways
from camber.schema.tables import WAYS
from camber.standards.borders import region_codes, traffic_side_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.roads.raw_ways import RawWays

    FloatArray = NDArray[np.float64]


def roads_from_raw_ways(
    raw: RawWays, *, source: str, osm_date: str | None = None, country: str | None = None
) -> Roads:
    """Measure, place and join cleaned ways; a `RoadsError` for an unknown country or too wide an area.

    ``source`` is the base name of a file, or a label; ``country`` overrides the place of every way.
    """
    bounds_deg = bounds_of(raw.longitude_deg, raw.latitude_deg)
    crs = local_utm(bounds_deg)
    xy = _metres(raw, crs, source)
    crossings = find_crossings(raw, xy, crs)
    columns, unread = parse_tags(raw.tags)
    columns = columns.set_index(pd.Index(raw.way_id, name="way_id"))
    columns = columns.join(_regions(raw, columns["driving_side"], country, source))
    graph = network.build_graph(raw.first, raw.node_id, xy)
    lines = shapely.linestrings(xy, indices=raw.row_way)
    problems, osm_date = raw.problems + unread, osm_date or raw.osm_date
    del raw, xy  # the largest arrays, which nobody needs any more
    columns["length_m"] = np.bincount(graph.edge_way, weights=graph.edge_length_m, minlength=len(columns))
    ways = gpd.GeoDataFrame(columns, geometry=lines, crs=crs)
    ways["built_up"] = is_built_up(ways)
    ways = ways.join(assign_streets(ways, graph))
    ways = ways[[*(column.name for column in WAYS), "geometry"]]
    return Roads(as_ways(ways), graph, crs, bounds_deg, osm_date, source, problems, crossings)


def _metres(raw: RawWays, crs: str, source: str) -> FloatArray:
    places = Transformer.from_crs(WGS84, crs, always_xy=True).transform(raw.longitude_deg, raw.latitude_deg)
    xy = np.stack(places, axis=1)
    if not np.isfinite(xy).all():
        text = "the area is too wide to be measured in one local system; cut an extract around your runs."
        raise RoadsError(text, path=source)
    return xy


def _regions(raw: RawWays, driving_side: pd.Series, country: str | None, source: str) -> pd.DataFrame:
    """Country and traffic side of each way: by hand, else where its first node lies; the tag goes first."""
    if country is None:
        first = raw.first[:-1]
        regions = standards.region_at(raw.longitude_deg[first], raw.latitude_deg[first])
        code, side = regions["country"].to_numpy(dtype=str), regions["traffic_side"].to_numpy(dtype=str)
    else:
        code = np.full(len(driving_side), country)
        side = np.full(len(driving_side), _traffic_side(country, source))
    side = np.where(driving_side != "", driving_side, side)
    columns = {"country": pd.Series(code, dtype="str"), "traffic_side": pd.Series(side, dtype="str")}
    return pd.DataFrame(columns).set_index(driving_side.index)


def _traffic_side(country: str, source: str) -> str:
    if country not in region_codes():
        raise RoadsError(
            f"the country {country!r} is not known; give a two-letter code such as 'DE' or 'GB', "
            "or none to take it from the map.",
            path=source,
        )
    return traffic_side_of(country)
