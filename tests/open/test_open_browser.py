"""The whole way of a newcomer in a browser: an empty library, an export, answers, a page to be shared."""

import json
import os
import re
import time
from pathlib import Path

import pytest

from tests.open.served import EXPORT, ROADS, served
from tests.report.browser import axe_or_skip, browser

pytestmark = pytest.mark.slow
WAIT_MS = 120_000


class Tab:
    """A page of the server, everything it asked for and complained about, and its faults of accessibility."""

    def __init__(self, chromium, address, *, width, dark):
        self.context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        self.page, self.asked, self.said, self.width = self.context.new_page(), [], [], width
        self.page.set_default_timeout(WAIT_MS)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.home = re.match(r"http://[^/]+", address)[0]
        self.page.goto(address)

    def looks_well(self, source):
        """No serious fault for a screen reader, nothing beyond the edge."""
        assert self.page.evaluate("document.documentElement.scrollWidth") <= self.width
        self.page.evaluate(source)
        found = self.page.evaluate("axe.run().then(result => result.violations)")
        assert [
            (fault["id"], fault["nodes"][0]["html"][:200]) for fault in found if fault["impact"] != "minor"
        ] == []

    def is_quiet(self):
        assert self.said == []
        assert [url for url in self.asked if not url.startswith((self.home, "blob:", "data:"))] == []


def until(page, holds):
    """Wait for what is true of a page; its policy lets nobody put a script into it that would look."""
    ends = time.monotonic() + WAIT_MS / 1000.0
    while not page.evaluate(holds):
        assert time.monotonic() < ends, holds
        page.wait_for_timeout(200)


def idle(page):
    """Wait until nothing is under way, and the page has said so."""
    until(page, "!document.querySelector('.chore.running, .chore.waiting, [aria-busy]')")
    page.wait_for_timeout(700)  # what has ended is told a quarter of a second later
    until(page, "!document.querySelector('.chore.running, .chore.waiting, [aria-busy]')")


def answer(question):
    """Answer a question on the page by its first choice."""
    if question.get_attribute("open") is None:
        question.locator("summary").first.click()
    if question.locator("input[type=radio]").count():
        for part in question.locator("fieldset").all():
            part.locator("input[type=radio]").first.check()
        question.get_by_role("button", name="Answer").click()
    else:
        question.locator(".choices button").first.click()


def left_range(page):
    """The range of the left leg's share as the scale says it, in percent."""
    found = re.search(r"\((\d+) to (\d+)\)", page.locator(".scale text.value").text_content())
    return int(found[1]), int(found[2])


@pytest.mark.skipif("CAMBER_LONG" not in os.environ, reason="takes a minute: on demand, with CAMBER_LONG=1")
def test_the_whole_way_of_a_newcomer(tmp_path):
    source = axe_or_skip()
    with browser() as chromium, served(tmp_path / "home") as (address, _):
        tab = Tab(chromium, address, width=1200, dark=False)
        page = tab.page
        assert page.url.endswith("/library")
        tab.looks_well(source)
        page.locator("#files").set_input_files(EXPORT)
        page.locator(".chore.done", has_text="simulated_strava_export.zip").wait_for()
        page.locator("#files").set_input_files(ROADS)
        page.locator(".chore.done", has_text="kouvola.osm.pbf").wait_for()
        page.locator(".chore.done", has_text="Analysing what is new").last.wait_for()
        idle(page)
        tab.looks_well(source)
        page.goto(f"{tab.home}/week/2026-W47")
        idle(page)
        assert "simulated" in page.locator("main").inner_text()
        tab.looks_well(source)
        before = left_range(page)
        for _ in range(3):
            told = page.locator(".told ul").inner_text() if page.locator(".told").count() else ""
            answer(page.locator("#questions details").first)
            until(
                page, f"((document.querySelector('.told ul') || {{}}).innerText || '') !== {json.dumps(told)}"
            )
            idle(page)
        after = left_range(page)
        assert after[1] - after[0] < before[1] - before[0]
        assert " is now " in page.locator(".chores").inner_text()
        page.goto(f"{tab.home}/streets")
        while told := page.locator(".told li").count():
            page.locator(".told li").first.get_by_role("button", name="Take back").click()
            until(page, f"document.querySelectorAll('.told li').length < {told}")
        idle(page)
        page.goto(f"{tab.home}/week/2026-W47")
        idle(page)
        assert left_range(page) == before
        page.goto(f"{tab.home}/zones")
        page.locator("#zone-map").click()
        page.get_by_role("button", name="Add").click()
        page.locator(".zones li", has_text="400 m").last.wait_for()
        tab.looks_well(source)
        # Between two towns, where no map is kept: the zone of the export alone is enough for the page.
        page.locator(".zones li", has_text="400 m").get_by_role("button", name="Remove").click()
        page.locator(".zones li", has_text="400 m").wait_for(state="detached")
        page.goto(f"{tab.home}/week/2026-W47")
        page.get_by_role("button", name="Write a page to be shared").click()
        # What is hidden goes by a secret of the library: in a small town that may be all, which is said.
        page.locator(":is(.chore.done, .chore.failed)", has_text="to be shared").wait_for()
        page.get_by_role("button", name="Write one for a coach").click()
        with page.expect_download() as download:
            done = page.locator(".chore.done", has_text="for a coach")
            done.get_by_role("link", name="Save the page").click()
        written = Path(download.value.path()).read_text("utf-8")
        assert "For their coach" in written
        assert "Lautakatontie" not in written
        tab.is_quiet()
        phone = Tab(chromium, address, width=390, dark=True)
        assert phone.page.get_by_text("good once").count() or "each is good once" in phone.page.content()
        phone.context.add_cookies(tab.context.cookies())
        phone.said.clear()
        for path in ("week/2026-W47", "runs", "run/1", "streets", "next", "library", "zones", "settings"):
            phone.page.goto(f"{phone.home}/{path}")
            phone.page.wait_for_load_state("load")
            phone.looks_well(source)
        phone.is_quiet()
