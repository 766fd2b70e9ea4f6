"""``camber ask`` and the answers that the page writes, in a library of the small town."""

import json

import pytest

from camber.cli import ask as asking


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
