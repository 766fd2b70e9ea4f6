"""Maps as editors and map servers write them, and maps across 180 degrees: each with its right value."""

import bz2
import gzip
import json
import math
import re
from itertools import pairwise
from pathlib import Path

import osmium
import pytest

from camber.library.place import roads_cache
from camber.roads.tiles import TileStore

CASES = Path(__file__).parents[3] / "shared/data/cases"
LATITUDE, METRES = 49.42, 111_320.0
MAIN, OTHER = "Main Street", "Deleted Street"


@pytest.fixture
def case():
    """Give the folder of a reported case; skips where it is not beside the project."""

    def find(name):
        if not (CASES / name).exists():
            pytest.skip(f"{name} is not there: the folder ../shared is not part of the project")
        return CASES / name

    return find


def line(west, length_m, latitude=LATITUDE, step_m=50.0):
    """Places along a parallel, eastward; longitudes from -180 to 180."""
    per_m = 1.0 / (METRES * math.cos(math.radians(latitude)))
    count = round(length_m / step_m) + 1
    return [((west + number * step_m * per_m + 180.0) % 360.0 - 180.0, latitude) for number in range(count)]


def node(number, place, more="", tags=""):
    return f'<node id="{number}" version="1" lat="{place[1]:.7f}" lon="{place[0]:.7f}"{more}>{tags}</node>'


def way(number, refs, name, more=""):
    nds = "".join(ref if str(ref).startswith("<") else f'<nd ref="{ref}"/>' for ref in refs)
    tags = f'<tag k="highway" v="residential"/><tag k="name" v="{name}"/>'
    return f'<way id="{number}" version="1"{more}>{nds}{tags}</way>'


def osm(body, root="osm"):
    return f'<?xml version="1.0" encoding="UTF-8"?><{root} version="0.6" generator="test">{body}</{root}>'


def track(places, speed_mps=3.0):
    """Write a run along places, a fix every second, two metres beside the line."""
    points, second = [], 0
    for (x, y), (to_x, to_y) in pairwise(places):
        east = (to_x - x + 180.0) % 360.0 - 180.0
        metres = math.hypot(east * math.cos(math.radians(y)), to_y - y) * METRES
        steps = max(round(metres / speed_mps), 1)
        for step in range(steps):
            lon = (x + east * step / steps + 180.0) % 360.0 - 180.0
            lat = y + (to_y - y) * step / steps - 2.0 / METRES
            at = f"2026-11-17T09:{second // 60:02d}:{second % 60:02d}Z"
            points.append(f'<trkpt lat="{lat:.7f}" lon="{lon:.7f}"><time>{at}</time></trkpt>')
            second += 1
    head = '<?xml version="1.0"?><gpx version="1.1" creator="test" xmlns="http://www.topografix.com/GPX/1/1">'
    return f"{head}<trk><name>Run</name><type>running</type><trkseg>{''.join(points)}</trkseg></trk></gpx>"


PLACES = line(8.69, 900.0)
IDS = list(range(-1000, -1000 - len(PLACES), -1))
BESIDE = [(x, y - 2.0 / METRES) for x, y in PLACES]
OTHER_IDS = [number - 500 for number in IDS]


def both_streets(gone="", node_gone=""):
    """Main Street, and under the very track a street that is deleted; numbers as before an upload."""
    nodes = "".join(node(*pair) for pair in zip(IDS, PLACES, strict=True))
    others = "".join(node(*pair, more=node_gone) for pair in zip(OTHER_IDS, BESIDE, strict=True))
    return nodes + others + way(-1, IDS, MAIN, ' action="modify"') + way(-2, OTHER_IDS, OTHER, gone)


@pytest.fixture
def run(tmp_path):
    path = tmp_path / "run.gpx"
    path.write_text(track(PLACES), encoding="utf-8")
    return path


@pytest.fixture
def written(tmp_path):
    """Write a map as text, or packed by the end of its name."""

    def write(text, name="map.osm"):
        packed = {".gz": gzip.compress, ".bz2": bz2.compress}.get(Path(name).suffix, bytes)
        (tmp_path / name).write_bytes(packed(text.encode()))
        return tmp_path / name

    return write


def streets(call, run, roads):
    """Metres by street, as `analyse` finds them, and what it noticed."""
    code, out, err = call("analyse", run, "--roads", roads, "--format", "json")
    assert code == 0, err
    total = json.loads(out)["total"]
    found = {street["name"]: street["distance_m"] for street in total["streets"]}
    return found, " ".join(problem["message"] for problem in total["problems"])


def week_of(call, run, roads):
    """Import, analyse over an extract and give the week."""
    assert call("import", run)[0] == 0
    code, _, err = call("analyse", "--all", "--workers", "1", "--roads", roads)
    assert code == 0, err
    return json.loads(call("week", "2026-W47", "--json")[1])


# Deleted


@pytest.mark.parametrize("name", ["josm.osm", "josm_clean.osm", "visible_false.osm"])
def test_a_street_that_an_editor_has_deleted_is_not_there(call, case, name):
    folder = case("josm_deleted_way")
    found, noticed = streets(call, folder / "run.gpx", folder / name)
    assert found == {MAIN: pytest.approx(2900.0, rel=0.01)}
    assert ("marked as deleted" in noticed) == (name != "josm_clean.osm")
    week = week_of(call, folder / "run.gpx", folder / name)
    assert [street["name"] for street in week["streets"]] == [MAIN]
    assert week["total"]["distance_m"] == pytest.approx(2900.0, rel=0.01)


DELETED = {
    "double_quotes": (" action='delete'".replace("'", '"'), ""),
    "and_its_nodes": (" visible='true' action='delete'", " visible='true' action='delete'"),
    "blanks": (' action = "delete"', ""),
    "history": (' visible="false"', ' visible="false"'),
}


@pytest.mark.parametrize("name", ["map.osm", "map.osm.gz", "map.osm.bz2"])
@pytest.mark.parametrize(("gone", "node_gone"), DELETED.values(), ids=DELETED)
def test_whatever_marks_a_way_as_deleted_is_understood(call, run, written, gone, node_gone, name):
    found, noticed = streets(call, run, written(osm(both_streets(gone, node_gone)), name))
    assert found == {MAIN: pytest.approx(900.0, rel=0.01)}
    assert "ways are marked as deleted in the file" in noticed


def test_what_is_not_marked_is_there(call, run, written):
    assert OTHER in streets(call, run, written(osm(both_streets())))[0]


def test_the_name_of_a_street_deletes_nothing(call, run, written):
    text = osm(both_streets()).replace(OTHER, "action='delete' Street")
    assert "action='delete' Street" in streets(call, run, written(text))[0]


def test_tiles_hold_nothing_that_was_deleted(call, run, written):
    assert call("import", run)[0] == 0
    roads = written(osm(both_streets(DELETED["double_quotes"][0])))
    assert call("roads", "add", roads)[0] == 0
    assert call("analyse", "--all", "--workers", "1")[0] == 0
    week = json.loads(call("week", "2026-W47", "--json")[1])
    assert [street["name"] for street in week["streets"]] == [MAIN]


@pytest.mark.parametrize("mark", [" action='delete'", " visible='false'"])
def test_a_way_goes_on_without_its_deleted_nodes(call, run, written, mark):
    """One in the middle was dragged 500 m away before it was deleted, and so was the last."""
    nodes = [node(*pair) for pair in zip(IDS, PLACES, strict=True)]
    for at in (5, len(IDS) - 1):
        away = (PLACES[at][0], LATITUDE + 500.0 / METRES)
        nodes[at] = node(IDS[at], away, mark, '<tag k="highway" v="crossing"/>')
    found, noticed = streets(call, run, written(osm("".join(nodes) + way(-1, IDS, MAIN))))
    assert sum(found.values()) == pytest.approx(900.0, abs=60.0)
    assert found[MAIN] == pytest.approx(850.0, abs=30.0)
    assert "nodes of ways are marked as deleted: left out" in noticed


def test_a_file_of_changes_without_two_versions_of_a_way_opens_with_a_word(call, run, written):
    nodes = "".join(node(*pair) for pair in zip(IDS, PLACES, strict=True))
    others = "".join(node(*pair) for pair in zip(OTHER_IDS, BESIDE, strict=True))
    body = f"<create>{nodes}{way(-1, IDS, MAIN)}</create><delete>{way(-2, OTHER_IDS, OTHER)}{others}</delete>"
    found, noticed = streets(call, run, written(osm(body, "osmChange"), "map.osc"))
    assert found == {MAIN: pytest.approx(900.0, rel=0.01)}
    assert "a file of changes" in noticed


# Places in the ways


def nds(*, refs):
    return [
        f'<nd {f"ref={chr(34)}{number + 1}{chr(34)} " if refs else ""}lat="{y:.7f}" lon="{x:.7f}"/>'
        for number, (x, y) in enumerate(PLACES)
    ]


def halves(*, refs=True):
    """Two ways that meet at a node, with places in them and no nodes beside them."""
    first, second = nds(refs=refs)[:10], nds(refs=refs)[9:]
    return osm(way(1, first, MAIN) + way(2, second, MAIN))


def answer(form):
    """Write an answer of Overpass in JSON: to `out geom`, the same without numbers, or with its nodes."""
    ways = []
    for number, part in ((1, slice(0, 10)), (2, slice(9, None))):
        element = {"type": "way", "id": number, "tags": {"highway": "residential", "name": MAIN}}
        if form != "tags_geom":
            element["nodes"] = [at + 1 for at in range(len(PLACES))[part]]
        if form != "nodes":
            element["geometry"] = [{"lat": y, "lon": x} for x, y in PLACES[part]]
        ways.append(element)
    nodes = [
        {"type": "node", "id": at + 1, "lat": y, "lon": x}
        for at, (x, y) in enumerate(PLACES)
        if form == "nodes"
    ]
    osm3s = {"timestamp_osm_base": "2026-11-01T00:00:00Z"}
    return json.dumps({"version": 0.6, "osm3s": osm3s, "elements": ways + nodes})


def locations_on_ways(path):
    """Write a .osm.pbf with LocationsOnWays and without nodes."""
    with osmium.SimpleWriter(osmium.io.File(str(path), "pbf,locations_on_ways=true")) as writer:
        source = path.with_name("places.osm")
        source.write_text(halves(), encoding="utf-8")
        for one in osmium.FileProcessor(str(source)):
            writer.add(one)
    return path


def test_places_that_stand_in_the_ways_are_read(call, case):
    folder = case("overpass_out_geom")
    found, noticed = streets(call, folder / "run.gpx", folder / "out_geom.osm")
    assert (found, noticed) == ({MAIN: pytest.approx(2900.0, rel=0.01)}, "")
    week = week_of(call, folder / "run.gpx", folder / "out_geom.osm")
    assert week["total"]["distance_m"] == pytest.approx(2900.0, rel=0.01)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (halves(), "geom.osm"),
        (halves(), "geom.osm.bz2"),
        (halves(refs=False), "tags_geom.osm"),
        (answer("geom"), "geom.json"),
        (answer("geom"), "geom.json.gz"),
        (answer("tags_geom"), "tags_geom.json"),
        (answer("nodes"), "nodes.json"),
    ],
    ids=lambda value: value if "{" not in value and "<" not in value else "",
)
def test_answers_of_a_map_server_open_whatever_was_asked_for(call, run, written, text, name):
    found, _ = streets(call, run, written(text, name))
    assert found == {MAIN: pytest.approx(900.0, rel=0.01)}


def test_a_pbf_with_locations_on_ways_needs_no_nodes(call, run, tmp_path):
    found, _ = streets(call, run, locations_on_ways(tmp_path / "ways.osm.pbf"))
    assert found == {MAIN: pytest.approx(900.0, rel=0.01)}


def test_places_in_ways_are_cut_into_tiles(call, run, written):
    assert call("import", run)[0] == 0
    assert "kept 2 tiles with 3 ways" in call("roads", "add", written(answer("tags_geom"), "map.json"))[2]
    assert call("analyse", "--all", "--workers", "1")[0] == 0


@pytest.mark.parametrize("command", [("analyse", "--roads"), ("roads", "add", "--for")])
def test_ways_without_nodes_say_what_to_export(call, case, command):
    folder = case("overpass_out_geom")
    refused_without_nodes(call, command, folder / "run.gpx", folder / "no_nodes.osm")


@pytest.mark.parametrize("command", [("analyse", "--roads"), ("roads", "add", "--for")])
@pytest.mark.parametrize("form", ["xml", "pbf", "json"])
def test_ways_without_nodes_say_so_in_every_format(call, run, written, tmp_path, command, form):
    path = written(osm(way(1, range(1, 20), MAIN)))
    if form == "pbf":
        with osmium.SimpleWriter(str(tmp_path / "ways.osm.pbf")) as writer:
            for one in osmium.FileProcessor(str(path)):
                writer.add(one)
        path = tmp_path / "ways.osm.pbf"
    elif form == "json":
        ways = [element for element in json.loads(answer("nodes"))["elements"] if element["type"] == "way"]
        path = written(json.dumps({"elements": ways}), "ways.json")
    refused_without_nodes(call, command, run, path)


def refused_without_nodes(call, command, run, path):
    more = (run, "--roads", path) if command[0] == "analyse" else (path, "--for", run)
    code, out, err = call(*command[: 1 if command[0] == "analyse" else 2], *more)
    assert (code, out) == (4, "")
    assert "no nodes in this file" in err
    assert "export with nodes" in " ".join(err.split())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"type": "FeatureCollection", "features": []}', "no OpenStreetMap data"),
        ('{"elements": [], "remark": "runtime error: Query timed out"}', "part of an answer only"),
        ('{"elements": [{"type": "way", "id": "x"}]}', "damaged or incomplete"),
        ('{"elements": [', "damaged or incomplete"),
    ],
)
def test_json_that_is_no_whole_answer_is_one_clear_line(call, run, written, text, words):
    code, _, err = call("analyse", run, "--roads", written(text, "map.json"))
    assert code == 4
    assert words in " ".join(err.split())


BROKEN_OFF = (
    "<remark> runtime error: Query timed out in &quot;query&quot; at line 3 after 25 seconds. </remark>"
)


@pytest.mark.parametrize("name", ["map.osm", "map.osm.gz", "map.osm.bz2"])
@pytest.mark.parametrize("command", [("analyse", "--roads"), ("roads", "add", "--for")])
def test_an_answer_in_xml_that_the_server_broke_off_is_refused(call, run, written, command, name):
    roads = written(osm(both_streets()).replace("</osm>", f"{BROKEN_OFF}</osm>"), name)
    more = (run, "--roads", roads) if command[0] == "analyse" else ("add", roads, "--for", run)
    code, out, err = call(command[0], *more)
    assert (code, out) == (4, "")
    assert "part of an answer only (runtime error: Query timed out" in " ".join(err.split())


# Across 180 degrees


def around(degrees):
    """Distance from the antimeridian [deg]."""
    return abs(abs(degrees) - 180.0)


def positions(path):
    """All places of a GeoJSON file; no line of it spans more than a degree."""
    found = []
    for feature in json.loads(path.read_text("utf-8"))["features"]:
        of = feature["geometry"]
        for places in [of["coordinates"]] if of["type"] == "LineString" else of["coordinates"]:
            assert max(x for x, _ in places) - min(x for x, _ in places) < 1.0
            found += places
    return found


def map_data(page):
    """Texts and places of the map in a page."""
    held = json.loads(re.search(r'id="map-data"[^>]*>(.*?)</script>', page.read_text("utf-8"), re.DOTALL)[1])
    longitudes = []
    for *_, packed in (*held["stretches"], *held["roads"]):
        at = 0
        for step in packed[::2]:
            at += step
            longitudes.append(at / 1e5)
    return held["texts"], longitudes


def crossing(call, run, roads, tmp_path, *, metres, towards, within_deg=0.03):
    """Take a run across 180 degrees through the library, and see that nothing is torn."""
    assert call("import", run)[0] == 0
    wanted = call("roads", "fetch", "--dry-run")[1]
    tiles = int(re.search(r"need (\d+) tiles", wanted)[1])
    assert "; 0 of them are there" in wanted
    code, _, err = call("roads", "add", roads)
    assert code == 0
    assert f"kept {tiles} tiles" in err
    assert f"{tiles} tiles," in call("roads", "status")[1]
    assert len(TileStore(roads_cache()).tiles()) == tiles
    assert call("analyse", "--all", "--workers", "1")[0] == 0
    week = json.loads(call("week", "2026-W47", "--json")[1])
    assert week["total"]["distance_m"] == pytest.approx(metres, rel=0.02)
    assert call("week", "2026-W47", "--html", tmp_path / "week.html")[0] == 0
    texts, longitudes = map_data(tmp_path / "week.html")
    assert {re.search(r"towards the ([\w-]+)", text)[1] for text in texts if "towards" in text} == towards
    assert max(longitudes) - min(longitudes) < 2.0 * within_deg
    assert call("export", "--format", "geojson", "-o", tmp_path / "runs.geojson")[0] == 0
    code, _, err = call(
        "analyse", run, "--roads", roads, "--format", "geojson", "-o", tmp_path / "run.geojson"
    )
    assert code == 0, err
    for name in ("runs.geojson", "run.geojson"):
        places = positions(tmp_path / name)
        assert {x > 0.0 for x, _ in places} == {True, False}
        assert max(around(x) for x, _ in places) < within_deg
    return week


def test_a_run_across_180_degrees_is_one_run(call, case, tmp_path):
    folder = case("antimeridian")
    week = crossing(call, folder / "run.gpx", folder / "run.osm", tmp_path, metres=2900.0, towards={"east"})
    assert {street["name"] for street in week["streets"]} == {
        "West Road",
        "Meridian Road",
        "East Road",
    }
    control, _ = streets(call, folder / "control.gpx", folder / "control.osm")
    found, _ = streets(call, folder / "run.gpx", folder / "run.osm")
    assert found == {name: pytest.approx(metres, abs=10.0) for name, metres in control.items()}


FIJI = -16.8
ACROSS = line(180.0 - 0.006, 1200.0, FIJI)


def across_file(numbers=None, places=ACROSS):
    numbers = numbers or list(range(1, len(places) + 1))
    # A frame, so that the file covers the tiles around.
    frame = [(179.9, FIJI - 0.1), (179.9, FIJI + 0.1), (-179.9, FIJI + 0.1), (-179.9, FIJI - 0.1)]
    nodes = [node(*pair) for pair in zip(numbers, places, strict=True)]
    nodes += [node(900 + number, place) for number, place in enumerate(frame)]
    return osm("".join(nodes) + way(1, numbers, "Ring Road") + way(2, range(900, 904), "Frame"))


@pytest.mark.parametrize(
    ("places", "towards"),
    [(ACROSS, {"east"}), (ACROSS[::-1], {"west"}), (ACROSS + ACROSS[-2::-1], {"east", "west"})],
)
def test_there_and_back_across_180_degrees(call, written, tmp_path, places, towards):
    path = tmp_path / "run.gpx"
    path.write_text(track(places), encoding="utf-8")
    metres = 1200.0 * (2 if len(towards) == 2 else 1)
    crossing(call, path, written(across_file()), tmp_path, metres=metres, towards=towards)


def test_a_run_whose_longitudes_go_on_beyond_180_is_the_same(call, written, tmp_path):
    """Maps that scroll round the world write them so."""
    text = re.sub(r'lon="(-[^"]*)"', lambda found: f'lon="{float(found[1]) + 360.0:.7f}"', track(ACROSS))
    assert 'lon="180.00' in text
    path = tmp_path / "run.gpx"
    path.write_text(text, encoding="utf-8")
    crossing(call, path, written(across_file()), tmp_path, metres=1200.0, towards={"east"})


def test_a_run_west_of_180_degrees_lies_in_a_map_that_crosses_it(call, written, tmp_path):
    """Of two extracts the one that holds it is taken, though its east is counted beyond 180."""
    path = tmp_path / "run.gpx"
    path.write_text(track(ACROSS[16:]), encoding="utf-8")
    home = written(osm(both_streets()), "home.osm")
    roads = ("--roads", home, "--roads", written(across_file()))
    code, out, err = call("analyse", path, *roads, "--format", "json")
    assert code == 0, err
    assert [street["name"] for street in json.loads(out)["total"]["streets"]] == ["Ring Road"]
    assert call("import", path)[0] == 0
    assert "1 analysed" in call("analyse", "--all", "--workers", "1", *roads)[1]


def test_a_map_and_its_box_may_be_turned_inside_out(call, written, tmp_path):
    """Of a box across 180 degrees a reader of pbf gives the edges in order."""
    path = tmp_path / "run.gpx"
    path.write_text(track(ACROSS), encoding="utf-8")
    box = f'<bounds minlat="{FIJI - 0.1}" minlon="179.9" maxlat="{FIJI + 0.1}" maxlon="-179.9"/>'
    roads = written(across_file().replace('generator="test">', f'generator="test">{box}'))
    crossing(call, path, roads, tmp_path, metres=1200.0, towards={"east"})
    assert "border" not in call("roads", "status")[1]


def test_a_run_along_180_degrees_is_a_run(call, written, tmp_path):
    """Every second fix lies on the other side of the world."""
    places = [(180.0, FIJI + 0.0004 * number) for number in range(30)]
    text = track(places)
    sway = iter(range(10_000))
    text = re.sub(r'lon="[^"]*"', lambda _: f'lon="{(-1) ** next(sway) * 179.99999:.5f}"', text)
    path = tmp_path / "run.gpx"
    path.write_text(text, encoding="utf-8")
    shifted = [(179.9999999 if at % 2 else -179.9999999, y) for at, (_, y) in enumerate(places)]
    crossing(call, path, written(across_file(places=shifted)), tmp_path, metres=1290.0, towards={"north"})


def test_a_box_across_180_degrees_is_named_as_others_name_it(call, written):
    code, _, err = call("roads", "add", written(across_file()), "--bbox", "179.95,-16.85,-179.95,-16.8")
    assert code == 0
    assert "kept 2 tiles" in err
    assert {tile.bounds_deg[0] for tile in TileStore(roads_cache()).tiles()} == {179.95, -180.0}
