"""``camber tell`` through the command line: told, listed, refused in one sentence, taken back, handed on."""

from pathlib import Path

import pytest

KOUVOLA = Path(__file__).parents[2] / "data" / "kouvola.osm.pbf"
RUN = Path(__file__).parents[2] / "data" / "week" / "2026-11-16_facing_traffic.gpx"
STREET = "Hurukselantie"


@pytest.mark.usefixtures("kept_map")
def test_what_is_told_moves_the_week_and_taken_back_it_is_as_before(call, tmp_path):
    assert call("import", RUN)[0] == 0
    assert call("analyse", "--all", "--roads", KOUVOLA)[0] == 0
    week = call("week", "2026-W47")[1]

    code, out, _ = call("tell", STREET, "facing", "edge", "--roads", KOUVOLA, "--on", "2026-11-22")
    assert code == 0
    assert out.startswith(f"1: {STREET}: always facing edge\n1 of 1 runs analysed again\n2026-W47: ")
    assert " is now " in out
    assert call("week", "2026-W47")[1] != week
    assert "told" in call("week", "2026-W47", "--json")[1]

    refused = {
        "nearest are: Hurukselantie": ("Hurukselentie", "crowned"),
        "no road falls 83.91 % across": (STREET, "tilt", "40deg", "north", "at", "north", "edge"),
        "lies in the future": (STREET, "crowned", "--on", "2126-01-01"),
        "both ways: say the side by the compass": (STREET, "sidewalk", "left", "--run", "1"),
        "is not understood": (STREET, "wobbly"),
        "no analysed run 77": ("left", "edge", "--run", "77"),
        "is no place in a run": ("left", "edge", "--run", "1", "--from", "here"),
        "there is no answer 9": ("undo", "9"),
    }
    for sentence, words in refused.items():
        code, out, err = call("tell", *words)
        assert (code, out) == (2, ""), words
        assert sentence in err
        assert err.count("\n") == 1
    kept = tmp_path / "answers.toml"
    assert call("tell", "export", kept)[0] == 0
    newer = tmp_path / "newer.toml"
    newer.write_text(kept.read_text("utf-8").replace("camber_answers = 1", "camber_answers = 2"), "utf-8")
    code, _, err = call("tell", "import", newer)
    assert code == 2
    assert "a newer camber wrote it" in err
    listed = call("tell", "list")[1]
    assert listed.splitlines() == [f"   1  2026-11-22  {STREET}: always facing edge"]

    assert call("tell", "undo", "1", "--roads", KOUVOLA)[0] == 0
    assert call("week", "2026-W47")[1] == week
    assert "1 answers taken in" in call("tell", "import", kept, "--roads", KOUVOLA)[1]
    assert call("tell", "list")[1].splitlines() == [f"   2  2026-11-22  {STREET}: always facing edge"]
    assert "openstreetmap.org/edit?way=" in call("tell", "osm", STREET)[1]
