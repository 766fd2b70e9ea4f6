"""The page says what the story says, draws it on one scale, and says why where there is nothing to say."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from camber.conventions import ENOUGH_TO_COMPARE_M, Side
from camber.report.json_document import story_json
from camber.report.lanes import ALL_RUNS, LANE_METRES, lanes_of, street_sides
from camber.report.page import bar_cells, source_hash, story_page
from camber.report.page_map import drawn_table, map_document, merged_stretches, packed_line, spoken_streets
from camber.report.story import Reader, story_of
from camber.report.wording import METRES_PER_UNIT
from camber.report.year_calendar import year_calendar
from tests import fabricate_period as made

INTERNAL = ("any_road", "any_foot", "(no name)", "road_edge", "left_low", "OpenStreetMap way", "cross_slope:")


class Reading(HTMLParser):
    """The text that a person reads, and what stands in scripts, styles and attributes of figures."""

    def __init__(self, text):
        super().__init__()
        self.text, self.scripts, self.styles, self.inside, self.policy, self.shapes = [], [], [], [], "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "meta" and values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"]
        if tag in {"rect", "line", "text"}:
            self.shapes.append((values.get("class", ""), values))
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
def story(period):
    return story_of(period)


@pytest.fixture(scope="module")
def page(story):
    return story_page(story)


def test_the_same_story_gives_the_same_bytes(period, page):
    assert story_page(story_of(period)) == page


def test_a_policy_names_every_script_and_style_by_its_hash_and_nothing_else_may_load(page):
    read = Reading(page)
    _data, leaflet, own = read.scripts
    assert source_hash(read.styles[0]) in read.policy
    assert source_hash(leaflet) in read.policy
    assert source_hash(own) in read.policy
    assert read.policy.startswith("default-src 'none'")
    assert "unsafe" not in read.policy
    body = page[: page.index("<script")]
    assert " style=" not in body
    assert set(re.findall(r"(?:src|href)=\"(?!#)([^\"]*)", body)) == {
        "https://www.openstreetmap.org/copyright"
    }
    assert "url(" not in read.styles[0]
    assert "sourceMappingURL" not in leaflet


def test_leaflet_carries_its_licence(page):
    assert "Redistribution and use in source and binary forms" in page
    assert "Volodymyr Agafonkin" in page


def test_the_answer_comes_first_and_the_notes_once_at_the_end(story, page):
    text = " ".join(" ".join(Reading(page).text).split())
    order = [story.eyebrow, "left leg low", story.scale, story.tiles[0].value, "What to try next",
             "Your weeks", "Runs", "Streets that count most", "How sure", "not medical advice"]  # fmt: skip
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    for note in story.notes[:-1]:
        assert text.count(note) == 1


def test_the_leg_that_is_named_has_its_colour(story, page):
    if story.leg:
        assert f'<span class="{story.leg}">{story.leg} leg</span>' in page
    open_ = replace(story, low=replace(story.low, leg=""), headline="It could have been <b>either</b> leg.")
    assert "<h1>It could have been &lt;b&gt;either&lt;/b&gt; leg.</h1>" in story_page(open_)


@pytest.mark.parametrize("reader", list(Reader))
def test_no_internal_name_stands_on_the_page(period, reader):
    period = replace(period, stretches=period.stretches.assign(slope_source="any_road_paved"))
    text = story_page(story_of(period, reader))
    body = text[: text.index("<script")] if "<script" in text else text
    data = Reading(text).scripts[:1]
    for word in (*INTERNAL, "-0.0 ", "\u22120.0", " nan "):
        assert word not in re.sub(r"<details id=\"assumptions\".*?</details>", "", body, flags=re.DOTALL)
        assert not any(word in part for part in data)


def numbers(value):
    """All numbers of a document."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for inner in value for number in numbers(inner)]
    return [float(value)] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


@pytest.mark.parametrize("units", ["km", "mi"])
def test_every_number_on_the_page_is_one_of_the_document(period, units):
    """Every distance is a length of it, every percent a share, also of a balance, and counts are counts."""
    story = story_of(period, units=units)
    document = json.loads(story_json(story))
    known = numbers({name: value for name, value in document.items() if name != "story"})
    known += [sum(run.distance_m for run in period.runs), period.total.distance_m, ENOUGH_TO_COMPARE_M]
    known += [sum(side.distance_m for side in period.sides), sum(run.duration_s for run in period.runs)]
    known += [metres / period.total.distance_m for metres in period.total.side_basis_m.values()]
    slopes = [one for one in period.total.assumptions if one.table.startswith("cross_slope")]
    low = sum(one.distance_m for one in slopes if one.confidence == "low")
    known.append(low / sum(one.distance_m for one in slopes))
    streets = [(one["left_low_m"], one["right_low_m"]) for one in document["streets"]]
    known += [left / (left + right) for left, right in streets if left + right > 0.0]
    page = re.sub(r'<details id="assumptions".*?</details>', "", story_page(story), flags=re.DOTALL)
    text = " ".join(" ".join(Reading(page).text).split()).replace("\u00a0", " ")
    lengths = {f"{value / METRES_PER_UNIT[units]:.1f}" for value in known}
    shares = {str(round(100.0 * one)) for value in known for one in (value, 1.0 - value, (1.0 - value) / 2.0)}
    found = re.findall(r"([\d.]+) (%|km\b|mi\b)", text)
    assert len(found) > 60
    for number, unit in found:
        assert number in (shares | {"90", "100"} if unit == "%" else lengths), (number, unit)
    counts = {str(round(value)) for value in known} | {str(len(period.runs)), "0"}
    for number, noun in re.findall(r"(?<![\d.])(\d+) (runs|weeks)\b", text):
        assert number in counts | {str(len(period.weeks) - 1)}, (number, noun)


def places(page, names):
    shapes = [(kind.split()[0], values) for kind, values in Reading(page).shapes if kind]
    return [
        (kind, float(values["x"].rstrip("%")), float(values["width"].rstrip("%")))
        for kind, values in shapes
        if kind in names and values.get("x", "").endswith("%")
    ]


def test_left_stands_on_the_left_on_one_scale(story, page):
    share, usual = story.low.left_share, story.usual_share
    (_, x, width), (_, band_x, band_width) = places(page, {"range"}) + places(page, {"band"})
    assert x == pytest.approx(100.0 * (1.0 - share.high), abs=0.01)
    assert width == pytest.approx(100.0 * (share.high - share.low), abs=0.01)
    assert band_x == pytest.approx(100.0 * (1.0 - usual.high), abs=0.01)
    assert band_width >= 100.0 * (usual.high - usual.low) - 0.01
    drawn = [line.low.left_share.median for line in (*story.weeks, *story.runs) if line.low is not None]
    drawn += [street.p_left for street in story.streets if street.p_left is not None]
    bars = places(page, {"fill"})
    assert len(bars) == len(drawn)
    for _, x, width in bars:
        # From the middle to the share: nothing of it on the other side.
        assert x == pytest.approx(50.0, abs=0.01) or x + width == pytest.approx(50.0, abs=0.02)
    reach = sorted(round(width, 1) for _, _, width in bars)
    assert reach == pytest.approx(sorted(round(100.0 * abs(m - 0.5), 1) for m in drawn), abs=0.11)


def test_the_mirrored_library_gives_the_mirrored_page(period, page):
    mirror = story_page(story_of(made.mirrored(period)))
    names = {"fill", "range", "band", "usual"}
    ours, theirs = (sorted(places(text, names)) for text in (page, mirror))
    turned = sorted((kind, round(100.0 - x - width, 2), width) for kind, x, width in theirs)
    assert [row[0] for row in turned] == [row[0] for row in ours]
    assert np.allclose([row[1:] for row in turned], [row[1:] for row in ours], rtol=0.0, atol=0.03)


def test_the_mirrored_library_gives_the_mirrored_map(period):
    ours, theirs = (map_document(p, None, "km")["stretches"] for p in (period, made.mirrored(period)))
    strokes, sides = {0: 2, 1: 3, 2: 0, 3: 1}, {-1: 1, 1: -1}
    drawn = sorted((row[0], strokes.get(row[1], row[1]), sides.get(row[2], row[2]), row[3]) for row in theirs)
    assert drawn == sorted((row[0], row[1], row[2], row[3]) for row in ours)


def test_empty_states_say_why(period):
    for empty in (made.without_runs(period), made.not_analysed(period)):
        story = story_of(empty)
        text = story_page(story)
        assert story.headline in text
        assert '<svg class="scale"' not in text
        assert 'id="map"' not in text
    waiting = story_of(made.not_analysed(period))
    assert waiting.runs[0].words in story_page(waiting)


def test_one_run_and_sixty_fit(period):
    one = replace(period, runs=period.runs[:1], usual=None)
    assert story_page(story_of(one)).count('<table class="lines Runs">') == 1
    many = replace(period, runs=period.runs * 20)
    text = story_page(story_of(many))
    assert "All 60 runs" in text
    assert text.index('class="appendix"') < text.index('<table class="lines Runs">')


def test_beyond_what_a_page_holds_the_map_shows_all_runs_together(period, monkeypatch):
    monkeypatch.setattr("camber.report.page_map.MOST_STRETCHES", 3)
    assert {row[0] for row in map_document(period, None, "km")["stretches"]} == {ALL_RUNS}
    assert '<option value="1">' not in story_page(story_of(period))


def test_others_see_no_titles_and_a_coach_no_place(period):
    shared, coach = (story_page(story_of(period, reader)) for reader in (Reader.SHARED, Reader.COACH))
    for name in ("Morning run", "Blue shoes", "1.gpx"):
        assert name not in shared
        assert name not in coach
    for name in ("Rantatie", "Puistokatu", "map-data", 'id="map"'):
        assert name not in coach
    assert "Runner:" in coach
    assert "<details" not in coach


def test_names_of_roads_around_are_for_the_runner_alone(period, run):
    ways = run.roads.ways.to_crs("EPSG:4326").reset_index()[["way_id", "highway", "name", "geometry"]]
    around = "Kirkkotie"
    assert around not in set(period.stretches["street"])
    assert around in story_page(story_of(period), ways)
    for reader in (Reader.SHARED, Reader.COACH):
        assert around not in story_page(story_of(period, reader), ways)


def test_miles_are_miles(period):
    text = " ".join(Reading(story_page(story_of(period, units="mi"))).text)
    assert f"{sum(run.distance_m for run in period.runs) / 1609.344:.1f} mi" in text.replace("\u00a0", " ")
    assert not re.search(r"\d[\d.]* km\b(?! on roads)", text.replace("\u00a0", " "))


def test_cells_of_a_mail_are_the_same_scale():
    assert bar_cells(0.66) == [(34, "#e2e5ea"), (16, "#2166AC"), (50, "#e2e5ea")]
    assert bar_cells(0.34) == [(50, "#e2e5ea"), (16, "#B35806"), (34, "#e2e5ea")]
    for share in np.linspace(0.0, 1.0, 41):
        assert sum(percent for percent, _ in bar_cells(share)) == 100


def test_a_year_has_a_square_for_each_day(period):
    year = replace(period, kind="year", starts_on=made.MONDAY.replace(month=1, day=1),
                   ends_on=made.MONDAY.replace(month=12, day=31))  # fmt: skip
    drawn = year_calendar(year)
    assert drawn.count('class="cell off"') == 365
    marks = re.findall(r'class="cell (left|right|none)(?: pale)?" x="(\d+)" y="\d+" width="(\d+)"', drawn)
    assert len(marks) == len({run.day for run in period.runs})
    # Left is the left half of a square, right its right half: also without colour.
    turned = year_calendar(replace(year, runs=made.mirrored(period).runs))
    other = re.findall(r'class="cell (left|right|none)(?: pale)?" x="(\d+)" y="\d+" width="(\d+)"', turned)
    assert [made.SWAPPED.get(leg, leg) for leg, *_ in other] == [leg for leg, *_ in marks]
    assert {
        int(a) - int(b) for (leg, a, _), (_, b, _) in zip(marks, other, strict=True) if leg == "left"
    } <= {-5}
    story = story_of(year)
    assert "The year, day by day" in story_page(story)
    assert [tile.label for tile in story.tiles][1] == "weeks by leg"
    assert story.usual == "", "a year is not compared with the weeks that it holds"


def test_joined_stretches_keep_every_metre(period):
    merged = merged_stretches(drawn_table(period.stretches))
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
    assert max(lane["passes"] for lane in lanes) == len(period.runs)


def test_a_street_is_told_by_the_side_of_the_compass_on_which_it_was_run(period):
    # Rantatie runs east. Out on its left is north; back on the left of travel is south.
    sides = street_sides(period.stretches)
    assert sides["Rantatie"] == f"{len(period.runs)} of {2 * len(period.runs)} passes on the north side"
    out = period.stretches[period.stretches["travel_direction"] == 1]
    assert street_sides(out)["Rantatie"] == "3 of 3 passes on the north side"
    other = out.assign(side=out["side"].replace({Side.LEFT: Side.RIGHT}))
    assert street_sides(other)["Rantatie"] == "3 of 3 passes on the south side"
    assert street_sides(out[out["run"] == 1])["Rantatie"] == "on the north side"


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
    "At the edge of the road on the left, seen in the recording. It falls about 2 % to the left; "
    "a guess from road standards."
)


def test_the_map_explains_street_direction_leg_side_and_fall(period):
    document = map_document(period, None, "km")
    first = next(row for row in document["stretches"] if row[0] == 1)
    assert [document["texts"][place] for place in first[5:8]] == [
        "Rantatie, towards the east, Mon 16 Nov",
        "Left leg low here: 9 in 10. 580 m.",
        SIDE_AND_FALL,
    ]
