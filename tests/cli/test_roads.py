"""The map that runs need: planned, fetched from a server on this machine, added from files, kept, tidied."""

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from camber.library.place import roads_cache
from camber.roads.tiles import TileStore

DATA = Path(__file__).parents[2] / "data"


def _standin():
    if "overpass_standin" not in sys.modules:
        path = Path(__file__).parents[1] / "overpass_standin.py"
        spec = importlib.util.spec_from_file_location("overpass_standin", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules["overpass_standin"] = module
        spec.loader.exec_module(module)
    return sys.modules["overpass_standin"]


@pytest.fixture(scope="session")
def city():
    return _standin().Extract(DATA / "helsinki.osm.pbf")


@pytest.fixture
def server(city):
    with _standin().running(city) as state:
        yield state


@pytest.fixture(scope="session")
def corner(tmp_path_factory):
    """A run in Helsinki over four tiles: around the place where they meet."""
    path = tmp_path_factory.mktemp("corner") / "corner.gpx"
    middle, points = (24.95, 60.20), []
    for number in range(1200):
        side, along = divmod(number, 300)
        step = (along - 150) / 150 * 0.012
        x, y = [(step, -0.006), (0.012, step / 2), (-step, 0.006), (-0.012, -step / 2)][side]
        at = f"2026-11-16T07:{number // 60:02d}:{number % 60:02d}Z"
        points.append(f'<trkpt lat="{middle[1] + y:.6f}" lon="{middle[0] + x:.6f}"><time>{at}</time></trkpt>')
    head = '<?xml version="1.0"?><gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1">'
    path.write_text(f"{head}<trk><trkseg>{''.join(points)}</trkseg></trk></gpx>", encoding="utf-8")
    return path


@pytest.fixture
def store():
    return TileStore(roads_cache())


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*arguments, **_):
        raise AssertionError(f"the network was asked for: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def run_in_helsinki():
    return DATA / "week/2026-11-20_city_sidewalks.gpx"


@pytest.mark.usefixtures("no_network")
def test_a_dry_run_says_what_it_would_cost_and_asks_nobody(call, corner):
    code, out, _ = call("roads", "fetch", corner, "--dry-run")
    assert code == 0
    for said in ("4 tiles", "4 requests", "km²", "MB", "europe/finland-latest.osm.pbf"):
        assert said in out


@pytest.mark.parametrize("command", [("fetch",), ("add", DATA / "kouvola.osm.pbf")], ids=["fetch", "add"])
def test_an_empty_library_needs_no_roads_and_that_is_said(call, command):
    code, _, err = call("roads", *command)
    assert code == 3
    assert "no runs" in err


def test_a_second_fetch_makes_no_request(call, server, corner, store):
    asked = ("roads", "fetch", corner, "--yes", "--server", server.address)
    assert call(*asked)[0] == 0
    assert len(server.boxes) == 4
    assert server.most_at_once == 1
    assert len(store.tiles()) == 4
    code, out, _ = call(*asked)
    assert (code, len(server.boxes)) == (0, 4)
    assert "4 of them are there" in out


def test_nothing_is_fetched_where_nobody_can_be_asked(call, server, corner, store):
    code, _, err = call("roads", "fetch", corner, "--server", server.address)
    assert code == 2
    assert "--yes" in err
    assert server.boxes == []
    assert store.tiles() == frozenset()


@pytest.mark.parametrize(
    "command",
    [
        ("roads", "fetch", "{run}", "--yes"),
        ("analyse", "{run}", "--fetch"),
        ("roads", "refresh", "--days", "0", "--yes"),
    ],
)
@pytest.mark.usefixtures("no_network")
def test_offline_never_touches_the_network(call, command, corner):
    call("roads", "add", DATA / "kouvola.osm.pbf", "--all")
    code, _, err = call(*(part.format(run=corner) for part in command), "--offline")
    assert code == 4
    assert "--offline" in err


def test_a_server_that_fails_leaves_what_was_fetched_and_a_repetition_goes_on(call, server, corner, store):
    asked = ("roads", "fetch", corner, "--yes", "--server", server.address)
    server.faults = [None, None, "403"]
    code, _, err = call(*asked)
    assert code == 4
    assert "refused" in err
    assert len(store.tiles()) == 2
    assert call(*asked)[0] == 0
    assert len(server.boxes) == 3 + 2
    assert sorted(set(server.served)) == sorted(server.served)


@pytest.mark.usefixtures("no_network")
def test_analyse_without_roads_names_the_tiles_and_both_commands(call, corner):
    code, _, err = call("analyse", corner)
    assert code == 4
    for said in (
        "4 tiles",
        "n6020e02495",
        f"camber roads fetch {corner}",
        "camber roads add",
        "finland-latest",
    ):
        assert said in " ".join(err.split())


def test_analyse_over_tiles_gives_the_report_of_the_extract(call):
    run = run_in_helsinki()
    extract = DATA / "helsinki.osm.pbf"
    assert call("roads", "add", extract, "--for", run)[0] == 0
    one = json.loads(call("-q", "analyse", run, "--format", "json")[1])
    other = json.loads(call("-q", "analyse", run, "--roads", extract, "--format", "json")[1])
    for document in (one, other):
        assert document
    assert _totals(one) == pytest.approx(_totals(other), rel=0.02)


def _totals(document):
    summary = document.get("total", document)
    found = {}

    def walk(value, name):
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, f"{name}.{key}")
        elif isinstance(value, float) and name.endswith("distance_m"):
            found[name] = value

    walk(summary, "")
    assert found
    return found


def test_analyse_fetches_by_itself_only_when_told(call, server, corner):
    settings = ("config", "set", "overpass_server", server.address)
    assert call(*settings)[0] == 0
    assert call("analyse", corner)[0] == 4
    assert server.boxes == []
    call("-q", "analyse", corner, "--fetch")
    assert len(server.boxes) == 4
    call("-q", "analyse", corner, "--fetch")
    assert len(server.boxes) == 4


def test_status_tells_age_and_origin_and_prune_makes_room(call, server, corner, store):
    call("roads", "fetch", corner, "--yes", "--server", server.address)
    out = call("roads", "status")[1]
    for said in ("4 tiles", "2026-11-01", "127.0.0.1", "OpenStreetMap contributors"):
        assert said in out
    assert call("roads", "prune")[0] == 0
    assert len(store.tiles()) == 4
    assert "removed 4 tiles" in call("roads", "prune", "--max-mb", "0")[1]
    assert store.tiles() == frozenset()


def test_a_damaged_tile_is_put_aside_and_only_that_is_fetched_again(call, server, corner, store):
    asked = ("roads", "fetch", corner, "--yes", "--server", server.address)
    call(*asked)
    victim = store.path(sorted(store.tiles())[1])
    whole = victim.read_bytes()
    for broken in (
        whole[: len(whole) // 2],
        b"{}",
        b"",
        whole[:-1]
        + bytes(
            [
                whole[-1] ^ 1,
            ]
        ),
    ):
        victim.write_bytes(broken)
        out = call("roads", "status", "--check")[1]
        assert "put aside" in out
        before = len(server.boxes)
        assert call(*asked)[0] == 0
        assert len(server.boxes) == before + 1
        assert len(store.tiles()) == 4
    assert store.put_aside()


def test_refresh_keeps_the_old_roads_if_it_fails(call, server, corner, store):
    call("roads", "fetch", corner, "--yes", "--server", server.address)
    before = {tile: store.path(tile).read_bytes() for tile in store.tiles()}
    asked = ("roads", "refresh", "--yes", "--server", server.address)
    server.always = "403"
    assert call(*asked, "--days", "1")[0] == 4
    assert {tile: store.path(tile).read_bytes() for tile in store.tiles()} == before
    server.always = None
    assert call(*asked, "--days", "100000")[0] == 0
    assert len(server.served) == 4
    assert call(*asked, "--days", "0")[0] == 0
    assert len(server.served) == 8


# Killed at any position


MOMENTS = ("asked", "half", "answered")
KILLS = [(request, moment) for request in range(4) for moment in MOMENTS]
if "CAMBER_KILLS" not in os.environ:  # all of them on demand, each request and each moment in every run
    KILLS = [KILLS[at] for at in (0, 4, 8, 11)]


@pytest.mark.parametrize(("request_number", "moment"), KILLS)
def test_a_fetch_that_is_killed_goes_on_with_one_tile_again_at_most(
    call, server, corner, store, request_number, moment
):
    asked = ("roads", "fetch", str(corner), "--yes", "--server", server.address)
    fault = {"asked": "stall", "half": "stall_in_body", "answered": None}[moment]
    server.faults = [None] * request_number + [fault]
    process = subprocess.Popen(
        [sys.executable, "-m", "camber", *asked], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    enough = request_number + 1
    deadline = time.monotonic() + 60.0
    while time.monotonic() < deadline and process.poll() is None:
        if len(server.served if moment == "answered" else server.boxes) >= enough:
            break
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for tile in store.tiles():
        assert store.read(tile) is not None
    assert len(store.tiles()) in {request_number, enough}
    server.faults.clear()
    assert call(*asked)[0] == 0
    again = len(server.served) - len(set(server.served))
    assert again <= 1
    assert len(set(server.served)) == len(store.tiles()) == 4
    assert store.put_aside() == ()
