"""Fetching from a server on this machine that fails in every known way: whole tiles, or an error."""

import copy
import importlib.util
import json
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import osmium
import osmnx
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from camber.errors import RoadsError
from camber.roads.grid import tile_keys, tile_of_key
from camber.roads.overpass import AnswerFault, Fetching, check_server, fetch_tile, read_answer
from camber.roads.tiles import TileStore, add_file, merge_tiles, open_tiles

DATA = Path(__file__).parents[2] / "data"
spec = importlib.util.spec_from_file_location(
    "overpass_standin", Path(__file__).parents[1] / "overpass_standin.py"
)
standin = importlib.util.module_from_spec(spec)
sys.modules["overpass_standin"] = standin
spec.loader.exec_module(standin)

ASKED_ONCE = {"429_for_long", "400_html", "403", "406", "redirect"}
"""Faults that want a person, or too long a wait; after the others camber asks again, or for less."""

HELPED = set(standin.FAULTS) - ASKED_ONCE

QUARTERED = {"413", "remark_part", "remark_empty", "stall", "stall_in_body", "drip_body", "drip_head"}
QUARTERED |= {"gzip_bomb", "too_large", "too_many"}

SLOW = {"stall", "stall_in_body", "drip_body", "drip_head"}

ADVICE = ("repeat the command", "camber config", "camber roads add")


@pytest.fixture(scope="session")
def town():
    return standin.Extract(DATA / "kouvola.osm.pbf")


@pytest.fixture
def server(town):
    with standin.running(town) as state:
        yield state


@pytest.fixture
def how(server):
    return Fetching(
        server=server.address,
        total_s=12.0,
        attempt_s=2.0,
        first_wait_s=0.01,
        busy_wait_s=0.02,
        between_s=0.03,  # so that the server has noticed that its last answer was not read to the end
        most_bytes=4_000_000,
        most_values=500_000,
    )


@pytest.fixture(scope="session")
def tile():
    """The tile with most of the town."""
    return tile_of_key(tile_keys([26.945], [60.53])[0])


@pytest.fixture(scope="session")
def expected(town, tile):
    with standin.running(town) as state:
        return merge_tiles([fetch_tile(tile, Fetching(server=state.address, between_s=0.0))])


def assert_equal_roads(found, expected):
    pd.testing.assert_frame_equal(
        pd.DataFrame(found.ways.drop(columns="geometry")),
        pd.DataFrame(expected.ways.drop(columns="geometry")),
    )
    assert shapely.equals_exact(
        found.ways.geometry.values, expected.ways.geometry.values, tolerance=0.0
    ).all()
    pd.testing.assert_frame_equal(pd.DataFrame(found.crossings), pd.DataFrame(expected.crossings))
    for name in ("node_xy", "edge_way", "edge_from", "edge_to", "vertex_xy"):
        assert (getattr(found.graph, name) == getattr(expected.graph, name)).all()


def test_all_faults_of_the_study_are_there():
    assert len(standin.FAULTS) >= 22
    assert set(standin.FAULTS) >= ASKED_ONCE | QUARTERED


@pytest.mark.parametrize("fault", standin.FAULTS)
def test_a_fault_that_stays_is_an_error_that_helps_in_time(server, how, tile, fault):
    server.always = fault
    how = replace(how, total_s=2.5, attempt_s=0.5) if fault in SLOW else how
    begin = time.monotonic()
    with pytest.raises(RoadsError) as error:
        fetch_tile(tile, how)
    assert time.monotonic() - begin <= how.total_s + 2.0
    assert any(advice in str(error.value) for advice in ADVICE)
    assert server.address in str(error.value)
    assert server.most_at_once == 1 or fault in SLOW


@pytest.mark.parametrize("fault", sorted(HELPED))
def test_after_a_fault_that_passes_the_tile_is_whole(server, how, tile, expected, fault):
    server.faults = [fault]
    found = merge_tiles([fetch_tile(tile, how)])
    assert_equal_roads(found, expected)
    assert len(found.crossings) > 0  # tags of nodes come with every answer, with those of quarters too
    assert len(server.boxes) == (5 if fault in QUARTERED else 2)


@pytest.mark.parametrize("fault", sorted(ASKED_ONCE))
def test_what_only_a_person_can_help_is_asked_once(server, how, tile, fault):
    server.faults = [fault]
    with pytest.raises(RoadsError):
        fetch_tile(tile, how)
    assert len(server.boxes) == 1


def test_a_quarter_that_is_too_much_is_quartered_again(server, how, tile, expected):
    server.faults = ["remark_part", None, "413", None, None, "too_large"]
    assert_equal_roads(merge_tiles([fetch_tile(tile, how)]), expected)
    assert len(server.boxes) == 1 + 4 + 4 + 4


def test_the_server_is_waited_for_as_long_as_it_asks(server, how, tile):
    server.faults = ["429_with_wait"]
    begin = time.monotonic()
    fetch_tile(tile, how)
    assert time.monotonic() - begin >= 1.0


def test_a_server_that_cannot_be_reached_is_named(tile):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    nobody = Fetching(server=f"http://127.0.0.1:{port}/api", first_wait_s=0.01)
    with pytest.raises(RoadsError, match=r"127\.0\.0\.1.*could not be reached.*check the connection"):
        fetch_tile(tile, nobody)


def test_a_server_without_tls_on_its_port_is_an_error(server, tile):
    secure = Fetching(server=server.address.replace("http:", "https:"), first_wait_s=0.01)
    with pytest.raises(RoadsError, match=r"certificate|reached"):
        fetch_tile(tile, secure)
    assert server.boxes == []


@pytest.mark.parametrize(
    "address",
    [
        *("http://example.org/api", "ftp://127.0.0.1/", "overpass-api.de", "", "https://"),
        *("https://[::1/api", "https://overpass..de/api", f"https://{'a' * 70}.de/api"),
    ],
)
def test_only_https_or_this_machine_is_asked(address):
    with pytest.raises(RoadsError, match="https"):
        check_server(address)


# What is asked


def test_the_query_names_the_tile_and_nothing_of_the_runner(server, how, tile):
    fetch_tile(tile, how)
    west, south, east, north = tile.bounds_deg
    assert server.boxes == [(south, west, north, east)]
    (query,) = server.queries
    assert query.startswith("[out:json][timeout:180][bbox:")
    assert query.endswith('];(way["highway"];>;way["leisure"="track"];>;);out;')
    (headers,) = server.headers
    assert headers["User-Agent"].startswith("camber/")
    assert "OSMnx" not in str(headers)


def test_osmnx_is_as_it_was_afterwards(server, how, tile):
    before = {key: value for key, value in vars(osmnx.settings).items() if not key.startswith("_")}
    look_up = socket.getaddrinfo
    fetch_tile(tile, how)
    server.always = "400_html"
    with pytest.raises(RoadsError):
        fetch_tile(tile, how)
    assert {key: value for key, value in vars(osmnx.settings).items() if not key.startswith("_")} == before
    assert socket.getaddrinfo is look_up
    assert not Path("cache").exists()


def test_an_attempt_that_is_late_before_its_request_makes_none(server, how, tile, monkeypatch):
    """A name that is found only after the attempt was given up: nothing may leave any more."""
    slow = socket.getaddrinfo

    def late(*arguments, **options):
        time.sleep(0.8)
        return slow(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", late)
    with pytest.raises(RoadsError):
        fetch_tile(tile, replace(how, attempt_s=0.2, total_s=0.5))
    time.sleep(1.5)
    assert server.boxes == []


# The same roads whatever the source


@pytest.fixture(scope="session")
def whole_ways(town, tmp_path_factory):
    """The extract without the ways that its border cuts: no server would serve those."""
    path = tmp_path_factory.mktemp("whole") / "whole.osm.pbf"
    kept = {way[0] for way in town.ways}
    with osmium.SimpleWriter(str(path)) as writer:
        for thing in osmium.FileProcessor(str(DATA / "kouvola.osm.pbf")):
            if thing.is_node() or (thing.is_way() and thing.id in kept):
                writer.add(thing)
    return path


def test_an_extract_and_a_server_give_the_same_roads(how, whole_ways, tmp_path):
    added = add_file(whole_ways, TileStore(tmp_path / "file"), None)
    fetched = TileStore(tmp_path / "server")
    for tile in added.kept:
        fetched.write(tile, fetch_tile(tile, how))
    from_file = open_tiles(tmp_path / "file", added.kept)
    from_server = open_tiles(tmp_path / "server", added.kept)
    assert_equal_roads(from_server, from_file)
    assert len(from_file.ways) > 200
    assert len(from_file.crossings) > 10
    assert set(from_file.crossings["kind"]) > {"unmarked"}
    assert from_server.osm_date == standin.DATE


# What an answer must hold


NODES = [{"type": "node", "id": n, "lat": 60.0 + n / 1e4, "lon": 25.0 + n / 1e4} for n in range(1, 5)]
WAYS = [
    {"type": "way", "id": 7, "nodes": [1, 2, 3], "tags": {"highway": "residential", "name": "Käsitie ☺"}},
    {"type": "way", "id": 8, "nodes": [3, 4], "tags": {"leisure": "track", "sport": "running"}},
    {"type": "way", "id": 9, "nodes": [4, 1], "tags": {"highway": "motorway"}},
]
ANSWER = {
    "version": 0.6,
    "osm3s": {"timestamp_osm_base": "2026-11-01T00:00:00Z"},
    "elements": [*NODES, *WAYS],
}


def test_a_whole_answer_is_read():
    raw, date = read_answer(json.dumps(ANSWER).encode())
    assert date == "2026-11-01T00:00:00Z"
    assert raw.way_id.tolist() == [7, 8]
    assert raw.first.tolist() == [0, 3, 5]
    assert raw.node_id.tolist() == [1, 2, 3, 3, 4]
    np.testing.assert_array_equal(raw.latitude_deg, [60.0001, 60.0002, 60.0003, 60.0003, 60.0004])
    assert raw.tags[0]["name"] == "Käsitie ☺"


def test_the_order_of_elements_does_not_matter():
    turned = {**ANSWER, "elements": ANSWER["elements"][::-1]}
    raw, _ = read_answer(json.dumps(turned).encode())
    assert sorted(raw.way_id.tolist()) == [7, 8]
    assert set(raw.node_id.tolist()) == {1, 2, 3, 4}


def test_a_desert_is_a_whole_answer():
    raw, _ = read_answer(json.dumps({**ANSWER, "elements": []}).encode())
    assert len(raw.way_id) == 0
    assert raw.first.tolist() == [0]


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"remark": "runtime error: Query timed out"}, "too_much", "Query timed out"),
        ({"remark": ""}, "too_much", "part of an answer"),
        ({"osm3s": {}}, "broken", "how old"),
        ({"osm3s": {"timestamp_osm_base": "yesterday"}}, "broken", "how old"),
        ({"elements": NODES[:2] + WAYS}, "broken", "left out 2 nodes"),
        ({"elements": {}}, "broken", "not understood"),
        (
            {"elements": [*NODES, {"type": "way", "id": 7, "tags": {"highway": "path"}}]},
            "broken",
            "not under",
        ),
        ({"elements": [{**NODES[0], "lat": 91.0}, *NODES[1:], *WAYS]}, "broken", "nowhere on Earth"),
        ({"elements": [{**NODES[0], "lat": float("nan")}, *NODES[1:], *WAYS]}, "broken", "nowhere on Earth"),
    ],
)
def test_what_is_not_whole_is_a_fault(change, kind, said):
    with pytest.raises(AnswerFault, match=said) as fault:
        read_answer(json.dumps({**ANSWER, **change}).encode())
    assert fault.value.kind == kind


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"<html>", b"{", b"[" * 100_000, b"\xff\xfe\x00", b'"x"']
)
def test_what_is_no_answer_is_a_fault(body):
    with pytest.raises(AnswerFault) as fault:
        read_answer(body)
    assert fault.value.kind == "broken"


@given(st.integers(1, len(json.dumps(ANSWER).encode()) - 1))
def test_an_answer_that_is_cut_anywhere_is_never_taken(length):
    with pytest.raises(AnswerFault):
        read_answer(json.dumps(ANSWER).encode()[:length])


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.just([]), st.just({}),
    st.just([None]), st.just({"highway": None}),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_value_anywhere_is_read_or_is_a_fault(data):
    answer = copy.deepcopy(ANSWER)
    element = data.draw(st.sampled_from([answer, answer["osm3s"], *answer["elements"]]))
    element[data.draw(st.sampled_from(sorted(element)))] = data.draw(ODD)
    try:
        raw, _ = read_answer(json.dumps(answer).encode())
    except AnswerFault:
        return
    assert np.isfinite(raw.longitude_deg).all()
    assert len(raw.tags) == len(raw.way_id) == len(raw.first) - 1
