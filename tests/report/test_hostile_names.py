"""Whatever somebody calls a run, a file or a street, it stays a name."""

import csv
import importlib.util
import io
import json
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from camber.library.loose_runs import period_of_analyses
from camber.report import intervals_csv, intervals_geojson, story_json, story_of, story_page, story_text
from camber.report.wording import plain
from camber.schema import Assumption, Problem, StreetTotal


def _payloads():
    spec = importlib.util.spec_from_file_location("hostile", Path(__file__).with_name("hostile.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.PAYLOADS


PAYLOADS = _payloads()


class Elements(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, tuple(sorted(name for name, _ in attrs)), dict(attrs).get("href")))


def _in_a_table(payload):
    """Text of the map is read as UTF-8, and no UTF-8 holds half a surrogate pair."""
    return payload.encode("utf-8", "replace").decode("utf-8")


def poisoned(run, payload):
    """The run with the payload in every text field that comes from a file or from the map."""
    summary = replace(
        run.summary,
        title=payload,
        time_zone="Europe/Helsinki",
        streets=(StreetTotal(payload, 100.0, 60.0, 30.0, 10.0, -0.1),),
        assumptions=(Assumption("cross_slope", payload, payload, "low", payload or "judgement", 10.0),),
        problems=(Problem("odd", payload, 1),),
    )
    item = run.suggestions.items[0]
    item = replace(
        item, what=payload, where=(payload,), rule=payload, rule_source=payload, against=(payload,)
    )
    suggestions = replace(run.suggestions, explanation=payload, conclusion=payload, items=(item,))
    recording = replace(run.recording, source=payload, name=payload, sport=payload, device=payload)
    ways = run.roads.ways.assign(name=_in_a_table(payload))
    roads = replace(run.roads, ways=ways, source=payload)
    return replace(run, summary=summary, suggestions=suggestions, recording=recording, roads=roads)


def period_of(run, payload, **how):
    bad = poisoned(run, payload)
    return period_of_analyses([bad, bad], **how)


@pytest.fixture(scope="module")
def harmless(run):
    return Elements(story_page(story_of(period_of(run, "a name", with_stretches=True)))).found


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_page_holds_the_same_elements_as_with_a_harmless_name(run, payload, harmless):
    page = story_page(story_of(period_of(run, payload, with_stretches=True)))
    # What is empty has no element: a note, a rule.
    assert Elements(page).found == harmless or not plain(payload)
    assert not any(
        unicodedata.category(c) in {"Cc", "Cs"} for c in page if c not in "\n\t"
    )  # as Leaflet is indented
    page.encode("utf-8")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_terminal_gets_no_command(run, payload):
    out = io.StringIO()
    Console(file=out, width=90, force_terminal=True, color_system="truecolor").print(
        story_text(story_of(period_of(run, payload)), details=True)
    )
    own = (
        "\x1b[0m",
        "\x1b[1m",
        "\x1b[2m",
        "\x1b[1;4m",
        "\x1b[1;34m",
        "\x1b[34m",
        "\x1b[38;5;166m",
        "\x1b[38;5;130m",
    )
    text = out.getvalue()
    for code in own:
        text = text.replace(code, "")
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in text if c != "\n")
    assert "\u202e" not in text


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_spreadsheet_gets_no_formula(run, payload):
    bad = poisoned(run, payload)
    bad = replace(bad, exposure=bad.exposure.assign(slope_source=_in_a_table(payload)))
    lines = list(csv.reader(io.StringIO(intervals_csv([bad]), newline=""), strict=True))
    assert len(lines) == len(bad.exposure) + 1
    for line in lines[1:]:
        assert len(line) == len(lines[0])
        for name, cell in zip(lines[0], line, strict=True):
            if name in {"recording", "slope_source"}:
                assert not cell.lstrip().startswith(
                    ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
                )
                assert not any(unicodedata.category(c) == "Cc" for c in cell)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_json_stays_json(run, payload):
    bad = poisoned(run, payload)
    for text in (story_json(story_of(period_of_analyses([bad]))), intervals_geojson([bad])):
        assert json.loads(text.encode("utf-8"))


def test_there_are_enough_payloads():
    assert len(PAYLOADS) >= 60
    assert len(set(PAYLOADS)) == len(PAYLOADS)
