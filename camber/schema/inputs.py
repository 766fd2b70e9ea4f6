"""What goes in: a recording as it was read, and the roads of an area with their graph."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from camber.conventions import OSM_ATTRIBUTION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from numpy.typing import NDArray

    from camber.schema.tables import Crossings, Fixes, Ways
    from camber.standards import Overrides


def card(title: str, rows: Mapping[str, str]) -> str:
    """Draw facts as a small HTML table; text is escaped, nothing is loaded.

    Parameters
    ----------
    title : str
        What it is about.
    rows : mapping of str to str
        Facts by name, from top to bottom.

    Returns
    -------
    str
        A ``<table>``.
    """
    body = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th><td>{escape(text)}</td></tr>"
        for name, text in rows.items()
    )
    return f"<table><caption>{escape(title)}</caption><tbody>{body}</tbody></table>"


@dataclass(frozen=True)
class Problem:
    """Something a reader or a stage dropped, changed or could not use, counted instead of hidden.

    Parameters
    ----------
    code : str
        Short stable name, such as ``"bad_position"``.
    message : str
        One sentence for a person.
    count : int
        How many fixes, ways or values it concerns.
    source : str
        Recording or extract it was found in; "" before it is reported.
    shared : bool
        True for a problem of roads, which several runs may share: a total counts it once.
    """

    code: str
    message: str
    count: int = 1
    source: str = ""
    shared: bool = False


@dataclass(frozen=True, eq=False)
class Recording:
    """One recording as it was read, before any cleaning.

    Parameters
    ----------
    source : str
        Base name of the file, or a label; never a full path.
    format : str
        ``"gpx"``, ``"tcx"`` or ``"fit"``.
    sport : str or None
        Sport as the file names it, lower case.
    device : str or None
        Device or program that wrote the file.
    name : str or None
        Title given by the runner, without control characters.
    started_at : datetime or None
        Time of the first fix with a time, UTC.
    time_zone : str or None
        IANA name of the time zone at the first fix; of a virtual run that of the runner, where the file says
        it.
    fixes : Fixes
        One row per position; see `camber.schema.as_fixes`.
    problems : tuple of Problem
        What was dropped or assumed while reading.
    likely_started_at : datetime or None
        Likely time of the first fix, UTC, where the file has no times or they cannot be right as a whole;
        offered, never used by itself.
    """

    source: str
    format: str
    sport: str | None
    device: str | None
    name: str | None
    started_at: datetime | None
    time_zone: str | None
    fixes: Fixes
    problems: tuple[Problem, ...] = ()
    likely_started_at: datetime | None = None

    def __repr__(self) -> str:
        """Say what it is, without its rows."""
        return f"<Recording {self.source}: {len(self.fixes)} positions>"

    def _repr_html_(self) -> str:
        rows = {
            "file": f"{self.source} ({self.format})",
            "begins": "unknown" if self.started_at is None else f"{self.started_at:%Y-%m-%d %H:%M} UTC",
            "sport": self.sport or "not named",
            "device": self.device or "not named",
            "positions": f"{len(self.fixes):,}",
            "problems": "none" if not self.problems else "; ".join(one.message for one in self.problems),
        }
        return card(self.name or self.source, rows)


@dataclass(frozen=True, eq=False)
class RoadGraph:
    """Topology and geometry of the ways as arrays; edges run between junctions, in the drawn direction.

    Parameters
    ----------
    node_xy : ndarray of float64, shape (n_nodes, 2)
        Positions of junctions and way ends [m], in the CRS of the roads.
    edge_way : ndarray of int64, shape (n_edges,)
        Row position (not id) of the edge's way in ``Roads.ways``.
    edge_from, edge_to : ndarray of int64, shape (n_edges,)
        Node at which the edge starts and ends, in the drawn direction of its way.
    edge_start_m : ndarray of float64, shape (n_edges,)
        Chainage [m] on the way at which the edge starts.
    edge_length_m : ndarray of float64, shape (n_edges,)
        Length [m].
    edge_first_vertex : ndarray of int64, shape (n_edges + 1,)
        The vertices of edge ``e`` are rows ``edge_first_vertex[e]:edge_first_vertex[e + 1]``.
    vertex_xy : ndarray of float64, shape (n_vertices, 2)
        Polyline vertices [m]; the end of one edge is repeated as the start of the next.
    vertex_chainage_m : ndarray of float64, shape (n_vertices,)
        Chainage [m] of each vertex on its way.
    node_first_edge : ndarray of int64, shape (n_nodes + 1,)
        The edges that touch node ``n`` are ``node_edge[node_first_edge[n]:node_first_edge[n + 1]]``.
    node_edge : ndarray of int64
        Edge indices by node; an edge from a node to itself is listed twice.
    """

    node_xy: NDArray[np.float64]
    edge_way: NDArray[np.int64]
    edge_from: NDArray[np.int64]
    edge_to: NDArray[np.int64]
    edge_start_m: NDArray[np.float64]
    edge_length_m: NDArray[np.float64]
    edge_first_vertex: NDArray[np.int64]
    vertex_xy: NDArray[np.float64]
    vertex_chainage_m: NDArray[np.float64]
    node_first_edge: NDArray[np.int64]
    node_edge: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Roads:
    """The roads of an area; the same whatever the source.

    Parameters
    ----------
    ways : Ways
        One row per way, LineStrings in the drawn direction; see `camber.schema.as_ways`.
    graph : RoadGraph
        The same ways as arrays.
    crs : str
        Local UTM coordinate system of all metres, such as ``"EPSG:32635"``.
    bounds_deg : tuple of float
        West, south, east, north of the area [deg]; east goes on beyond 180 where the area crosses it.
    osm_date : str or None
        Date of the OpenStreetMap data, ISO 8601, where the source tells it.
    source : str
        Base name of the file, or a label.
    problems : tuple of Problem
        What was clipped, dropped or could not be parsed.
    crossings : Crossings or None
        Mapped places to cross a carriageway; see `camber.schema.as_crossings`. None where the source does not
        tell them.
    overrides : Overrides, optional
        Rows of the standards that the user set for these roads.
    """

    ways: Ways
    graph: RoadGraph
    crs: str
    bounds_deg: tuple[float, float, float, float]
    osm_date: str | None
    source: str
    problems: tuple[Problem, ...] = ()
    crossings: Crossings | None = None
    overrides: Overrides | None = None

    def street_names(self, way_id: NDArray[np.int64], off: str = "") -> NDArray[np.object_]:
        """Name the street of each way, by its class where it has no name.

        Parameters
        ----------
        way_id : ndarray of int64, shape (n,)
            Ways; -1 off the roads.
        off : str
            What a place off the roads is called.

        Returns
        -------
        ndarray of object, shape (n,)
            Names such as ``"High Street"`` or ``"residential (no name)"``.
        """
        import pandas as pd  # noqa: PLC0415 - what needs no roads needs no tables

        ids, number = np.unique(way_id, return_inverse=True)
        row = self.ways.index.get_indexer(pd.Index(ids))
        taken = (self.ways[column].array.take(row[row >= 0]) for column in ("name", "highway"))
        names = np.full(len(ids), off, dtype=object)
        names[row >= 0] = [name or f"{highway} (no name)" for name, highway in zip(*taken, strict=True)]
        return names[number]

    def __repr__(self) -> str:
        """Say what they are, without their rows."""
        return f"<Roads {self.source}: {len(self.ways)} ways>"

    def _repr_html_(self) -> str:
        west, south, east, north = self.bounds_deg
        rows = {
            "ways": f"{len(self.ways):,}",
            "area": f"{south:.4f} to {north:.4f}° north, {west:.4f} to {east:.4f}° east",
            "metres in": self.crs,
            "date of the data": self.osm_date or "not told by the source",
            "problems": "none" if not self.problems else "; ".join(one.message for one in self.problems),
            "credit": OSM_ATTRIBUTION,
        }
        return card(f"Roads of {self.source}", rows)
