"""Questions on the page: for the runner alone, answered by keyboard and touch, copied as one line."""

import re
import shlex
from dataclasses import replace
from html import unescape

import pytest

from camber.report.page import source_hash, story_page
from camber.report.story import Reader, story_of
from camber.schema import Choice, Inquiry
from tests.report.browser import Seen, axe_or_skip, browser

HABIT = Inquiry(
    "sidewalk",
    "",
    "",
    12_000.0,
    ("Do you take the sidewalk where there is one?",),
    ((Choice("a", "always"), Choice("n", "never")),),
    0.21,
)
STREET = Inquiry(
    "street-10",
    "<b>Katu</b> & Sons",
    "between A and B",
    3400.0,
    ("Where do you run there?", "And which way does it fall under you there?"),
    (
        (Choice("1", "at the edge"), Choice("4", "on the sidewalk")),
        (Choice("o", "outward"), Choice("f", "flat")),
    ),
    0.08,
)


@pytest.fixture(scope="module")
def asked(period):
    return replace(period, inquiries=(HABIT, STREET))


@pytest.fixture(scope="module")
def page(asked):
    return story_page(story_of(asked))


def test_the_page_asks_and_says_what_it_would_help(page):
    assert "Do you take the sidewalk where there is one?" in page
    assert "&lt;b&gt;Katu&lt;/b&gt; &amp; Sons" in page
    assert "<b>Katu" not in page
    assert "21 % narrower" in unescape(page)
    assert page.count('type="radio" name="q') == 3 + 3 + 3


@pytest.mark.parametrize("reader", [Reader.SHARED, Reader.COACH])
def test_nobody_else_sees_a_question(asked, reader):
    page = story_page(story_of(asked, reader))
    assert "Katu" not in page
    assert 'name="q1' not in page


@pytest.mark.parametrize("with_map", [True, False])
def test_scripts_are_allowed_by_their_hashes_and_no_other_way(asked, with_map):
    period = asked if with_map else replace(asked, stretches=None)
    page = story_page(story_of(period))
    policy = unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1])
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == (3 if with_map else 1)
    allowed = re.search(r"script-src ([^;]*);", policy)[1].split()
    assert allowed == [f"'{source_hash(script)}'" for script in scripts]
    assert not re.search(r'\son[a-z]+="', page)


def test_without_questions_there_is_no_script_for_them(period):
    page = story_page(story_of(replace(period, stretches=None)))
    assert "told-line" not in page.replace("#told-line", "")
    assert "script-src 'none'" in unescape(page)


@pytest.fixture(scope="module")
def chromium():
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def path(page, tmp_path_factory):
    found = tmp_path_factory.mktemp("page") / "week.html"
    found.write_text(page, encoding="utf-8")
    return found


@pytest.mark.slow
def test_answers_by_keyboard(chromium, path):
    with Seen(chromium, path) as seen:
        page = seen.page
        page.locator("[data-question=sidewalk] summary").click()
        first = page.locator("[data-question=sidewalk] input").first
        first.focus()
        page.keyboard.press("n")
        assert page.locator("#told-line").inner_text() == "camber tell sidewalk=n"
        page.keyboard.press("Tab")
        street = page.locator("[data-question=street-10]")
        street.locator("summary").focus()
        page.keyboard.press("Enter")
        street.locator("fieldset").first.locator("input").first.focus()
        page.keyboard.press("4")
        # Of a question with two parts one alone is no answer yet.
        assert page.locator("#told-line").inner_text() == "camber tell sidewalk=n"
        street.locator("fieldset").nth(1).locator("input").first.focus()
        page.keyboard.press("ArrowDown")
        line = page.locator("#told-line").inner_text()
        assert shlex.split(line) == ["camber", "tell", "sidewalk=n", "street-10=4f"]
        assert seen.asked == [seen.url]
        assert seen.said == []


@pytest.mark.slow
def test_answers_by_touch_on_a_phone_are_copied(chromium, path):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, offline=True)
    page = context.new_page()
    page.goto(path.as_uri())
    page.locator("[data-question=sidewalk] summary").tap()
    label = page.locator("[data-question=sidewalk] label", has_text="always")
    assert label.bounding_box()["height"] >= 36
    label.tap()
    page.locator("#told-copy").tap()
    page.locator("#told-said", has_text=re.compile("Cop")).wait_for()
    assert page.locator("#told-line").inner_text() == "camber tell sidewalk=a"
    said = page.locator("#told-said").inner_text()
    assert said in {"Copied: paste it into a terminal.", "Copy the marked line."}
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


@pytest.mark.slow
def test_a_screen_reader_finds_its_way(chromium, path):
    with Seen(chromium, path) as seen:
        seen.page.evaluate(axe_or_skip())
        found = seen.page.evaluate("axe.run('#questions').then(r => r.violations.map(v => v.id))")
    assert found == []
