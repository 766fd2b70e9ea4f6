"""``camber ask`` and the answers that the page writes, in a library of the small town."""

import json
import os
import shlex
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

import camber
from camber.cli import ask as asking
from camber.library import Library
from camber.library.asking import passed_over, question_named
from camber.observations import questions
from camber.observations.questions import answers_to
from camber.report import story_page
from camber.report.story import story_of
from tests.report.browser import Seen, browser


@pytest.mark.usefixtures("known_town")
def test_ask_and_tell(town, call):
    code, out, _ = call("ask", "--json")
    assert code == 0
    listed = json.loads(out)["questions"]
    code, text, _ = call("ask", "--most", "20")
    assert code == 0
    for one in listed:
        assert f"camber tell {one['name']}=" in text

    # The line that the page writes: kept, and the runs that pass there analysed again.
    code, out, err = call("tell", "street-101=1o", "--roads", town)
    assert code == 0, err
    assert "Rantatie" in out
    assert "analysed again" in out
    assert "Rantatie" in call("tell", "list")[1]
    assert call("week", "--details")[1].count("whose side you told") == 1

    # All of them are kept or none, and what is wrong is one sentence.
    before = call("tell", "list")[1]
    for wrong, said in (("street-101=9o", "is no answer"), ("street-9=1o", "there is no question")):
        code, _, err = call("tell", "street-101=2o", wrong)
        assert code != 0
        assert said in err
        assert "Traceback" not in err
    assert call("tell", "list")[1] == before


def test_keys_one_after_the_other(monkeypatch):
    pressed = iter(["z", "1", "o"])
    monkeypatch.setattr(asking.typer, "getchar", lambda: next(pressed))
    assert [asking._pressed({"1", "2"}), asking._pressed({"o", "i"})] == ["1", "o"]
    monkeypatch.setattr(asking.typer, "getchar", lambda: "\x03")
    assert asking._pressed({"1"}) == "q"


@pytest.fixture
def somebody(monkeypatch):
    """Somebody sits at the terminal, is asked about one street, and presses keys one after the other."""

    def answers(keys, *, now=True):
        pressed = iter(keys)
        monkeypatch.setattr(asking, "_is_somebody_there", lambda _session: True)
        monkeypatch.setattr(asking.typer, "confirm", lambda *_, **__: now)
        monkeypatch.setattr(asking.typer, "getchar", lambda: next(pressed))
        one = "street-101"
        monkeypatch.setattr(Library, "questions", lambda self, *_: (question_named(self.connection, one),))

    return answers


@pytest.mark.usefixtures("known_town")
def test_start_asks_after_its_answer_and_writes_the_page_anew(call, town, tmp_path, somebody):
    runs = Path(os.environ["CAMBER_HOME"]) / "runs"
    words = ("--offline", "start", runs, "--roads", town, "-o", tmp_path, "--no-open")
    page = tmp_path / "2026-W47.html"
    somebody("", now=False)
    code, out, err = call(*words)
    assert code == 0, err
    assert "One question that only you can answer would make this surer." in out
    before = page.read_text("utf-8")
    somebody("1o")
    code, out, err = call(*words)
    assert code == 0, err
    assert out.index("Where do you run there") < out.index("2 of 2 runs analysed again") < out.index("is now")
    assert page.read_text("utf-8") != before
    assert call("tell", "list")[1].count("Rantatie") == 2
    # Whoever wants no questions is asked none.
    assert "only you can answer" not in call(*words, "--yes")[1]


@pytest.mark.usefixtures("known_town")
def test_questions_are_skipped_refused_for_good_and_ended_by_a_key(call, town, somebody):
    for keys in ("s", "1s", "q", "\x03"):
        somebody(keys)
        assert "analysed again" not in call("ask", "--roads", town)[1]
    assert call("tell", "list")[1].startswith("nothing is told yet")
    somebody("x")
    call("ask")
    with camber.open_library() as library:
        assert passed_over(library.connection) == {"street-101"}


@pytest.mark.slow
@pytest.mark.usefixtures("known_town")
@pytest.mark.parametrize("touch", [False, True], ids=["keyboard", "touch"])
def test_the_line_that_the_page_copies_tells_in_a_shell_what_was_chosen_there(
    call, town, tmp_path, monkeypatch, touch
):
    monkeypatch.setattr(questions, "_LEAST_M", 500.0)  # two short runs tell of a habit, too
    with camber.open_library() as library:
        street, habit = (question_named(library.connection, name) for name in ("street-101", "facing"))
        period = library.period(library.last_week("monday"))
    path = tmp_path / "week.html"
    path.write_text(story_page(story_of(replace(period, inquiries=(street, habit)))), "utf-8")
    chosen = {street: "16", habit: "n"}
    with browser() as chromium, Seen(chromium, path, touch=touch) as seen:
        for inquiry, keys in chosen.items():
            block = seen.page.locator(f"[data-question={inquiry.name}]")
            opened, summary = block.evaluate("details => details.open"), block.locator("summary")
            if not opened:
                summary.tap() if touch else summary.press("Enter")
            for part, key in zip(block.locator("fieldset").all(), keys, strict=True):
                choice = part.locator(f"label:has(input[value='{key}'])")
                choice.tap() if touch else part.locator("input").first.press(key)
        line = shlex.split(seen.page.locator("#told-line").inner_text())
    assert line == ["camber", "tell", "street-101=16", "facing=n"]
    assert call(*line[1:], "--roads", town)[0] == 0
    day = datetime.now().astimezone().date()
    with camber.open_library() as library:
        told = [repr(one) for one in library.answers().values()]
    assert told == [repr(one) for question, keys in chosen.items() for one in answers_to(question, keys, day)]
