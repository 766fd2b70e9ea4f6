"""What others get is made without what is hidden: libraries that differ there alone give the same bytes.

The town is a grid of residential streets, 200 m apart and 8 km wide; two runs go out of its middle, one east
and one north, and back. Two runners live some streets apart, so that they come out of the same region.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
import shapely

import camber
from camber.errors import SettingsError
from camber.library import open_library
from camber.library.days import span_named
from camber.library.importing import import_paths
from camber.library.loose_runs import stretches_of_analyses
from camber.library.privacy import add_zone, grid_origin_m
from camber.library.regions import Square, cuts_of, region_around
from camber.library.sharing import shared_period, shown_of, untimed
from camber.report.cards import story_cards
from camber.report.json_document import story_json
from camber.report.mail import story_mail
from camber.report.page import story_page
from camber.report.story import Reader, story_of
from camber.report.stretches_file import write_stretches
from camber.schema import Settings

MIDDLE = 60.2, 25.0
APART_M, REACH = 200.0, 20
METRE = np.array([1.0 / 111_195.0, 1.0 / (111_195.0 * np.cos(np.radians(MIDDLE[0])))])
STEP_M, STEP_S = 12.0, 4
OUT = datetime(2026, 11, 17, 5, 30, tzinfo=UTC)
"""When the runs turn round."""

HOMES = {"west": ((-190.0, 390.0), "Morning from Elm Street"), "south": ((210.0, -190.0), "Lunch")}
SECRET = "40" * 16
"""Puts both homes into one group of houses, which the test about lines asks for."""


def degrees(xy):
    xy = np.asarray(xy, float)
    return MIDDLE[0] + xy[..., 1] * METRE[0], MIDDLE[1] + xy[..., 0] * METRE[1]


@pytest.fixture(scope="module")
def roads(tmp_path_factory):
    """The streets, each one way of 41 nodes that the others cross."""
    at = np.arange(-REACH, REACH + 1) * APART_M
    lines = ['<osm version="0.6">']
    for row, y in enumerate(at):
        for column, x in enumerate(at):
            latitude, longitude = degrees((x, y))
            lines.append(f'<node id="{1000 * row + column + 1}" lat="{latitude:.7f}" lon="{longitude:.7f}"/>')
    for street in range(len(at)):
        for along in (True, False):
            nodes = [1000 * street + k + 1 if along else 1000 * k + street + 1 for k in range(len(at))]
            refs = "".join(f'<nd ref="{node}"/>' for node in nodes)
            tags = f'<tag k="highway" v="residential"/><tag k="name" v="{"EN"[along]} {street}"/>'
            lines.append(f'<way id="{2 * street + along + 1}">{refs}{tags}</way>')
    path = tmp_path_factory.mktemp("grid") / "grid.osm"
    path.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
    return camber.read_roads(path)


def run_text(home, towards, title, day):
    """Out of the home by the streets to the middle, on to the turning point, and back home."""
    corner = (0.0, home[1]) if towards[0] == 0.0 else (home[0], 0.0)
    stops = np.array([towards, (0.0, 0.0), corner, home])
    from_turn = np.r_[0.0, np.cumsum(np.hypot(*np.diff(stops, axis=0).T))]
    # Counted from the turning point, so that fixes beyond the middle are the same.
    step = np.arange(-int(from_turn[-1] / STEP_M), int(from_turn[-1] / STEP_M) + 1)
    xy = np.column_stack([np.interp(np.abs(step) * STEP_M, from_turn, stops[:, axis]) for axis in (0, 1)])
    xy += np.random.default_rng(int(abs(towards[0]))).normal(0.0, 1.5, (2000, 2))[step + 1000]
    points = []
    for latitude, longitude, number in zip(*degrees(xy), step.tolist(), strict=True):
        when = OUT + timedelta(days=day, seconds=STEP_S * number)
        place = f'<trkpt lat="{latitude:.6f}" lon="{longitude:.6f}">'
        points.append(f"{place}<time>{when:%Y-%m-%dT%H:%M:%SZ}</time></trkpt>")
    return (
        '<gpx version="1.1" creator="Watchmaker 9" xmlns="http://www.topografix.com/GPX/1/1"><trk>'
        f"<name>{title}</name><type>running</type><trkseg>{''.join(points)}</trkseg></trk></gpx>"
    )


class Maps:
    """The grid, and an analysis with few draws."""

    def __init__(self, roads):
        self.roads = roads

    def within(self, bounds_deg):  # noqa: ARG002 - all there is
        return self.roads

    def analyse(self, recording):
        return camber.analyse(recording, self.roads, Settings(draws=20), with_suggestions=False)


def library_of(folder, home, title, *, more=False):
    """Runs of one runner, and a zone set afterwards; what is not needed to share is not analysed."""
    folder.mkdir()
    for number, towards in enumerate([(3900.0, 0.0), (0.0, 3900.0)]):
        text = run_text(home, towards, f"{title} {number}", 1 - number)
        (folder / f"{title[:3]}{number}.gpx").write_text(text, encoding="utf-8")
    if more:  # one that never leaves what is hidden, in the same week
        (folder / "0.gpx").write_text(run_text(home, (200.0, 0.0), "Round the block", 0), encoding="utf-8")
    library = open_library(folder / "library")
    import_paths(library, [folder])
    with library.writing() as connection:
        connection.execute("INSERT INTO preference VALUES ('privacy grid', ?)", (SECRET,))
    add_zone(library.connection, *map(float, degrees(home)), 300.0)
    period = library.period(span_named("2026-11"))
    # Sharing asks for no result but that there is one.
    runs = tuple(replace(run, state="analysed") for run in period.runs)
    return library, replace(period, runs=runs)


@pytest.fixture(scope="module")
def worlds(roads, tmp_path_factory):
    folder = tmp_path_factory.mktemp("worlds")
    found = {}
    for name, (home, title) in HOMES.items():
        library, period = library_of(folder / name, home, title, more=name == "south")
        found[name] = library, period, shown_of(library.connection, period.runs, Maps(roads))
    yield found
    for library, *_ in found.values():
        library.close()


def outputs(period, shown, folder):
    """Everything that can be shared, by name."""
    told = shared_period(period, shown, with_stretches=True)
    shared, coach = story_of(told, Reader.SHARED), story_of(told, Reader.COACH)
    written = {
        "page": story_page(shared),
        "mail": bytes(story_mail(shared)),
        "json": story_json(shared),
        "coach": story_page(coach),
        "coach's json": story_json(coach),
    }
    written |= {f"card {number}": card for number, card in enumerate(story_cards(shared))}
    stretches = untimed(stretches_of_analyses([one for _, one in shown.runs]))
    for kind in ("csv", "geojson"):
        path, _ = write_stretches(stretches, folder / f"runs.{kind}", kind)
        written[kind] = path.read_bytes()
    return written


def test_libraries_that_differ_in_what_is_hidden_share_the_same_bytes(worlds, tmp_path):
    (_, one, of_one), (_, other, of_other) = worlds.values()
    assert len(one.runs) + 1 == len(other.runs)
    assert {run.distance_m for run in one.runs}.isdisjoint(run.distance_m for run in other.runs)
    first, second = outputs(one, of_one, tmp_path), outputs(other, of_other, tmp_path)
    for name, content in first.items():
        assert content == second[name], name
    assert len(first["csv"].splitlines()) > 20


def test_what_is_shown_begins_anew_and_tells_no_time(worlds, tmp_path):
    _, period, shown = worlds["south"]
    assert 0.0 < shown.shown_m < 0.6 * shown.whole_m
    stretches = stretches_of_analyses([one for _, one in shown.runs])
    for number, of_run in stretches.groupby("run"):
        assert number in {1, 2}
        assert of_run["block"].iloc[0] == 0
    text = outputs(period, shown, tmp_path)
    for name in ("page", "json", "csv", "geojson"):
        content = text[name] if isinstance(text[name], str) else text[name].decode()
        for word in (
            "Lunch",
            "Elm",
            "T05:",
            "T04:",
            "05:30",
            "Watchmaker",
            *(run.source for run in period.runs),
        ):
            assert word not in content, (name, word)


def test_no_line_comes_near_the_home_of_anybody_in_the_region(worlds, roads):
    library, _, shown = worlds["west"]
    places = shapely.get_coordinates(
        stretches_of_analyses([one for _, one in shown.runs]).geometry.to_numpy()
    )
    home = tuple(map(float, degrees(HOMES["west"][0])))
    square = Square.around(*home, grid_origin_m(library.connection))
    region = region_around(square, home, cuts_of(square, roads), 300.0)
    assert not region.hides(places[:, 1], places[:, 0]).any()
    for at, _ in HOMES.values():
        latitude, longitude = degrees(at)
        assert region.hides([latitude], [longitude]).all()
        away = np.hypot((places[:, 1] - latitude) / METRE[0], (places[:, 0] - longitude) / METRE[1])
        assert away.min() > 300.0


def test_of_few_runs_out_of_hidden_ground_something_is_shown_and_always_of_the_same(
    worlds, roads, monkeypatch
):
    """Each one more would tell where the middle of them lies, on whichever page it is shown."""
    library, period, shown = worlds["west"]
    assert (len(shown.runs), shown.withheld) == (2, 0)
    maps = Maps(roads)
    maps.analyse = lambda recording: SimpleNamespace(summary=SimpleNamespace(distance_m=len(recording.fixes)))
    monkeypatch.setattr("camber.library.sharing.MOST_RUNS", 1)
    again = shown_of(library.connection, period.runs, maps)
    assert (len(again.runs), again.withheld) == (2, 0)  # they were shown before
    with library.writing() as connection:
        assert connection.execute("DELETE FROM preference WHERE key LIKE 'shown %'").rowcount == 1
    first = shown_of(library.connection, period.runs[1:], maps)
    assert (len(first.runs), first.withheld) == (1, 0)
    both = shown_of(library.connection, period.runs, maps)
    assert (len(both.runs), both.withheld) == (1, 1)
    assert [one.summary.distance_m for _, one in both.runs] == [first.runs[0][1].summary.distance_m]


def test_without_a_zone_it_is_refused(library):
    with pytest.raises(SettingsError, match="camber zones add"):
        shown_of(library.connection, [library.run(1)], Maps(None))
