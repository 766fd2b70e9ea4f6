"""The page about a week says what the JSON says, and why where there is nothing to say."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from camber.report.figures import figure_of, figure_png
from camber.report.inline_svg import inline_svg
from camber.report.json_document import story_json
from camber.report.lanes import ALL_RUNS, LANE_METRES, lanes_of
from camber.report.page_map import drawn_table, map_document, merged_stretches, packed_line, spoken_streets
from camber.report.period_answer import answer, left_share, usual_sentence
from camber.report.period_cards import TALL, WIDE, week_cards
from camber.report.period_figures import plot_answer, plot_days, plot_trend
from camber.report.period_page import Audience, PageOptions, source_hash, week_page
from camber.report.story import story_of
from camber.report.wording import METRES_PER_UNIT
from camber.schema import Interval
from tests import fabricate_period as made


class Reader(HTMLParser):
    """The text that a person reads, and what stands in the scripts."""

    def __init__(self, text):
        super().__init__()
        self.text, self.scripts, self.styles, self.inside, self.policy = [], [], [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "meta" and values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"]
        if tag in {"script", "style", "title"}:
            self.inside.append(tag)
            {"script": self.scripts, "style": self.styles, "title": []}[tag].append("")

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data):
        if not self.inside:
            self.text.append(data)
        elif self.inside[-1] == "script":
            self.scripts[-1] += data
        elif self.inside[-1] == "style":
            self.styles[-1] += data


@pytest.fixture(scope="module")
def period(run):
    return made.week(run)


@pytest.fixture(scope="module")
def page(period):
    return week_page(period, PageOptions(basemap=None))


def test_the_same_week_gives_the_same_bytes(period, page):
    assert week_page(period) == page


def test_a_policy_names_every_script_and_style_by_its_hash_and_nothing_else_may_load(page):
    read = Reader(page)
    _data, leaflet, own = read.scripts
    assert source_hash(read.styles[0]) in read.policy
    assert source_hash(leaflet) in read.policy
    assert source_hash(own) in read.policy
    assert read.policy.startswith("default-src 'none'")
    assert "unsafe" not in read.policy
    body = page[: page.index("<script")]
    assert set(re.findall(r"(?:src|href)=\"(?!#)([^\"]*)", body)) == {
        "https://www.openstreetmap.org/copyright"
    }
    assert "url(" not in read.styles[0]
    assert "sourceMappingURL" not in leaflet


def test_leaflet_carries_its_licence(page):
    assert "Redistribution and use in source and binary forms" in page
    assert "Volodymyr Agafonkin" in page


def test_the_answer_names_the_leg_only_where_the_interval_does():
    assert left_share(Interval(-0.4, -0.2, 0.0)) == Interval(0.5, 0.6, 0.7)


@pytest.mark.parametrize(
    ("balance", "start", "share"),
    [
        (Interval(-0.6, -0.4, -0.2), "The left leg was the low one", (70, 60, 80)),
        (Interval(0.2, 0.4, 0.6), "The right leg was the low one", (70, 60, 80)),
        (Interval(-0.4, -0.1, 0.2), "Neither leg was clearly the low one: the left leg", (55, 40, 70)),
    ],
)  # fmt: skip
def test_the_answer_in_words(period, balance, start, share):
    said = answer(replace(period, total=replace(period.total, balance=balance)))
    middle, low, high = share
    assert said == f"{start} on about {middle} % of the tilted metres (90 % interval {low} to {high} %)."


def test_empty_states_say_why(period):
    nothing, waiting = made.without_runs(period), made.not_analysed(period)
    assert answer(nothing) == "No runs this week."
    assert "No runs this week." in week_page(nothing)
    assert "could be analysed" in answer(waiting)
    assert "not analysed yet" in week_page(waiting)
    trail = replace(period, total=replace(period.total, balance=None))
    assert answer(trail).startswith("Nothing of this week could be judged")
    assert "Nothing of this week could be judged" in week_page(trail)
    assert usual_sentence(replace(period, usual=None)).startswith("First weeks:")
    first = replace(period, usual=None)
    assert "First weeks:" in week_page(first)


def test_too_little_is_said_and_drawn_hollow(period):
    surfaces = tuple(replace(s, distance_m=s.distance_m / 10.0) for s in period.total.surfaces)
    little = replace(period, total=replace(period.total, surfaces=surfaces))
    assert answer(little).startswith("Too little to compare")
    faces = [bar.get_facecolor()[3] for bar in plot_answer(little.total).patches]
    assert faces == [0.0, 0.0]
    assert [bar.get_facecolor()[3] for bar in plot_answer(period.total).patches] == [1.0, 1.0]


def test_left_hand_traffic_changes_words_about_traffic_alone(period):
    abroad = replace(period, total=replace(period.total, facing_traffic=0.1))
    here, there = week_page(period), week_page(abroad)
    share = "Facing traffic on 82 % of the metres"
    assert there.replace("Facing traffic on 10 % of the metres", share) == here


# What the page writes of a number of the JSON document: metres in the unit, shares, balances, tilts, counts.
def _written(value):
    if isinstance(value, bool) or value is None:
        return set()
    if isinstance(value, dict):
        return set().union(*map(_written, value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*map(_written, value)) if value else set()
    if isinstance(value, str):
        return set(re.findall(r"\d+(?:\.\d+)?", value))
    share = (1.0 - value) / 2.0
    return {
        f"{value / METRES_PER_UNIT['km']:.2f}",
        f"{abs(value):.2f}",
        f"{value:g}",
        str(round(100.0 * value)),
        str(round(100.0 * share)),
        str(round(100.0 * (1.0 - share))),
        str(round(value / 60.0)),
        str(round(value / 60.0) // 60),
        f"{round(value / 60.0) % 60:02d}",
    }


def test_every_number_of_the_page_is_one_of_the_json(period, page):
    document = json.loads(story_json(story_of(period)))
    known = _written(document)
    whole = document["total"]
    # Sums that sentences tell, of numbers of the document.
    roads = sum(
        s["distance_m"]
        for s in whole["surfaces"]
        if s["surface_kind"] in {"road_edge", "road_centre", "sidewalk"}
    )
    named = sum(whole["verdict_m"][name] for name in ("left_low", "right_low", "level"))
    spread = sum(run["distance_m"] for run in document["runs"])
    lasting = sum(run["duration_s"] for run in document["runs"])
    for value in (roads, named, spread, lasting, 1.0 - whole["coverage"]):
        known |= _written(value)
    for share in whole["side_basis_m"].values():
        known |= {str(round(100.0 * share / whole["distance_m"]))}
    slopes = [a for a in whole["assumptions"] if a["table"].startswith("cross_slope")]
    low = sum(a["distance_m"] for a in slopes if a["confidence"] == "low") / sum(
        a["distance_m"] for a in slopes
    )
    known |= {str(round(100.0 * low)), str(len(document["runs"]))}
    words = {"90", "0", "5", "1", "200", "1.0", document["camber_version"]}  # 90 %, 5 km, ODbL 1.0
    text = " ".join(Reader(page).text)
    found = set(re.findall(r"\d+(?:\.\d+)*", text.replace("\u2009", "")))
    days = {part for day in re.findall(r"\d{4}-\d{2}-\d{2}", text) for part in day.split("-")}
    assert len(found) > 60
    assert found - known - words - days == set()


def test_miles_are_miles(period):
    text = " ".join(Reader(week_page(period, PageOptions(units="mi"))).text)
    assert f"{period.total.distance_m / 1609.344:,.2f} mi" in text
    assert " km" not in text.replace("% km", "").replace("5 km on roads", "")


def test_the_mirrored_library_gives_the_mirrored_report(period):
    mirror = made.mirrored(period)
    swap = {"left": "right", "right": "left"}
    said = re.sub(r"\b(left|right)\b", lambda m: swap[m[1]], answer(mirror))
    assert said == answer(period)
    share, turned = left_share(period.total.balance), left_share(mirror.total.balance)
    assert turned.median == pytest.approx(1.0 - share.median, abs=1e-12)
    for plot in (lambda p: plot_days(p.runs), plot_trend):
        here, there = plot(period), plot(mirror)
        ours = [(bar.get_x(), bar.get_width()) for bar in here.patches if bar.get_height() < 0.9]
        theirs = [(bar.get_x(), bar.get_width()) for bar in there.patches if bar.get_height() < 0.9]
        assert np.allclose(sorted((-x, -w) for x, w in theirs), sorted(ours), rtol=0.0, atol=1e-9)
    ours, theirs = (map_document(p, None, "km")["stretches"] for p in (period, mirror))
    strokes, sides = {0: 2, 1: 3, 2: 0, 3: 1}, {-1: 1, 1: -1}
    drawn = sorted((row[0], strokes.get(row[1], row[1]), sides.get(row[2], row[2]), row[3]) for row in theirs)
    assert drawn == sorted((row[0], row[1], row[2], row[3]) for row in ours)


def test_joined_stretches_keep_every_metre(period):
    table = drawn_table(period.stretches)
    merged = merged_stretches(table)
    assert len(merged) < len(period.stretches)
    for name in LANE_METRES:
        assert sum(row[name] for row in merged) == pytest.approx(period.stretches[name].sum(), abs=1e-6)


def test_the_streets_of_all_runs_hold_every_metre_on_ways_once(period):
    table = drawn_table(period.stretches)
    on_ways = table[(table["way_id"] != -1) & (table["start_chainage_m"] != table["end_chainage_m"])]
    lanes = lanes_of(table)
    assert {lane["run"] for lane in lanes} == {ALL_RUNS}
    for name in LANE_METRES:
        assert sum(lane[name] for lane in lanes) == pytest.approx(on_ways[name].sum(), rel=1e-9)
    runs = len({run.run for run in period.runs})
    assert max(lane["passes"] for lane in lanes) == runs


def test_ways_without_a_name_are_told_by_the_streets_before_and_after_them(period):
    names = ["Rantatie", "footway (no name)", "Kirkkotie", "", "service (no name)", "footway (no name)"]
    some = period.stretches.iloc[: len(names)].assign(street=names, run=[1, 1, 1, 1, 1, 2])
    spoken = spoken_streets(some)
    assert spoken["street"] == [
        "Rantatie",
        "path between Rantatie and Kirkkotie",
        "Kirkkotie",
        "off the mapped roads near Kirkkotie",
        "service road near Kirkkotie",
        "path without a name",
    ]
    assert spoken["named"] == [True, False, True, False, False, False]


def test_a_packed_line_is_the_line_to_a_metre():
    line = np.array([[24.93811, 60.16952], [24.93999, 60.1701], [24.94012, 60.17388]])
    numbers = np.array(packed_line(line)).reshape(-1, 2)
    assert np.abs(np.cumsum(numbers, axis=0) / 1e5 - line).max() < 6e-6


SIDE_AND_FALL = (
    "You ran on the edge of the road on the left, seen in the recording. It falls about 2 % to the left; "
    "a guess from road standards."
)


def test_the_map_explains_street_direction_leg_side_and_fall(period):
    document = map_document(period, None, "km")
    first = next(row for row in document["stretches"] if row[0] == 1)
    assert [document["texts"][place] for place in first[5:8]] == [
        "Rantatie, towards the east, Mon 16 Nov",
        "Left leg low here: 19 in 20. 580 m.",
        SIDE_AND_FALL,
    ]
    assert "OpenStreetMap way" not in " ".join(document["texts"])


def test_a_coach_sees_no_place_and_no_name(period):
    text = week_page(period, PageOptions(audience=Audience.COACH))
    for name in ("Rantatie", "Puistokatu", "Morning run", "map-data", "Blue shoes", "1.gpx", 'id="map"'):
        assert name not in text
    assert text.count("2026-W") >= 12


def test_figures_and_cards_have_the_same_bytes_twice(period):
    for plot in (lambda: plot_trend(period), lambda: plot_days(period.runs)):
        assert figure_png(figure_of(plot())) == figure_png(figure_of(plot()))
        drawn = [inline_svg(figure_of(plot()), words="words", prefix="a") for _ in range(2)]
        assert drawn[0] == drawn[1]
        assert "<title>words</title>" in drawn[0]
    assert week_cards(period) == week_cards(period)
    for card, size in zip(week_cards(period), (WIDE, TALL), strict=True):
        assert card[:8] == b"\x89PNG\r\n\x1a\n"
        assert (int.from_bytes(card[16:20]), int.from_bytes(card[20:24])) == size


def test_every_figure_has_words_and_a_table(page):
    assert page.count("<figure") == page.count("<figcaption>") == 3
    assert page.count('role="img"') == 3
    assert page.count("<table>") >= 6
