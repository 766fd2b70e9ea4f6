"""The page in a browser: opened from disk without a network, light and dark, on a phone and on paper."""

from dataclasses import replace

import pandas as pd
import pytest

from camber.report.page import story_page
from camber.report.story import Reader, story_of
from tests import fabricate_period as made
from tests.report.browser import Seen, axe_or_skip, browser

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def chromium():
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def path(run, period, tmp_path_factory):
    ways = run.roads.ways.to_crs("EPSG:4326").reset_index()[["way_id", "highway", "geometry"]]
    found = tmp_path_factory.mktemp("page") / "week.html"
    found.write_text(story_page(story_of(period), ways), encoding="utf-8")
    return found


@pytest.mark.parametrize(("width", "dark"), [(390, False), (390, True), (1200, False)])
def test_it_asks_for_nothing_and_complains_about_nothing(chromium, path, width, dark):
    with Seen(chromium, path, width=width, dark=dark) as seen:
        assert seen.asked == [seen.url]
        assert seen.said == []
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        assert int(seen.page.locator("#map").get_attribute("data-stretches")) > 10


def test_the_answer_stands_in_the_top_third_of_a_phone(chromium, path):
    with Seen(chromium, path, width=390, height=844) as seen:
        box = seen.page.locator("h1").bounding_box()
        assert box["y"] + box["height"] < 844 / 3
        assert seen.page.locator(".scale").bounding_box()["y"] < 844 / 2


def test_answer_advice_and_map_stand_above_the_fold_of_a_desk(chromium, path):
    with Seen(chromium, path, width=1200, height=900) as seen:
        for part in ("h1", ".scale", ".tiles", ".try", "#map"):
            box = seen.page.locator(part).bounding_box()
            assert box["y"] + box["height"] <= 900, part
        assert seen.page.locator("#map").bounding_box()["x"] > 600


def test_dark_is_dark(chromium, path):
    colours = {}
    for dark in (False, True):
        with Seen(chromium, path, dark=dark) as seen:
            colours[dark] = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colours == {False: "rgb(255, 255, 255)", True: "rgb(18, 20, 24)"}


def test_the_map_pans_and_zooms(chromium, path):
    with Seen(chromium, path) as seen:
        page = seen.page
        page.locator("#map").scroll_into_view_if_needed()
        box = page.locator("#map").bounding_box()
        before = page.evaluate("[camberMap.getZoom(), camberMap.getCenter().lng]")
        page.locator(".leaflet-control-zoom-in").click()
        assert page.evaluate("camberMap.getZoom()") == before[0] + 1
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.move(*middle)
        page.mouse.down()
        page.mouse.move(middle[0] - 120, middle[1], steps=4)
        page.mouse.up()
        assert page.evaluate("camberMap.getCenter().lng") > before[1]
        page.locator("#map").focus()
        page.keyboard.press("-")
        assert page.evaluate("camberMap.getZoom()") == before[0]
        assert seen.said == []


def test_a_tap_on_a_line_explains_it(chromium, path):
    with Seen(chromium, path, width=390, height=844) as seen:
        page = seen.page
        page.locator("#map").scroll_into_view_if_needed()
        place = page.evaluate(
            """() => { const map = camberMap, found = camberShown().find(s => s.row[4] >= 0).line;
            const p = found.getLatLngs(), n = Math.floor(p.length / 2);
            const a = map.latLngToContainerPoint(p[n - 1]), b = map.latLngToContainerPoint(p[n]);
            const box = map.getContainer().getBoundingClientRect();
            return [box.x + (a.x + b.x) / 2, box.y + (a.y + b.y) / 2]; }"""
        )
        page.mouse.click(*place)
        said = page.locator("#explanation").inner_text()
        for words in ("Rantatie", "towards", "leg low here", "edge of the road", "It falls about"):
            assert words in said


def test_stretches_can_be_stepped_through_by_keyboard(chromium, path):
    with Seen(chromium, path) as seen:
        page = seen.page
        page.locator("#map-after").focus()
        page.keyboard.press("Enter")
        first = page.locator("#explanation").inner_text()
        page.keyboard.press("Enter")
        assert page.locator("#map").get_attribute("data-chosen") == "1"
        assert page.locator("#explanation").inner_text() != first
        page.locator("#map-run").select_option(index=1)
        assert seen.said == []


@pytest.mark.parametrize("dark", [False, True])
def test_no_serious_fault_of_accessibility(chromium, path, dark):
    source = axe_or_skip()
    with Seen(chromium, path, width=390, dark=dark) as seen:
        seen.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        seen.page.evaluate(source)
        found = seen.page.evaluate("axe.run().then(result => result.violations)")
    bad = [
        (fault["id"], [node["html"][:200] for node in fault["nodes"][:3]])
        for fault in found
        if fault["impact"] in {"serious", "critical", "moderate"}
    ]
    assert bad == []


@pytest.mark.parametrize("reader", [Reader.RUNNER, Reader.COACH])
def test_paper_is_one_page_and_an_appendix_and_a_coach_has_one(chromium, period, tmp_path, reader):
    file = tmp_path / "page.html"
    file.write_text(story_page(story_of(period, reader)), encoding="utf-8")
    with Seen(chromium, file, width=1000) as seen:
        document = seen.page.pdf(format="A4", prefer_css_page_size=True)
        seen.page.emulate_media(media="print")
        # A4 between margins of 12 and 13 mm is 184 x 273 mm, or 695 x 1032 CSS pixels.
        seen.page.set_viewport_size({"width": 695, "height": 1032})
        assert seen.page.locator(".summary").bounding_box()["height"] <= 1032
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 695
        wide = "[...document.querySelectorAll('table, svg, #map')].map(e => e.getBoundingClientRect().right)"
        assert max(seen.page.evaluate(wide)) <= 696
        if reader is Reader.RUNNER:
            top = seen.page.locator(".appendix").evaluate("e => getComputedStyle(e).breakBefore")
            assert top == "page"
            assert seen.page.locator("#legs table").is_visible()
    pages = document.count(b"/Type /Page\n") + document.count(b"/Type /Page ")
    assert pages == 1 if reader is Reader.COACH else 2 <= pages <= 4


@pytest.mark.parametrize("told", ["before", "after"])
def test_the_map_on_paper_is_whole_whenever_the_page_is_told_of_paper(chromium, path, told):
    with Seen(chromium, path, width=1200) as seen:
        page = seen.page
        if told == "before":  # as by a browser that tells of paper while its layout is still the screen's
            page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 695, "height": 1032})
        page.wait_for_function("document.getElementById('map').classList.contains('printed')")
        box = page.locator("#map").bounding_box()
        size = page.evaluate("(s => [s.x, s.y])(camberMap.getSize())")
        assert size == [box["width"] - 2.0, box["height"] - 2.0]
        inside = "camberShown().every(s => camberMap.getBounds().contains(s.line.getBounds()))"
        assert page.evaluate(inside)
        page.emulate_media(media="screen")
        page.set_viewport_size({"width": 1200, "height": 800})
        page.wait_for_function("!document.getElementById('map').classList.contains('printed')")
        assert page.locator("#map").bounding_box()["width"] > 400
        assert page.evaluate(inside)


_STEP_IN_RUN = """run => { const runs = document.getElementById('map-run'); runs.value = run;
  runs.dispatchEvent(new Event('change')); document.getElementById('map-after').click(); }"""

_BORN = """[...document.querySelectorAll('body *')].filter(e => !e.closest('.figure, #explanation, #map'))
  .map(e => e.tagName + ':' + e.getAttributeNames().sort())"""


def test_hostile_names_execute_nothing_and_become_no_element(chromium, period, tmp_path, monkeypatch):
    monkeypatch.setattr("camber.report.story.MOST_STREETS", 1000)
    monkeypatch.setattr("camber.report.story.MOST_TRIES", 1000)
    monkeypatch.setattr("camber.report.details._MOST_STREETS", 1000)
    hostile, born = [name or "nothing" for name in made.payloads()], []
    # The same problem twice is counted, not listed twice.
    for names in ([f"a name {n}" for n in range(len(hostile))], hostile):
        file = tmp_path / f"{len(born)}.html"
        file.write_text(story_page(story_of(made.poisoned(period, names))), encoding="utf-8")
        with Seen(chromium, file) as seen:
            for number in range(len(names)):
                seen.page.evaluate(_STEP_IN_RUN, str(number + 1))
                tags = "[...document.querySelectorAll('#explanation *, .street-name *')].map(e => e.tagName)"
                assert set(seen.page.evaluate(tags)) <= {"P", "SPAN"}
                assert seen.page.locator("#map").get_attribute("data-chosen") == "0"
            born.append(seen.page.evaluate(_BORN))
            assert seen.said == []
            assert seen.asked == [seen.url]
    assert len(hostile) >= 60
    assert len(born[0]) > 60 * 10
    listed = [[tag for tag in page if tag != "LI:"] for page in born]
    assert listed[1] == listed[0]


def test_the_policy_is_in_force(chromium, path):
    with Seen(chromium, path) as seen:
        seen.page.evaluate(
            "() => { const s = document.createElement('script'); s.textContent = 'window.owned = 1';"
            " document.body.appendChild(s); const i = document.createElement('img');"
            " i.src = 'https://evil.example/x.png'; document.body.appendChild(i); }"
        )
        seen.page.wait_for_timeout(100)
        assert seen.page.evaluate("window.owned") is None
        assert set(seen.asked) - set(seen.refused) == {seen.url}
        assert any("Content Security Policy" in said for said in seen.said)


# Signed pixels from the way, right of travel, of every shown line: the way is the line as it was packed.
_RIGHT_OF_TRAVEL = """() => camberShown().map(stretch => {
  const map = camberMap, p = stretch.points.map(q => map.latLngToLayerPoint(q));
  const drawn = stretch.line.getLatLngs().map(q => map.latLngToLayerPoint(q));
  const right = drawn.map(q => { let best = 1e9, signed = 0;
    for (let i = 1; i < p.length; i++) {
      const x = p[i].x - p[i - 1].x, y = p[i].y - p[i - 1].y, l2 = x * x + y * y;
      if (!l2) { continue; }
      const t = Math.max(0, Math.min(1, ((q.x - p[i - 1].x) * x + (q.y - p[i - 1].y) * y) / l2));
      const dx = q.x - p[i - 1].x - t * x, dy = q.y - p[i - 1].y - t * y, d = Math.hypot(dx, dy);
      if (d < best) { best = d; signed = (x * dy - y * dx) / Math.sqrt(l2); }
    }
    return signed; });
  return { side: stretch.row[2], out: stretch.row[3], way: p[0].distanceTo(p[p.length - 1]),
    right: right.sort((a, b) => a - b)[Math.floor(right.length / 2)], width: stretch.line.options.weight };
})"""


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("zoom", [15, 17, 19])
def test_every_line_lies_on_the_side_that_was_run(chromium, period, tmp_path, mirror, zoom):
    """A runner in the mirror image, where traffic keeps left, sees the mirror image."""
    file = tmp_path / "page.html"
    file.write_text(story_page(story_of(made.mirrored(period) if mirror else period)), encoding="utf-8")
    facing = 1 if mirror else -1
    with Seen(chromium, file) as seen:
        for run in ("0", "1"):
            seen.page.locator("#map-run").select_option(run)
            seen.page.evaluate(f"void camberMap.setZoom({zoom})")
            lines = [line for line in seen.page.evaluate(_RIGHT_OF_TRAVEL) if line["way"] > 30]
            assert {line["side"] for line in lines} >= {0, facing}
            for line in lines:
                if line["side"] == facing:
                    assert line["right"] * facing > (2.5 if line["out"] else -2.5)
                elif line["side"] == 0:
                    assert abs(line["right"]) < 2.5
                else:
                    assert abs(line["right"]) < 1.0
            thick = {line["width"] for line in lines if line["side"] != 2}
            assert all(line["width"] < min(thick) for line in lines if line["side"] == 2)


def test_the_shift_is_true_to_scale_where_the_map_is_large_enough(chromium, path):
    with Seen(chromium, path) as seen:
        seen.page.evaluate("void camberMap.setZoom(19)")
        lines = [line for line in seen.page.evaluate(_RIGHT_OF_TRAVEL) if line["out"] and line["way"] > 60]
        metres = "40075016.686 * Math.cos(camberMap.getCenter().lat * Math.PI / 180) / (256 * 2 ** 19)"
        per_pixel = seen.page.evaluate(metres)
        assert lines
        for line in lines:
            # 1.5 pixels keep two directions on one side apart.
            assert abs(line["right"] - 1.5) * per_pixel == pytest.approx(line["out"], abs=0.4)


def test_a_week_abroad_on_the_other_side_begins_where_most_was_run(chromium, period, tmp_path):
    """Two runs at home, one where traffic keeps left, a thousand kilometres away: each on its side."""
    home, abroad = period.stretches, made.mirrored(period).stretches
    there = abroad[abroad["run"] == 3].assign(
        geometry=lambda rows: rows.geometry.translate(-17.0, -8.0),
        way_id=lambda rows: rows["way_id"].where(rows["way_id"] < 0, rows["way_id"] + 1000),
    )
    both = pd.concat([home[home["run"] != 3], there], ignore_index=True)
    file = tmp_path / "page.html"
    file.write_text(story_page(story_of(replace(period, stretches=both))), encoding="utf-8")
    with Seen(chromium, file) as seen:
        assert abs(seen.page.evaluate("camberMap.getCenter().lng") - 24.94) < 0.1
        assert seen.page.evaluate("camberMap.getZoom()") > 12
        seen.page.locator("#map-run").select_option("3")
        assert abs(seen.page.evaluate("camberMap.getCenter().lng") - 7.94) < 0.1
        lines = [line for line in seen.page.evaluate(_RIGHT_OF_TRAVEL) if line["way"] > 30 and line["out"]]
        assert {line["side"] for line in lines} - {2} == {1}
        assert all(line["right"] > 2.5 for line in lines if line["side"] == 1)
        seen.page.locator("#map-run").select_option("1")
        lines = [line for line in seen.page.evaluate(_RIGHT_OF_TRAVEL) if line["way"] > 30 and line["out"]]
        assert all(line["right"] < -2.5 for line in lines if line["side"] == -1)
        seen.page.locator("#map-run").select_option("0")
        seen.page.locator("#map-whole").click()
        assert seen.page.evaluate("camberMap.getZoom()") < 8


def test_the_filter_filters_lines_arrows_names_and_steps(chromium, path):
    layers = """() => { const seen = { lines: 0, arrows: 0, names: 0 };
      camberMap.eachLayer(l => { if (l instanceof L.Polygon) { seen.arrows += 1; }
        else if (l instanceof L.Polyline && l.options.interactive) { seen.lines += 1; }
        else if (l instanceof L.Marker) { seen.names += 1; } });
      return seen; }"""
    with Seen(chromium, path, width=1200) as seen:
        page, found = seen.page, {}
        for run in ("0", "1", "2"):
            page.locator("#map-run").select_option(run)
            found[run] = page.evaluate(layers)
            shown = page.evaluate("camberShown().map(s => s.row[0])")
            assert set(shown) == {int(run)}
            assert found[run]["lines"] == len(shown)
            steps = set()
            for _ in range(len(shown) + 2):
                page.locator("#map-after").click()
                steps.add(page.locator("#map").get_attribute("data-chosen"))
            assert steps == {str(n) for n in range(len(shown))}
        # Runs 1 and 2 are the same way: were arrows of the others left, they would be more than of one.
        assert found["1"]["arrows"] == found["2"]["arrows"] > 0
        assert found["0"]["names"] >= 1
        assert seen.said == []
