"""A plan as a course for a watch: the route with cues, as GPX waypoints or TCX course points.

GPX 1.1 (topografix.com/GPX/1/1): waypoints with name, description and symbol, then the route as a track.
TCX 2 (Garmin TrainingCenterDatabase v2): a course with a lap, a track and course points; their names hold at
most ten characters, and their times have to be those of track points, so that a course carries made-up
times: a steady pace from a fixed moment, and its notes say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import gpxpy.gpx
import numpy as np
from lxml import etree
from pyproj import Geod

from camber.conventions import DEGREE_M, OSM_ATTRIBUTION
from camber.longitudes import short_way, unrolled, wrapped
from camber.report.wording import plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Analysis, Cue, Detour, Suggestion

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_TCX: Final = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
_SYMBOL: Final = {"cross": "Crossing", "keep": "Information", "turn": "Information"}
_SHORT: Final = {("cross", "left"): "Cross L", ("cross", "right"): "Cross R", ("cross", ""): "Cross",
                 ("keep", "left"): "Keep L", ("keep", "right"): "Keep R",
                 ("turn", "left"): "Turn L", ("turn", "right"): "Turn R", ("turn", ""): "Go on"}  # fmt: skip
_POINT: Final = {("turn", "left"): "Left", ("turn", "right"): "Right", ("turn", ""): "Straight"}
"""Types of course points that say more than ``Generic``."""

_BEGIN: Final = datetime(2000, 1, 1, tzinfo=UTC)
_PACE_MPS: Final = 3.0
"""Pace of the made-up times [m/s] (judgement)."""

_SAME_PASS_M: Final = 10.0
"""Passes of a place that come this much nearer to it than others are told apart by distance run [m]: twice
the scatter of a receiver (judgement)."""

_UNEXPECTED: Final = 0.05
"""Metres from a place that weigh as much as a metre of distance run from where it is expected (judgement)."""

_ON_POINT_M: Final = 1.0
"""A cue this close to a point of the line stands at that point [m] (judgement)."""

_NAMELESS: Final = "Course"
"""Name of a course without one: TCX asks for a character at least."""

_NAME: Final = 15
"""Most characters of a course's name in TCX."""


@dataclass(frozen=True, eq=False)
class Course:
    """A route with what to do on it.

    Parameters
    ----------
    name : str
        Name of the course.
    longitude_deg, latitude_deg : ndarray of float64, shape (n,)
        The line [deg], in the direction in which it is to be run.
    cues : tuple of Cue
        What to do where, in order.
    cue_row : ndarray of int64, shape (n_cues,)
        Point of the line at which each cue stands.
    note : str
        What it is, for people.
    """

    name: str
    longitude_deg: FloatArray
    latitude_deg: FloatArray
    cues: tuple[Cue, ...]
    cue_row: IntArray
    note: str


def course_of(analysis: Analysis, suggestion: Suggestion, name: str) -> Course:
    """Take a suggestion as a course.

    Parameters
    ----------
    analysis : Analysis
        The run or planned route it was made for.
    suggestion : Suggestion
        One of its suggestions.
    name : str
        Name of the course.

    Returns
    -------
    Course
        Turned round where the suggestion is to run it the other way, along its ways round where it has any;
        the line has a point at every cue.
    """
    fixes = analysis.recording.fixes
    longitude = unrolled(fixes["longitude_deg"].to_numpy(dtype=float))
    latitude = fixes["latitude_deg"].to_numpy(dtype=float)
    if suggestion.kind == "alternate_direction":
        longitude, latitude = longitude[::-1], latitude[::-1]
    note = f"{suggestion.what} Times are made up. Cues are estimates: what you see on the road comes first."
    length_m = suggestion.stretches[-1].to_m if suggestion.stretches else 0.0
    longitude, latitude = _with_detours(longitude, latitude, suggestion.detours, length_m)
    longitude, latitude, row = _with_cues(longitude, latitude, suggestion.cues, length_m)
    longitude = wrapped(longitude)
    # Both schemas end just short of 180 degrees, to which a place may be rounded.
    longitude = np.where(np.round(longitude, 7) >= 180.0, -180.0, longitude)
    return Course(
        plain(name, 60).strip() or _NAMELESS,
        longitude,
        latitude,
        suggestion.cues,
        row,
        f"{note} {OSM_ATTRIBUTION}.",
    )


def course_gpx(course: Course) -> str:
    """Write a course as GPX 1.1.

    Parameters
    ----------
    course : Course
        The course.

    Returns
    -------
    str
        The document: cues as waypoints with a symbol, the line as a track without times.
    """
    document = gpxpy.gpx.GPX()
    document.creator = "camber"
    document.name, document.description = course.name, course.note
    for cue in course.cues:
        document.waypoints.append(
            gpxpy.gpx.GPXWaypoint(
                round(cue.latitude_deg, 7),
                round(cue.longitude_deg, 7),
                name=_SHORT[cue.kind, cue.side],
                description=plain(cue.text, 200),
                symbol=_SYMBOL[cue.kind],
            )
        )
    segment = gpxpy.gpx.GPXTrackSegment(
        [
            gpxpy.gpx.GPXTrackPoint(round(latitude, 7), round(longitude, 7))
            for latitude, longitude in zip(course.latitude_deg, course.longitude_deg, strict=True)
        ]
    )
    track = gpxpy.gpx.GPXTrack(name=course.name)
    track.segments.append(segment)
    document.tracks.append(track)
    return str(document.to_xml(version="1.1"))


def course_tcx(course: Course) -> str:
    """Write a course as TCX.

    Parameters
    ----------
    course : Course
        The course.

    Returns
    -------
    str
        The document: the line with made-up times, cues as course points at its nearest points.
    """
    distance = _distances(course.longitude_deg, course.latitude_deg)
    root = etree.Element(f"{{{_TCX}}}TrainingCenterDatabase", nsmap={None: _TCX})
    body = _add(_add(root, "Courses"), "Course")
    _add(body, "Name", course.name[:_NAME])
    lap = _add(body, "Lap")
    _add(lap, "TotalTimeSeconds", f"{distance[-1] / _PACE_MPS:.1f}")
    _add(lap, "DistanceMeters", f"{distance[-1]:.1f}")
    _position(lap, "BeginPosition", course, 0)
    _position(lap, "EndPosition", course, -1)
    _add(lap, "Intensity", "Active")
    track = _add(body, "Track")
    for row, metres in enumerate(distance):
        point = _add(track, "Trackpoint")
        _add(point, "Time", _time(metres))
        _position(point, "Position", course, row)
        _add(point, "DistanceMeters", f"{metres:.1f}")
    _add(body, "Notes", course.note)
    for cue, row in zip(course.cues, course.cue_row, strict=True):
        point = _add(body, "CoursePoint")
        _add(point, "Name", _SHORT[cue.kind, cue.side])
        _add(point, "Time", _time(distance[row]))
        _position(point, "Position", course, row)
        _add(point, "PointType", _POINT.get((cue.kind, cue.side), "Generic"))
        _add(point, "Notes", plain(cue.text, 200))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True).decode("utf-8")


def _distances(longitude: FloatArray, latitude: FloatArray) -> FloatArray:
    """Distance along a line [m], on the WGS 84 ellipsoid."""
    _, _, step = Geod(ellps="WGS84").inv(longitude[:-1], latitude[:-1], longitude[1:], latitude[1:])
    return np.concatenate([np.zeros(1), np.cumsum(np.asarray(step, dtype=float))])


def _with_detours(
    longitude: FloatArray, latitude: FloatArray, detours: tuple[Detour, ...], length_m: float
) -> tuple[FloatArray, FloatArray]:
    """Lay the line along the ways round; the length is that of the route with them."""
    distance = _distances(longitude, latitude)
    as_run_m = length_m - sum(one.length_m - (one.rejoin_m - one.leave_m) for one in detours)
    scale = distance[-1] / as_run_m if as_run_m > 0.0 else 1.0
    line, start = [], 0.0
    columns = np.column_stack([longitude, latitude])
    for one in detours:
        ends = ((one.leave_m, 0), (one.rejoin_m, -1))
        leave, rejoin = (
            _passed_at(
                longitude,
                latitude,
                distance,
                (one.longitude_deg[end], one.latitude_deg[end]),
                expected_m * scale,
            )
            for expected_m, end in ends
        )
        line.append(columns[(distance >= start) & (distance <= leave)])
        line.append(np.column_stack([one.longitude_deg, one.latitude_deg]))
        start = rejoin
    line.append(columns[distance >= start])
    whole = np.concatenate(line)
    return unrolled(whole[:, 0]), whole[:, 1]


def _with_cues(
    longitude: FloatArray, latitude: FloatArray, cues: tuple[Cue, ...], length_m: float
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Give the line a point at each cue that has none, and say which point is whose."""
    distance = _distances(longitude, latitude)
    scale = distance[-1] / length_m if length_m > 0.0 else 1.0
    at = np.array(
        [
            _passed_at(longitude, latitude, distance, (cue.longitude_deg, cue.latitude_deg), cue.at_m * scale)
            for cue in cues
        ]
    )
    nearest = np.abs(distance - at[:, np.newaxis]).min(axis=1, initial=np.inf) if len(at) else at
    marks = np.unique(np.r_[distance, at[nearest > _ON_POINT_M]])
    # Where the runner stood still, points share a distance: one of them is enough.
    line = [np.interp(marks, *_rising(distance, column)) for column in (longitude, latitude)]
    row = np.abs(marks - at[:, np.newaxis]).argmin(axis=1) if len(at) else np.zeros(0, dtype=np.int64)
    return line[0], line[1], row


def _rising(distance: FloatArray, column: FloatArray) -> tuple[FloatArray, FloatArray]:
    kept, first = np.unique(distance, return_index=True)
    return kept, column[first]


def _passed_at(
    longitude: FloatArray,
    latitude: FloatArray,
    distance: FloatArray,
    place_deg: tuple[float, float],
    expected_m: float,
) -> float:
    """Distance along the line at which it passes a place [m]; of several passes the one that is expected."""
    east = DEGREE_M * np.cos(np.radians(place_deg[1]))
    across = short_way(longitude - place_deg[0])
    xy = np.column_stack([across * east, (latitude - place_deg[1]) * DEGREE_M])
    if len(xy) == 1:
        return 0.0
    step = np.diff(xy, axis=0)
    squared = (step**2).sum(axis=1)
    share = np.clip(-(xy[:-1] * step).sum(axis=1) / np.where(squared > 0.0, squared, 1.0), 0.0, 1.0)
    away = np.hypot(*(xy[:-1] + share[:, np.newaxis] * step).T)
    at = distance[:-1] + share * np.diff(distance)
    near = away <= away.min() + _SAME_PASS_M
    cost = away + _UNEXPECTED * np.abs(at - expected_m)
    return float(at[near][cost[near].argmin()])


def _time(metres: float) -> str:
    moment = _BEGIN + timedelta(seconds=round(float(metres) / _PACE_MPS, 3))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{_TCX}}}{name}")
    child.text = text
    return child


def _position(parent: etree._Element, name: str, course: Course, row: int) -> None:
    place = _add(parent, name)
    _add(place, "LatitudeDegrees", f"{course.latitude_deg[row]:.7f}")
    _add(place, "LongitudeDegrees", f"{course.longitude_deg[row]:.7f}")
