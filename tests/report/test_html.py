import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from camber.report import Report, html_page

VOID = {"meta", "br", "img", "link", "input", "hr", "rect", "use", "path", "circle"}


class Page(HTMLParser):
    """Elements with their attributes, and the text of each kind of element."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.words, self.open = [], {}, []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        self.words.setdefault(self.open[-1] if self.open else "", []).append(data)

    def of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self):
        return " ".join(" ".join(part for parts in self.words.values() for part in parts).split())


@pytest.fixture(scope="module")
def one(single):
    return html_page(single)


@pytest.fixture(scope="module")
def several(week):
    return html_page(week)


def test_every_element_is_closed(one, several):
    for text in (one, several):
        assert text.startswith("<!doctype html>")
        assert Page(text).open == []


def test_nothing_comes_from_outside(several):
    page = Page(several)
    assert not page.of("script")
    assert not page.of("link")
    assert not page.of("iframe")
    assert not page.of("img")
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            if name in {"href", "xlink:href", "src", "srcset", "data", "action", "poster"}:
                inside = value.startswith("#")
                to_osm = tag == "a" and value == "https://www.openstreetmap.org/copyright"
                assert inside or to_osm, (tag, name, value)
    style = "".join(page.words["style"])
    assert "@import" not in style
    assert "url(" not in style


def test_the_policy_allows_the_style_sheet_by_its_hash_and_nothing_else(several):
    page = Page(several)
    policy = next(m["content"] for m in page.of("meta") if m.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256("".join(page.words["style"]).encode()).digest()).decode()
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["default-src"] == "'none'"
    assert directives["style-src"] == f"'sha256-{digest}'"
    assert "script-src" not in directives
    assert len(page.of("style")) == 1


def test_nothing_that_the_policy_would_switch_off_is_used(several):
    for _tag, attributes in Page(several).elements:
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)


def test_ids_are_unique_and_every_reference_has_its_target(several):
    page = Page(several)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    references = [
        target
        for _tag, attributes in page.elements
        for name in ("href", "xlink:href", "clip-path")
        for target in re.findall(r"#([^)]+)", attributes.get(name, ""))
        if "://" not in attributes[name]
    ]
    assert {"run-1", "run-2"} <= set(references)
    assert set(references) <= set(ids)


def test_it_holds_what_was_found(one, run):
    text = Page(one).text()
    for needed in (
        "Morning run",
        "1.98 km",
        "left leg low",
        "Balance \u22120.49",
        "Facing traffic on 82 %",
        "sidewalk (usually falls the other way)",
        "Come back on the same physical side of Rantatie.",
        "Road Traffic Act 729/2018",
        "FI residential paved, crowned",
        "not medical advice",
        "Safety first",
        "data of 2026-11-01",
    ):
        assert needed in text, needed
    median = f"{run.summary.left_low_m.median / 1000:.2f}"
    assert median in text


def test_several_runs_have_a_total_first_and_a_part_each(several):
    page = Page(several)
    assert [a["id"] for a in page.of("section") if a.get("class") == "run"] == ["run-1", "run-2"]
    text = page.text()
    assert "Week 2026-W47" in text
    assert "Made up for a test." in text
    assert len([a for a in page.of("figure") if a.get("class") == "map"]) == 2


def test_every_figure_has_words_for_those_who_do_not_see_it(several):
    drawings = re.findall(r"<svg\b[^>]*>.*?</svg>", several, re.DOTALL)
    assert drawings
    for drawing in drawings:
        described = 'role="img"' in drawing and re.search(r"<title>[^<]{20,}</title>", drawing)
        assert described or 'aria-hidden="true"' in drawing


def test_left_is_drawn_left_and_right_right(one):
    bars = re.findall(r'<rect class="bar-(left|right)" x="(-?[\d.]+)" y="[\d.]+" width="([\d.]+)"', one)
    (_, left_x, left_width), (_, right_x, _) = bars[:2]
    assert [side for side, _, _ in bars[:2]] == ["left", "right"]
    assert float(left_x) == pytest.approx(-float(left_width))
    assert float(right_x) == 0.0
    words = one.index("◀ left leg low"), one.index("right leg low ▶")
    assert words[0] < words[1]


def test_maps_credit_their_source(one):
    credit = '© <a href="https://www.openstreetmap.org/copyright">OpenStreetMap</a> contributors'
    assert credit in re.search(r"<figcaption>Arrowheads.*?</figcaption>", one, re.DOTALL)[0]
    assert credit in re.search(r"<footer>.*?</footer>", one, re.DOTALL)[0]


def test_drawings_are_well_formed_and_of_known_elements(several):
    maps = re.findall(r'<figure class="map">\s*(<svg.*?</svg>)', several, re.DOTALL)
    assert len(maps) == 2
    known = {"svg", "title", "g", "path", "defs", "use", "clipPath", "rect"}
    for drawing in maps:
        assert {element.tag.rpartition("}")[2] for element in ET.fromstring(drawing).iter()} <= known  # noqa: S314


def test_it_fits_a_phone_prints_and_knows_dark_mode(one):
    assert 'name="viewport" content="width=device-width' in one
    assert "@media print" in one
    assert "prefers-color-scheme: dark" in one


def test_miles_are_miles(run):
    text = Page(html_page(Report((run,), run.summary, units="mi"))).text()
    assert "1.23 mi" in text
    assert not re.search(r"\d km", text.replace("% km", "%"))


def test_the_same_report_gives_the_same_text(one, fabricate):
    run = fabricate.analysis()
    assert html_page(Report((run,), run.summary)) == one
