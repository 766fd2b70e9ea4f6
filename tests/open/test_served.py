"""A real server under attack on loopback, and killed in the middle of its work: nothing is lost."""

import socket
import time

import pytest

from camber.library import open_library
from tests.open.served import EXPORT, ROADS, Client, served

pytestmark = pytest.mark.slow


def until(holds):
    ends = time.monotonic() + 240.0
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)


def states(home):
    with open_library(home / "library") as library:
        return library.runs()["state"].value_counts().to_dict()


def busy(client):
    page = client.get("/chores")
    return "under way" in page or "waits" in page


def test_it_lives_through_attacks_and_being_killed(tmp_path):
    home = tmp_path / "home"
    with served(home) as (address, process):
        client = Client(address)
        slow = [socket.create_connection(("127.0.0.1", client.port), timeout=20) for _ in range(200)]
        for one in slow:
            one.sendall(b"GET / HTTP/1.1\r\nHost: ")
        began = time.monotonic()
        assert "Nothing is in your library yet" in client.get("/library")
        assert time.monotonic() - began < 5.0
        said = {"content_type": "application/octet-stream", "x_camber_token": client.token}
        status, _, text = client.ask(
            "POST", "/upload?name=zeros.gpx", b"\0" * 10, content_length=str(2**30), **said
        )
        assert (status, "larger than" in text) == (413, True)
        status, _, _ = client.ask("POST", "/upload?name=x.gpx", b"x", **said | {"x_camber_token": "guessed"})
        assert status == 403
        assert client.drop(EXPORT) == 200
        until(
            lambda: (
                "importing" in client.get("/chores") or "files," in client.get("/chores") or not busy(client)
            )
        )
        assert slow[0].recv(1) == b""  # cut off, at the latest after ten seconds
        for one in slow:
            one.close()
        process.kill()
        process.wait()
    with served(home) as (address, process):
        client = Client(address)
        until(lambda: not busy(client))
        assert sum(states(home).values()) == 6
        assert client.drop(ROADS) == 200
        until(lambda: states(home).get("analysed", 0) > 0 or "analysing" in client.get("/chores"))
        process.kill()
        process.wait()
    with served(home) as (address, _):
        client = Client(address)
        until(lambda: not busy(client))
        assert states(home) == {"analysed": 5, "no_roads": 1}
        assert not list((home / "library" / "open" / "uploads").glob("*/*"))
        assert "Week 47" in client.get("/week/2026-W47")
