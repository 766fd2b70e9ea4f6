"""Who may ask, and who may change: attacks from other pages, other programs, and other starts."""

import re

import pytest

from camber.open.guard import Guard, Keys, without_places
from tests.open.asking import HOST, PORT, Asking

PAGES = (
    *("/week/last", "/week/2026-W47", "/month/2026-11", "/run/1", "/runs", "/streets", "/next", "/library"),
    *("/zones", "/settings", "/chores", "/static/page.css", "/static/live.js", "/street?name=x"),
)
CHANGES = (
    "/tell/question",
    "/tell/street",
    "/tell/stretch",
    "/tell/undo",
    "/zones",
    "/settings",
    "/begin",
    "/upload",
)


def test_without_the_secret_nothing_is_shown(app):
    stranger = Asking(app)
    for path in PAGES:
        answer = stranger.get(path)
        assert answer.status == 403
        assert "Week" not in answer.text
        assert "ssh -L" in answer.text


def test_the_key_opens_the_door_once(app, office):
    key = office.keys.once
    assert Asking(app).enter(key).status == 303
    assert Asking(app).enter(key).status == 403
    assert Asking(app).enter("").status == 403


def test_the_cookie_is_kept_from_scripts_and_other_sites(app, office):
    said = Asking(app).enter(office.keys.once).headers["set-cookie"].lower()
    for part in ("httponly", "samesite=strict", "path=/"):
        assert part in said


def test_a_cookie_of_an_earlier_start_is_worth_nothing(app, asking):
    again = Asking(Guard(app._app, Keys(), PORT))
    again.cookie = asking.cookie
    assert asking.get("/settings").status == 200
    assert again.get("/settings").status == 403


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:1", f"[::1]:{PORT}", ""]
)
def test_another_name_for_this_machine_is_refused(asking, host):
    assert asking.get("/settings", host=host).status == 421


def test_other_sites_may_not_even_load_an_image(asking):
    for site in ("cross-site", "same-site"):
        assert asking.get("/static/page.css", sec_fetch_site=site).status == 403
    for site in ("same-origin", "none"):
        assert asking.get("/static/page.css", sec_fetch_site=site).status == 200


@pytest.mark.parametrize("path", CHANGES)
def test_a_change_needs_the_origin_and_the_token_of_a_page(asking, token, path):
    for origin in ("http://evil.example", "null", "", f"https://{HOST}", f"http://localhost.evil:{PORT}"):
        assert asking.post(path, token, origin=origin).status == 403, origin
    assert asking.post(path, {}).status == 403
    assert asking.post(path, {"token": "guessed"}).status == 403
    assert asking.post(path, token, content_type="text/plain").status == 415
    assert asking.post(path, b"{}", content_type="application/octet-stream").status == 403


def test_a_form_is_small_and_whole(asking, token):
    assert asking.post("/zones", token | {"name": "x" * 100_000}).status == 413
    assert asking.post("/zones", b"&".join([b"a=1"] * 500)).status == 413
    stranger = asking.ask("DELETE", "/zones", b"", {"origin": f"http://{HOST}"})
    assert stranger.status == 405


@pytest.fixture(scope="module")
def seen(app, office):
    """Every page once."""
    asking = Asking(app)
    asking.enter(office.keys.once)
    return {path: asking.get(path) for path in (*PAGES, "/nothing", "/run/99")}


def test_every_answer_says_what_a_page_may_do(seen):
    for path, answer in seen.items():
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == (
            "private, max-age=3600" if "static" in path else "no-store"
        )


def test_no_page_holds_a_script_or_a_style_of_its_own(seen):
    for path, answer in seen.items():
        if "static" not in path:
            page = answer.text
            assert not re.findall(r"<script(?! type=\"application/json\")(?! src=)", page), path
            assert not re.findall(r"<style|\sstyle=|\son[a-z]+=", page), path
            assert not re.findall(r"(?:src|href)=\"(?:https?:)?//(?!www\.openstreetmap\.org)", page), path


def test_a_path_leads_nowhere_else(asking):
    for path in (
        *("/static/../../etc/passwd", "/static/%2e%2e/live.js", "/shared/../1", "/run/-1", "/run/1e3"),
        *("/week/..%2f..", "/week/2026-W99", "/year/99999", "/month/0", "//evil.example/x"),
    ):
        answer = asking.get(path)
        assert answer.status in {400, 404}, path
        assert "root:" not in answer.text


def test_a_change_leads_back_to_this_server_alone(asking, token):
    for back in (
        "http://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:1",
        "/x\r\nset-cookie: a=b",
    ):
        answer = asking.post("/begin", token | {"what": "dismiss", "back": back})
        assert answer.headers["location"] == "/", back
    answer = asking.post("/begin", token | {"what": "dismiss", "back": "/week/2026-11-16?a=b"})
    assert answer.headers["location"] == "/week/2026-11-16?a=b"


def test_no_place_of_this_machine_is_told(asking, seen, home, token):
    refused = [
        asking.post("/tell/undo", token | {"number": "77"}),
        asking.post("/zones", token | {"remove": "9"}),
    ]
    assert [answer.status for answer in refused] == [400, 400]
    for answer in (*seen.values(), *refused):
        assert str(home) not in answer.text
        assert "site-packages" not in answer.text


def test_folders_are_taken_out_of_sentences():
    assert without_places("/home/anna/Runs/a.gpx: is empty") == "a.gpx: is empty"
    assert without_places("C:\\Users\\anna\\a.gpx is empty") == "a.gpx is empty"
    assert without_places("from https://overpass-api.de/api in 3/4 of 1/2 km/h") == (
        "from https://overpass-api.de/api in 3/4 of 1/2 km/h"
    )
