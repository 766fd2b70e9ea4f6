"""Pages say what the files and commands say; hostile names are text; answers are told and taken back."""

import json
import re
from dataclasses import replace
from datetime import date

import pytest

from camber.cli.report import Wanted, story_of_days
from camber.cli.session import Session
from camber.library import open_library, week_named
from camber.report import story_page
from camber.schema import Advice
from tests.open.asking import words

WEEK = "/week/2026-11-16"


@pytest.fixture(scope="module")
def library(home):
    with open_library(home / "library") as found:
        yield found


def test_the_page_and_the_file_of_a_week_say_the_same(asking, office, library):
    first = asking.get(WEEK)
    assert "camber is looking at your routes" in first.text
    (chore,) = [one for one in office.chores.all() if one.kind == "advise" and one.given["days"] == "week"]
    office.finished(replace(chore, state="done", result=office.desk.do("advise", chore.given)))
    live = asking.get(WEEK).text
    story, basemap = story_of_days(
        Session(verbosity=-1), library, week_named("2026-W47"), Wanted(html="page.html")
    )
    file = story_page(story, basemap)
    inside = words(live)
    said = [
        line
        for line in words(file[file.index("<main>") :])
        if "camber suggest" not in line and "camber ask" not in line
    ]
    assert len(said) > 100
    assert [line for line in said if line not in inside] == []
    numbers = re.compile(r"<(?:rect|line|text)[^>]*>")
    assert numbers.findall(file[file.index("<main>") :]) == numbers.findall(live[live.index("<main>") :])

    def drawn(page):
        found = json.loads(re.search(r'id="map-data">(.*?)</script>', page, re.DOTALL)[1])
        return [row[:9] for row in found["stretches"]], found["texts"], found["roads"]

    assert drawn(live) == drawn(file)


def test_a_week_leads_to_those_beside_it_and_to_its_runs(asking):
    page = asking.get(WEEK).text
    assert 'href="/week/2026-11-15" rel="prev"' in page
    assert 'rel="next"' not in page  # nothing was recorded after it
    assert 'href="/run/1"' in page
    assert 'href="/month/2026-11"' in page
    assert asking.get("/").headers["location"] == "/week/last"
    assert "Nov 2026" in asking.get("/month/2026-11").text
    assert words(asking.get("/week/last").text) == words(asking.get(WEEK).text)


def test_runs_are_found_by_year_and_title(asking):
    page = asking.get("/runs?year=2026").text
    assert page.count('href="/run/') == 3
    assert asking.get("/runs?words=no+such+title").text.count('href="/run/') == 0
    assert asking.get("/runs?year=1066").status == 200
    assert "<script>alert" not in asking.get("/runs?words=<script>alert(1)</script>").text


def test_what_could_not_be_used_is_listed_with_its_reason(asking):
    page = asking.get("/library").text
    assert "outside the map" in page
    assert re.search(r'href="/run/4">', page)


def test_a_stretch_is_told_by_a_tap_and_taken_back(asking, office, library, token):
    page = asking.get(WEEK).text
    rows = json.loads(re.search(r'id="map-data">(.*?)</script>', page, re.DOTALL)[1])["stretches"]
    single = next(row for row in rows if row[0] == 1 and row[4] >= 0)
    ((run, first, last),) = single[9]
    table = library.exposure(1)
    here = table[(table["block"] >= first) & (table["block"] <= last)]
    begins = table["distance_m"].to_numpy()[: int((table["block"] < first).to_numpy().argmin())].sum()
    form = token | {
        "where": json.dumps(single[9]),
        "side": "left edge",
        "days": "week 2026-11-16",
        "back": WEEK,
    }
    answer = asking.post("/tell/stretch", form)
    assert (answer.status, answer.headers["location"]) == (303, WEEK)
    ((number, told),) = library.answers().items()
    assert (run, told.side, told.place) == (1, "left", "edge")
    assert told.from_m == pytest.approx(begins, abs=0.1)
    assert told.to_m - told.from_m == pytest.approx(here["distance_m"].sum(), abs=0.2)
    again = [one for one in office.chores.all() if one.kind == "again"]
    assert again[-1].given["days"] == "week"
    assert "Take back" in asking.get(WEEK).text
    assert asking.post("/tell/undo", token | {"number": str(number)}).status == 303
    assert library.answers() == {}
    together = next(row for row in rows if row[0] == 0 and len(row[9]) == 1)
    assert {run for run, *_ in together[9]} <= {1, 3}


def test_a_tilt_that_was_measured_is_told_by_number(asking, library, token):
    page = asking.get("/run/1").text
    found = json.loads(re.search(r'id="map-data">(.*?)</script>', page, re.DOTALL)[1])
    row = next(row for row in found["stretches"] if row[0] == 1 and row[4] >= 0)
    form = token | {"where": json.dumps(row[9]), "tilt": "2,5", "falls": "left", "spot": "left edge"}
    assert asking.post("/tell/stretch", form).status == 303
    ((number, told),) = library.answers().items()
    assert (told.tilt_pct, told.spot, told.street.name) == (2.5, "edge", found["texts"][row[4]])
    assert told.falls == told.side  # at the left edge, to the left: the same point of the compass
    asking.post("/tell/undo", token | {"number": str(number)})


@pytest.mark.parametrize(
    "where",
    ["", "[]", "[[1]]", "{}", "[[1,2,3,4]]", "[[99,0,0]]", '[["a",1,1]]', "[[1,900,901]]", "[" * 5000],
)
def test_a_tap_that_says_nothing_tells_nothing(asking, library, token, where):
    answer = asking.post("/tell/stretch", token | {"where": where, "side": "left edge"})
    assert answer.status in {400, 404}
    assert library.answers() == {}


def test_zones_and_settings_are_changed_and_checked(asking, token, home):
    hostile = '"><img src=x onerror=alert(1)>'
    place = {"latitude": "60,5", "longitude": "26.9", "radius": "400", "name": hostile}
    assert asking.post("/zones", token | place).status == 303
    page = asking.get("/zones").text
    assert "<img" not in page
    zone = re.search(r'name="remove" value="(\d+)"', page)[1]
    assert asking.post("/zones", token | place | {"radius": "1"}).status == 400
    assert asking.post("/zones", token | place | {"latitude": "nan"}).status == 400
    assert asking.post("/zones", token | {"remove": zone}).status == 303
    assert asking.post("/settings", token | {"units": "mi", "lateral.block_s": "3"}).status == 303
    assert (home / "camber.toml").read_text("utf-8").count("=") == 1
    assert asking.post("/settings", token | {"units": "furlongs"}).status == 400
    assert asking.post("/settings", token | {"overpass_server": "ftp://x"}).status == 400
    asking.post("/settings", token | {"units": "km"})


def test_long_work_is_begun_once_and_listed(asking, office, token):
    for _ in range(2):
        assert asking.post("/begin", token | {"what": "analyse"}).status == 303
    assert [one.kind for one in office.chores.all()].count("analyse") == 1
    assert "Analysing what is new" in asking.get("/chores").text
    assert asking.post("/begin", token | {"what": "share", "days": "run 1"}).status == 400
    assert asking.get("/shared/1").status == 404


def test_a_library_without_runs_leads_to_where_they_are_dropped(tmp_path, monkeypatch):
    from camber.cli.open_ import MakeDesk  # noqa: PLC0415 - for this test alone
    from camber.open.guard import Guard  # noqa: PLC0415 - as above
    from camber.open.office import new_office  # noqa: PLC0415 - as above
    from camber.open.server import application  # noqa: PLC0415 - as above
    from tests.open.asking import PORT, Asking  # noqa: PLC0415 - as above

    monkeypatch.setenv("CAMBER_HOME", str(tmp_path))
    office = new_office(MakeDesk(offline=True), tmp_path / "library" / "open")
    asking = Asking(Guard(application(office, lambda: None), office.keys, PORT))
    asking.enter(office.keys.once)
    for path in ("/week/last", "/next"):
        assert asking.get(path).headers["location"] == "/library", path
    assert "Nothing is in your library yet" in asking.get("/library").text
    for path in ("/runs", "/streets", "/zones", "/settings"):
        assert asking.get(path).status == 200, path
    assert office.desk.do("advise", {"days": "week", "name": str(date(2026, 11, 16)), "mark": ""}) is None
    assert Advice.NO_MAP
