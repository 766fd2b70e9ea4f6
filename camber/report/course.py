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

from camber.conventions import OSM_ATTRIBUTION
from camber.report.wording import plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Analysis, Cue, Suggestion

    FloatArray = NDArray[np.float64]

_TCX: Final = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
_SYMBOL: Final = {"cross": "Crossing", "keep": "Information"}
_SHORT: Final = {("cross", "left"): "Cross L", ("cross", "right"): "Cross R",
                 ("keep", "left"): "Keep L", ("keep", "right"): "Keep R"}  # fmt: skip
_BEGIN: Final = datetime(2000, 1, 1, tzinfo=UTC)
_PACE_MPS: Final = 3.0
"""Pace of the made-up times [m/s] (judgement)."""

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
    note : str
        What it is, for people.
    """

    name: str
    longitude_deg: FloatArray
    latitude_deg: FloatArray
    cues: tuple[Cue, ...]
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
        Turned round where the suggestion is to run it the other way.
    """
    fixes = analysis.recording.fixes
    longitude = fixes["longitude_deg"].to_numpy(dtype=float)
    latitude = fixes["latitude_deg"].to_numpy(dtype=float)
    if suggestion.kind == "alternate_direction":
        longitude, latitude = longitude[::-1], latitude[::-1]
    note = f"{suggestion.what} Times are made up. Cues are estimates: what you see on the road comes first."
    return Course(plain(name, 60), longitude, latitude, suggestion.cues, f"{note} {OSM_ATTRIBUTION}.")


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
    distance = _distances(course)
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
    for cue in course.cues:
        row = _nearest(course, cue, distance)
        point = _add(body, "CoursePoint")
        _add(point, "Name", _SHORT[cue.kind, cue.side])
        _add(point, "Time", _time(distance[row]))
        _position(point, "Position", course, row)
        _add(point, "PointType", "Generic")
        _add(point, "Notes", plain(cue.text, 200))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True).decode("utf-8")


def _distances(course: Course) -> FloatArray:
    """Distance along the line [m], on the WGS 84 ellipsoid."""
    longitude, latitude = course.longitude_deg, course.latitude_deg
    _, _, step = Geod(ellps="WGS84").inv(longitude[:-1], latitude[:-1], longitude[1:], latitude[1:])
    return np.concatenate([np.zeros(1), np.cumsum(np.asarray(step, dtype=float))])


def _nearest(course: Course, cue: Cue, distance: FloatArray) -> int:
    """Point of the line at a cue's distance; of several passes of a place the right one."""
    scale = distance[-1]
    total = max(course.cues[-1].at_m, scale) or 1.0
    return int(np.abs(distance - cue.at_m * min(scale / total, 1.0)).argmin())


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
