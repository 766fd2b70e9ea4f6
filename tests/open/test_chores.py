"""Long work: in order, kept until it is done, a bad one alone, stopped at a safe point and gone on with."""

import json
import time

import pytest

from camber.open import chores as of_chores
from camber.open.chores import Chores
from tests.open.made_desk import MakeMadeDesk


@pytest.fixture
def chores(tmp_path):
    found = Chores(tmp_path, MakeMadeDesk(tmp_path))
    yield found
    found.stop()


def until(holds):
    ends = time.monotonic() + 60.0
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)


def kept(folder):
    return [(one["kind"], one["given"]) for one in json.loads((folder / "chores.json").read_text("utf-8"))]


def test_each_is_done_in_its_turn_and_a_bad_one_costs_itself_alone(tmp_path, chores, monkeypatch):
    monkeypatch.setattr(of_chores, "_BUSY_S", 0.05)
    ended = []
    chores.after = ended.append
    for kind in ("fail", "stumble", "die once", "count"):
        chores.add(kind, f"To {kind}")
    for name in ("leafed", "through", "aside"):
        chores.add("count", "To count again", lasting=False, name=name)
    assert [one.given["name"] for one in chores.all() if not one.lasting] == ["through", "aside"]
    assert chores.add("count", "To count") == 4  # the same that waits is done once
    assert kept(tmp_path) == [(kind, {}) for kind in ("fail", "stumble", "die once", "count")]
    turn = chores.turn
    chores.start()
    until(lambda: len(ended) == 6)
    ways = [("fail", "failed"), ("stumble", "failed"), ("die once", "done"), *[("count", "done")] * 3]
    assert [(one.kind, one.state) for one in ended] == ways
    fail, stumble, _, count, *_ = ended
    assert fail.said == ("read 3 files", "is full")
    assert "unexpected RuntimeError" in stumble.said[0]
    assert str(tmp_path) not in repr([one.said for one in ended])
    assert (count.said, count.result) == (("wrote page.html",), {"of": "count"})
    until(lambda: kept(tmp_path) == [])
    assert chores.turn > turn
    assert [one.kind for one in chores.all()] == ["count", "die once", "stumble", "fail"]


def test_what_was_stopped_goes_on_at_the_next_start(tmp_path, chores):
    chores.add("long", "To take long", name="first")
    chores.add("count", "To count")
    chores.start()
    until(lambda: any(one.what == "going on" for one in chores.all()))
    began = time.monotonic()
    chores.stop()
    assert time.monotonic() - began < 10.0
    assert kept(tmp_path) == [("long", {"name": "first"}), ("count", {})]
    again = Chores(tmp_path, MakeMadeDesk(tmp_path))
    assert [(one.kind, one.title, one.state) for one in again.all()] == [
        *(("long", "To take long", "waiting"), ("count", "To count", "waiting"))
    ]


def test_answers_that_wait_are_looked_at_together(tmp_path, chores):
    for number in range(3):
        assert chores.add("again", "To look", join="answers", answers=[number], name="a week") == 1
    chores.add("again", "To look", join="answers", answers=[3], name="another")
    assert [given["answers"] for _, given in kept(tmp_path)] == [[0, 1, 2], [3]]


def test_a_list_that_was_damaged_is_an_empty_one(tmp_path):
    for text in ("", "{", "[1]", '{"kind": 1}', '[{"kind": "x"}]', "null"):
        (tmp_path / "chores.json").write_text(text, "utf-8")
        assert Chores(tmp_path, MakeMadeDesk(tmp_path)).all() == []


def test_who_holds_the_library_is_said_and_waited_for(tmp_path):
    class Pipe:
        said = ()

        def send(self, values):
            self.said = (*self.said, values)

    pipe = Pipe()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(of_chores, "_BUSY_S", 0.0)
        state, said, result = of_chores._done(pipe, MakeMadeDesk(tmp_path), "busy", {})
    assert (state, result) == ("done", {"of": "busy"})
    assert said == ["wrote page.html"]
    assert "waiting: another camber (import, process 1, since now)" in pipe.said[0][1]
