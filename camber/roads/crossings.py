"""Mapped places to cross a carriageway: nodes tagged as crossings, and where crossing ways meet a road."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from camber.roads.streets import CARRIAGEWAYS, COMPANIONS
from camber.schema import Crossings, as_crossings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from camber.roads.raw_ways import RawWays

    Tags = Mapping[str, str]

_CROSSED: Final = CARRIAGEWAYS - {"service"}
"""Where a crossing is worth a point without a tag of its own node: driveways have none (judgement)."""

_SIGNALS: Final = frozenset({"traffic_signals", "pelican", "toucan", "puffin", "pegasus"})
_MARKED: Final = frozenset({"zebra", "uncontrolled", "marked", "tiger"})
_NOT: Final = frozenset({"no", "none", ""})


def tells_crossing(tags: Tags) -> bool:
    """Tell whether the tags of a node speak of a crossing, be it that there is none.

    True for ``highway=crossing``, and for traffic signals at which ``crossing`` is tagged (wiki
    Tag:highway=crossing, Key:crossing).
    """
    highway = tags.get("highway", "")
    return highway == "crossing" or (highway == "traffic_signals" and "crossing" in tags)


def denies_crossing(tags: Tags) -> bool:
    """Tell whether tags of a node or a way say that people do not cross there."""
    return tags.get("crossing", "").strip() in {"no", "none"}


def crossing_kind(tags: Tags) -> tuple[str, bool]:
    """Read "signals", "marked" or "unmarked" from tags of a node and its crossing way; and whether a refuge.

    "unmarked" too where nothing is said of markings (judgement: the less safe reading). British animal names
    are values of ``crossing`` and ``crossing_ref`` (wiki Key:crossing_ref).
    """
    values = {part.strip() for part in tags.get("crossing", "").split(";")}
    values.add(tags.get("crossing_ref", "").strip())
    island = (
        tags.get("crossing:island") == "yes"
        or "island" in values
        or tags.get("traffic_calming") == "island"
        or tags.get("refuge_island") == "yes"
    )
    signals = tags.get("crossing:signals", "").strip()
    if signals not in _NOT or (values & _SIGNALS and signals != "no"):
        return "signals", island
    markings = tags.get("crossing:markings", "").strip()
    if markings not in _NOT or (values & _MARKED and markings != "no"):
        return "marked", island
    return "unmarked", island


def find_crossings(raw: RawWays, xy: NDArray[np.float64], crs: str) -> Crossings | None:
    """Find the mapped places to cross a carriageway; None where the source tells no tags of nodes.

    One row for each node of a carriageway that is tagged as a crossing, or that a crossing way
    (``footway=crossing`` and the like) shares with a road other than a driveway; what node and way say is put
    together, the node's word first. ``xy`` is the place of each node row [m], shape (n, 2), in ``crs``.
    """
    if raw.node_tags is None:
        return None
    highway = pd.Series([tags.get("highway", "") for tags in raw.tags])
    road, street = (highway.isin(kinds).to_numpy() for kinds in (CARRIAGEWAYS, _CROSSED))
    crossing = np.array([_crosses(tags) for tags in raw.tags], dtype=bool)
    row_way = raw.row_way
    tags_by_node = _tags_of_crossing_ways(raw, crossing)
    at_street = set(raw.node_id[street[row_way]].tolist())
    wanted = {node for node in tags_by_node if node in at_street}
    wanted |= {node for node, tags in raw.node_tags.items() if tells_crossing(tags)}
    wanted -= {node for node in wanted if denies_crossing(raw.node_tags.get(node, {}))}
    asked = np.fromiter(wanted, dtype=np.int64, count=len(wanted))
    rows = np.flatnonzero(road[row_way] & np.isin(raw.node_id, asked))
    node_id, at = np.unique(raw.node_id[rows], return_index=True)
    read = [
        crossing_kind({**tags_by_node.get(node, {}), **raw.node_tags.get(node, {})})
        for node in node_id.tolist()
    ]
    return crossing_table(
        node_id, [kind for kind, _ in read], [island for _, island in read], xy[rows[at]], crs
    )


def crossing_table(node_id: Any, kind: Any, island: Any, xy: Any, crs: str) -> Crossings:  # noqa: ANN401
    """Put crossings into their table: ids, kinds, refuges, and places [m], shape (n, 2), in ``crs``."""
    index = pd.Index(np.asarray(node_id, dtype=np.int64), name="node_id")
    columns = {
        "kind": pd.Series(list(kind), index=index, dtype="str"),
        "island": pd.Series(np.asarray(island, dtype=bool), index=index),
    }
    points = shapely.points(np.asarray(xy, dtype=np.float64).reshape(-1, 2))
    return as_crossings(gpd.GeoDataFrame(columns, geometry=points, crs=crs))


def _crosses(tags: Tags) -> bool:
    if tags.get("highway") not in COMPANIONS or denies_crossing(tags):
        return False
    return "crossing" in {tags.get(key) for key in ("footway", "path", "cycleway")}


def _tags_of_crossing_ways(raw: RawWays, crossing: NDArray[np.bool_]) -> dict[int, Tags]:
    """Tags of the crossing way through each node; of several the one with the smallest id."""
    found: dict[int, Tags] = {}
    bounds = list(pairwise(raw.first.tolist()))
    for way in np.flatnonzero(crossing).tolist():
        about = {key: value for key, value in raw.tags[way].items() if _is_about_crossing(key)}
        for node in raw.node_id[slice(*bounds[way])].tolist():
            found.setdefault(node, about)
    return found


def _is_about_crossing(key: str) -> bool:
    return key.startswith("crossing") or key in {"traffic_calming", "refuge_island"}
