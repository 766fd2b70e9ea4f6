"""A cue stands at the crossing that it names: checked against the nodes of the file, read anew."""

from __future__ import annotations

from itertools import pairwise

import gpxpy
import numpy as np
import osmium
import pytest
from lxml import etree
from pyproj import Geod

from camber.report.course import course_gpx, course_of, course_tcx
from camber.schema import SuggestionSettings
from camber.suggestions.plan_in_words import suggestion_of
from tests.suggestions.test_constraints import MAPS, analysed, roads_of, some_of, trip_on

TCX = "{http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2}"
GEOD = Geod(ellps="WGS84")
ALONG_M = 5.0
"""What a few metres are: a second's step of 3 m, and what a noisy line bends within the width of a street."""


def crossing_nodes(path):
    """Longitude, latitude and direction of the street [deg] at every node that two ways of a file cross at.

    A node counts where it is tagged as a crossing, or where a way of crossing feet shares it with a road.
    """
    place, tagged, on_road, walked = {}, set(), {}, set()
    for thing in osmium.FileProcessor(str(path)).with_locations():
        if thing.is_node():
            tags = dict(thing.tags)
            if tags.get("highway") == "crossing" or "crossing" in tags:
                tagged.add(thing.id)
        elif thing.is_way() and "highway" in thing.tags:
            tags = dict(thing.tags)
            nodes = [node.ref for node in thing.nodes if node.location.valid()]
            place |= {n.ref: (n.location.lon, n.location.lat) for n in thing.nodes if n.location.valid()}
            if tags.get("footway") == "crossing" or tags.get("path") == "crossing" or "crossing" in tags:
                walked.update(nodes)
            if tags["highway"] in ("footway", "path", "steps", "corridor"):
                continue
            for before, after in pairwise(nodes):
                on_road.setdefault(before, []).append((before, after))
                on_road.setdefault(after, []).append((before, after))
    found = []
    for node in (tagged | walked) & set(on_road):
        bearings = [GEOD.inv(*place[a], *place[b])[0] for a, b in on_road[node]]
        found.append((*place[node], bearings))
    return found


def along_the_street_m(lon, lat, nodes):
    """Smallest distance of a place from a crossing within 30 m, measured along the crossed street [m]."""
    away = []
    for there_lon, there_lat, bearings in nodes:
        azimuth, _, metres = GEOD.inv(there_lon, there_lat, lon, lat)
        if metres < 30.0:
            away += [abs(metres * np.cos(np.radians(azimuth - bearing))) for bearing in bearings]
    return min(away, default=np.inf)


def suggestions_on(name, number, settings):
    """Every plan of a route as a suggestion, both ways round the front."""
    analysis = analysed(name, number)
    trip = trip_on(analysis, settings, dark=False)
    now = trip.now()
    legs = (now, now)
    for plan in some_of(trip.plans.front):
        item = suggestion_of("other_side", plan, trip, legs, (plan.crossings, plan.traffic_km), 0.0)
        yield analysis, item


@pytest.mark.parametrize("name", ["neukolln", "moorgate", "helsinki"])
def test_a_cue_stands_at_the_crossing_of_the_map(name):
    roads_of(name)
    nodes = crossing_nodes(MAPS[name])
    seen, said = 0, []
    for number in range(4):
        for analysis, item in suggestions_on(name, number, SuggestionSettings()):
            course = course_of(analysis, item, "test")
            waypoints = gpxpy.parse(course_gpx(course)).waypoints
            points = etree.fromstring(course_tcx(course).encode()).findall(f".//{TCX}CoursePoint")
            assert len(waypoints) == len(points) == len(item.cues)
            assert [cue.at_m for cue in item.cues] == sorted(cue.at_m for cue in item.cues)
            for cue, waypoint, point in zip(item.cues, waypoints, points, strict=True):
                if cue.crossing == "quiet":
                    assert "no mapped crossing" in cue.text
                if cue.crossing not in ("signals", "marked", "unmarked"):
                    continue
                seen += 1
                tcx = [float(point.findtext(f".//{TCX}{axis}Degrees")) for axis in ("Longitude", "Latitude")]
                places = (
                    (cue.longitude_deg, cue.latitude_deg),
                    (waypoint.longitude, waypoint.latitude),
                    tcx,
                )
                said += [along_the_street_m(*place, nodes) for place in places]
    assert seen
    assert max(said) <= ALONG_M, sorted(said)[-10:]
