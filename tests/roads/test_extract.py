"""Reading extracts: formats, damage, clipping, places, countries; small files by hand and the real ones."""

import bz2
import gzip
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from camber.errors import CamberError, NoRoadsError, RoadsError
from camber.geometry import local_utm
from camber.roads import read_roads
from camber.roads.extract import read_extract
from camber.schema import Roads, as_ways
from camber.standards import region_at
from camber.standards.borders import region_codes, traffic_side_of

ORIGIN = (500_000.0, 5_450_000.0)
ROAD = {"highway": "residential"}
PLACES = {1: (0, 0), 2: (30, 0), 3: (30, 40), 4: (100, 40)}
REAL = (
    *("heidelberg_ors.osm.pbf", "liechtenstein_pyosmium.osm.pbf", "herrenberg_otp.osm.pbf"),
    *("london-moorgate_otp.osm.pbf", "melbourne-au_valhalla.osm.pbf", "osm2streets_neukolln.osm"),
    *("osm2streets_bristol_contraflow_cycleway.osm", "hamburg-altona_everysinglestreet.osm"),
)


def local(roads, way):
    """Coordinates of a way relative to the local origin [m]."""
    return shapely.get_coordinates(roads.ways.geometry[way]) - ORIGIN


def counts(roads):
    return {problem.code: problem.count for problem in roads.problems}


def check(roads):
    """What must be true of any road set."""
    assert isinstance(roads, Roads)
    as_ways(roads.ways)
    assert roads.ways.index.is_monotonic_increasing
    assert str(roads.ways.crs) == roads.crs
    np.testing.assert_allclose(roads.ways.geometry.length, roads.ways["length_m"], rtol=1e-9)
    assert (roads.ways["length_m"] > 0).all()
    graph = roads.graph
    sums = np.bincount(graph.edge_way, weights=graph.edge_length_m, minlength=len(roads.ways))
    np.testing.assert_allclose(sums, roads.ways["length_m"])
    beside = roads.ways["carriageway_id"] >= 0
    assert ((roads.ways["carriageway_side"] != 0) == beside).all()
    carriageways = roads.ways.loc[roads.ways.loc[beside, "carriageway_id"]]
    assert (carriageways["carriageway_id"] == -1).all()
    np.testing.assert_array_equal(carriageways["street_id"], roads.ways.loc[beside, "street_id"])
    assert roads.ways["street_id"].isin(roads.ways.index).all()


@pytest.mark.parametrize("nodes", [[1, 2, 3], [3, 2, 1]])
def test_the_line_runs_as_drawn(osm_file, nodes):
    roads = read_roads(osm_file(PLACES, [(7, nodes, ROAD)]))
    check(roads)
    np.testing.assert_allclose(local(roads, 7), [PLACES[node] for node in nodes], atol=0.02)
    assert roads.ways.length_m[7] == pytest.approx(70.0, abs=0.05)
    assert roads.crs == "EPSG:32632"
    assert roads.source == "small.osm"


@pytest.mark.parametrize("nodes", [[1, 2], [2, 1]])
def test_sides_and_signs_stay_with_the_drawing(osm_file, nodes):
    tags = {**ROAD, "sidewalk": "left", "parking:right": "lane", "incline:across": "2 %", "oneway": "-1"}
    way = read_roads(osm_file(PLACES, [(7, nodes, tags)])).ways.loc[7]
    assert (way.sidewalk_left, way.sidewalk_right) == ("yes", "no")
    assert (way.parking_left, way.parking_right) == ("", "lane")
    assert way.incline_across_pct == 2.0
    assert way.oneway == -1


@pytest.mark.parametrize(("name", "pack"), [("a.osm.gz", gzip.compress), ("a.osm.bz2", bz2.compress)])
def test_packed_files_read_like_plain_ones(osm_file, tmp_path, name, pack):
    plain = osm_file(PLACES, [(7, [1, 2, 3], ROAD)])
    packed = tmp_path / name
    packed.write_bytes(pack(plain.read_bytes()))
    assert shapely.equals(read_roads(packed).ways.geometry[7], read_roads(plain).ways.geometry[7])


def test_the_format_is_found_from_the_content(osm_file, sample, tmp_path):
    disguised = tmp_path / "map.download"
    disguised.write_bytes(sample.read_bytes())
    assert len(read_roads(disguised).ways) == len(read_roads(sample).ways)
    assert len(read_roads(osm_file(PLACES, [(7, [1, 2], ROAD)], name="a.xml")).ways) == 1


def test_missing_nodes_clip_the_way_to_its_longest_known_stretch(osm_file):
    places = {1: (0, 0), 2: (10, 0), 4: (30, 0), 5: (60, 0), 6: (100, 0)}
    roads = read_roads(osm_file(places, [(7, [1, 2, 3, 4, 5, 6, 8], ROAD), (9, [1, 2], ROAD)]))
    check(roads)
    np.testing.assert_allclose(local(roads, 7)[:, 0], [30, 60, 100], atol=0.02)
    assert counts(roads) == {"clipped_way": 1, "missing_node": 2}


def test_ways_without_length_are_dropped_and_counted(osm_file):
    places = {**PLACES, 5: (0, 0)}
    ways = [
        (1, [1, 2], ROAD),
        (2, [1], ROAD),
        (3, [], ROAD),
        (4, [1, 1], ROAD),
        (5, [1, 5], ROAD),
        (6, [8, 9], ROAD),
    ]
    roads = read_roads(osm_file(places, ways))
    check(roads)
    assert roads.ways.index.tolist() == [1]
    assert counts(roads) == {"missing_node": 2, "short_way": 5}


def test_a_node_named_twice_in_a_row_counts_once(osm_file):
    roads = read_roads(osm_file(PLACES, [(7, [1, 1, 2, 2, 3], ROAD)]))
    assert len(local(roads, 7)) == 3
    assert counts(roads) == {}


def test_of_copies_of_a_way_the_last_is_kept(osm_file):
    ways = [(7, [1, 2], {**ROAD, "name": "old"}), (5, [1, 3], ROAD), (7, [2, 3], {**ROAD, "name": "new"})]
    roads = read_roads(osm_file(PLACES, ways))
    check(roads)
    assert roads.ways.name[7] == "new"
    np.testing.assert_allclose(local(roads, 7), [PLACES[2], PLACES[3]], atol=0.02)
    assert counts(roads) == {"duplicate_way": 1}


def test_the_order_in_the_file_does_not_matter(osm_file):
    ways = [(5, [1, 2], ROAD), (7, [2, 3], {**ROAD, "name": "A"}), (6, [3, 4], {"highway": "footway"})]
    one, other = (read_roads(osm_file(PLACES, listed)) for listed in (ways, ways[::-1]))
    assert one.ways.equals(other.ways)
    for field in ("node_xy", "edge_from", "edge_to", "vertex_xy", "node_edge"):
        np.testing.assert_array_equal(getattr(one.graph, field), getattr(other.graph, field))


def test_nodes_that_follow_their_ways_are_found(osm_file):
    path = osm_file(PLACES, [(7, [1, 2], ROAD)])
    text = path.read_text()
    start, end = text.index("<node"), text.index("<way")
    path.write_text(text[:start] + text[end:].replace("</osm>", text[start:end] + "</osm>"))
    roads = read_roads(path)
    np.testing.assert_allclose(local(roads, 7), [PLACES[1], PLACES[2]], atol=0.02)
    assert roads.problems == ()


def test_what_an_editor_has_not_uploaded_yet_is_read(osm_file):
    places = {-1: (0, 0), -2: (30, 0), 3: (60, 0)}
    roads = read_roads(osm_file(places, [(-1, [-1, -2], ROAD), (-2, [-2, 3], ROAD), (1, [3, -1], ROAD)]))
    check(roads)
    assert (roads.ways.index >= 0).all()
    assert len(roads.ways) == 3
    assert counts(roads) == {"renumbered_way": 2}
    assert len(roads.graph.node_xy) == 3


def test_ways_that_are_no_place_to_run_are_left_out_and_counted(osm_file):
    ways = [(1, [1, 2], ROAD), (2, [2, 3], {"highway": "motorway"}), (3, [2, 3], {"highway": "construction"})]
    ways += [(4, [2, 3], {"building": "yes"}), (5, [3, 4], {"leisure": "track", "area": "yes"})]
    roads = read_roads(osm_file(PLACES, ways))
    assert roads.ways.index.tolist() == [1, 5]
    assert roads.ways["area"].tolist() == [False, True]
    assert counts(roads) == {"left_out_way": 2}


def test_the_bounds_are_those_of_the_ways_kept(osm_file):
    places = {**PLACES, 8: (5000, 5000), 9: (-5000, -5000)}
    roads = read_roads(osm_file(places, [(7, [1, 2, 3], ROAD), (8, [8, 9], {"railway": "rail"})]))
    west, south, east, north = roads.bounds_deg
    x, y = Transformer.from_crs("EPSG:4326", "EPSG:32632", always_xy=True).transform(
        [west, east], [south, north]
    )
    np.testing.assert_allclose(np.subtract(x, ORIGIN[0]), [0, 30], atol=0.1)
    np.testing.assert_allclose(np.subtract(y, ORIGIN[1]), [0, 40], atol=0.1)


@pytest.mark.parametrize(
    ("bounds_deg", "crs"),
    [
        ((24.9, 60.1, 25.0, 60.2), "EPSG:32635"),
        ((145.3, -37.7, 145.4, -37.6), "EPSG:32755"),
        ((-0.1, 51.5, -0.05, 51.6), "EPSG:32630"),
        ((-180.0, 0.0, -179.9, 1.0), "EPSG:32601"),
        ((179.9, -18.0, 180.0, -17.0), "EPSG:32760"),
        ((179.9, -18.0, 180.3, -17.0), "EPSG:32701"),
    ],
)
def test_the_local_system_is_that_of_the_middle(bounds_deg, crs):
    assert local_utm(bounds_deg) == crs


def test_an_area_across_the_antimeridian_stays_in_one_piece(tmp_path):
    path = tmp_path / "fiji.osm"
    path.write_text(
        '<osm version="0.6"><node id="1" lat="-17" lon="179.999"/><node id="2" lat="-17" lon="-179.998"/>'
        '<way id="7"><nd ref="1"/><nd ref="2"/><tag k="highway" v="path"/></way></osm>'
    )
    roads = read_roads(path)
    assert roads.ways.length_m[7] == pytest.approx(0.003 * 111_320 * np.cos(np.radians(17)), rel=2e-3)
    assert roads.bounds_deg == pytest.approx((179.999, -17, 180.002, -17))


def test_the_country_and_the_traffic_side_come_from_the_place(osm_file):
    tags = {**ROAD, "driving_side": "left"}
    ways = read_roads(osm_file(PLACES, [(7, [1, 2], ROAD), (8, [2, 3], tags)])).ways
    assert ways.country.tolist() == ["DE", "DE"]
    assert ways.traffic_side.tolist() == ["right", "left"]


@pytest.mark.parametrize(
    ("country", "side"), [("GB", "left"), ("NZ", "left"), ("US", "right"), ("FI", "right")]
)
def test_a_country_given_by_hand_overrides_the_place(osm_file, country, side):
    ways = read_roads(osm_file(PLACES, [(7, [1, 2], ROAD)]), country=country).ways
    assert ways.country.tolist() == [country]
    assert ways.traffic_side.tolist() == [side]


def test_each_way_of_an_extract_across_a_border_has_its_own_country(osm_file):
    """Two streets 6 km apart on either side of the Bidasoa, by the places of Irun and Hendaye."""
    to_metres = Transformer.from_crs("EPSG:4326", "EPSG:32632", always_xy=True)
    irun, hendaye = (np.array(to_metres.transform(*place)) for place in ((-1.789, 43.338), (-1.775, 43.357)))
    places = {1: (0, 0), 2: (30, 0), 3: hendaye - irun, 4: hendaye - irun + (30, 0)}
    ways = read_roads(osm_file(places, [(7, [1, 2], ROAD), (8, [3, 4], ROAD)], origin=tuple(irun))).ways
    assert ways["country"].tolist() == ["ES", "FR"]


@pytest.mark.parametrize("country", ["XX", "de", "Germany", ""])
def test_an_unknown_country_is_refused(osm_file, country):
    with pytest.raises(RoadsError, match="two-letter code"):
        read_roads(osm_file(PLACES, [(7, [1, 2], ROAD)]), country=country)


def test_the_countries_that_drive_on_the_left_agree_with_the_borders():
    longitude, latitude = (
        grid.ravel() for grid in np.meshgrid(np.arange(-179.5, 180), np.arange(-60, 75, 0.5))
    )
    regions = region_at(longitude, latitude).query("country != ''")
    share_left = (regions["traffic_side"] == "left").groupby(regions["country"]).mean()
    assert len(share_left) > 150
    # A country may have parts with the other side (Gibraltar is not GB here, but the rule is the majority's).
    known = {code for code in share_left.index if code in region_codes()}
    assert {code for code in known if share_left[code] > 0.5} == {
        code for code in known if traffic_side_of(code) == "left"
    }


@pytest.mark.parametrize(
    ("head", "date"),
    [
        ("", None),
        ('<meta osm_base="2024-03-30T13:08:30Z"/>', "2024-03-30T13:08:30Z"),
    ],
)
def test_the_date_of_the_data(osm_file, head, date):
    assert read_roads(osm_file(PLACES, [(7, [1, 2], ROAD)], head)).osm_date == date


def test_a_time_of_a_node_is_not_the_date_of_the_data(osm_file):
    path = osm_file(PLACES, [(7, [1, 2], ROAD)])
    path.write_text(path.read_text().replace('version="1"', 'version="1" timestamp="2001-01-01T00:00:00Z"'))
    assert read_roads(path).osm_date is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"hello", "no OpenStreetMap file"),
        (b"\x00\x00\x00\x0d\x0a\x09OSMHeader", "damaged or incomplete"),
        (b"<osm version='0.6'><node id='1'", "damaged or incomplete"),
        (b"<osm version='0.6'><way id='x'/></osm>", "damaged or incomplete"),
        (b"<gpx version='1.1'><trk/></gpx>", "damaged or incomplete"),
        (b"\x1f\x8bnonsense", "cannot be opened"),
        (b"BZh9nonsense", "cannot be opened"),
        (gzip.compress(b"hello", mtime=0), "no OpenStreetMap file"),
        (gzip.compress(b"", mtime=0), "empty"),
        (
            gzip.compress(b"<osm version='0.6'></osm>" * 999, mtime=0)[:60],
            "damaged or incomplete|cannot be opened",
        ),
        (b"<!DOCTYPE o [<!ENTITY a 'b'>]><osm version='0.6'><note>&a;</note></osm>", "damaged or incomplete"),
    ],
)
def test_what_is_no_extract_is_one_clear_error(tmp_path, content, says):
    path = tmp_path / "bad.osm"
    path.write_bytes(content)
    with pytest.raises(RoadsError, match=says) as caught:
        read_roads(path)
    assert str(caught.value).startswith(str(path))
    assert not isinstance(caught.value, NoRoadsError)


def test_a_missing_file_and_a_folder_are_clear_errors(tmp_path):
    for path in (tmp_path / "none.osm.pbf", tmp_path):
        with pytest.raises(RoadsError, match="cannot be opened"):
            read_roads(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_pbf_is_a_clear_error(sample, tmp_path, share):
    content = sample.read_bytes()
    path = tmp_path / "cut.osm.pbf"
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(RoadsError, match="damaged or incomplete"):
        read_roads(path)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_gives_roads_or_a_clear_error(tmp_path, osm_text, data):
    content = bytearray(osm_text(PLACES, [(7, [1, 2, 3], ROAD), (8, [3, 4], {"highway": "path"})]).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.osm"
    path.write_bytes(bytes(content))
    try:
        check(read_roads(path))
    except CamberError as error:
        assert str(path) in str(error)  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize(
    "ways",
    [
        [],
        [(1, [1, 2], {"building": "yes"})],
        [(1, [1, 2], {"highway": "motorway"})],
        [(1, [8, 9], ROAD)],
    ],
)
def test_an_extract_without_roads_says_so(osm_file, ways):
    with pytest.raises(NoRoadsError, match="no road or path"):
        read_roads(osm_file(PLACES, ways))


def test_an_area_too_wide_for_metres_is_refused(tmp_path):
    path = tmp_path / "world.osm"
    path.write_text(
        '<osm version="0.6"><node id="1" lat="0" lon="-85"/><node id="2" lat="0" lon="85"/>'
        '<way id="7"><nd ref="1"/><nd ref="2"/><tag k="highway" v="path"/></way></osm>'
    )
    with pytest.raises(RoadsError, match="too wide"):
        read_roads(path)


def test_equal_tags_are_one_object(osm_file):
    path = osm_file(PLACES, [(7, [1, 2], ROAD), (8, [2, 3], ROAD), (9, [3, 4], {"highway": "path"})])
    one, other, third = read_extract(path).raw_ways().tags
    assert one is other
    assert (one, third) == (ROAD, {"highway": "path"})


def test_the_sample_reads_whole(sample):
    roads = read_roads(sample)
    check(roads)
    assert roads.crs == "EPSG:32635"
    assert set(roads.ways["country"]) == {"FI"}
    assert set(roads.ways["traffic_side"]) == {"right"}
    assert counts(roads)["clipped_way"] > 10
    assert {problem.code for problem in roads.problems} <= {
        *("left_out_way", "clipped_way", "missing_node", "short_way", "unread_tag"),
    }


def test_the_city_of_the_sample_has_sidewalks_beside_its_streets(sample):
    ways = read_roads(sample).ways
    tagged = ways[ways["is_sidepath"]]
    assert (tagged["carriageway_id"] >= 0).sum() >= 0.9 * len(tagged)
    if sample.name.startswith("helsinki"):
        assert len(tagged) > 100
        assert ways["built_up"].mean() > 0.8


@pytest.mark.parametrize("name", REAL)
def test_real_extracts_read_whole(real_extract, name):
    """Skips where ../shared is absent: those extracts are not part of the project."""
    roads = read_roads(real_extract(name))
    check(roads)
    left = name.startswith(("london", "melbourne", "osm2streets_bristol"))
    assert roads.ways["traffic_side"].mode()[0] == ("left" if left else "right")


def test_real_ways_keep_their_number_and_tags(real_extract):
    """Skips where ../shared is absent. The numbers were counted in the file's text."""
    ways = read_roads(real_extract("osm2streets_bristol_contraflow_cycleway.osm")).ways
    classes = {"residential": 8, "service": 4, "footway": 4, "tertiary": 2, "unclassified": 2, "cycleway": 2}
    assert ways["highway"].value_counts().to_dict() == classes
    assert (ways["sidewalk_left"] == "yes").sum() == 9


def test_a_full_disk_is_no_damage_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr("camber.roads.extract._LARGE_BYTES", 0)
    kouvola = Path(__file__).parents[2] / "data/kouvola.osm.pbf"
    with pytest.raises(RoadsError, match="cannot hold the places of a large file") as caught:
        read_extract(kouvola, scratch=tmp_path / "missing")
    assert "damaged" not in str(caught.value)
