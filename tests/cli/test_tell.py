"""``camber tell`` through the command line: told, listed, refused in one sentence, taken back, handed on."""

import pytest

pytestmark = pytest.mark.usefixtures("known_town")


@pytest.mark.usefixtures("known_town")
def test_what_is_told_moves_the_week_and_taken_back_it_is_as_before(call, town, tmp_path):
    week = call("week", "2026-W47")[1]
    code, out, _ = call("tell", "Rantatie", "facing", "edge", "--roads", town, "--on", "2026-11-22")
    assert code == 0
    assert out.startswith("1: Rantatie: always facing edge\n2 of 2 runs analysed again\n2026-W47: ")
    assert " is now " in out
    assert call("week", "2026-W47")[1] != week
    assert "told" in call("week", "2026-W47", "--json")[1]
    assert call("tell", "list")[1].splitlines() == ["   1  2026-11-22  Rantatie: always facing edge"]
    kept = tmp_path / "answers.toml"
    assert call("tell", "export", kept)[0] == 0

    assert call("tell", "undo", "1", "--roads", town)[0] == 0
    assert call("week", "2026-W47")[1] == week
    assert "1 answers taken in" in call("tell", "import", kept, "--roads", town)[1]
    assert call("tell", "list")[1].splitlines() == ["   2  2026-11-22  Rantatie: always facing edge"]


def test_facts_of_the_road_are_offered_to_the_map_with_a_link(call, town):
    out = call("tell", "Rantatie", "sidewalk", "north", "--roads", town)[1]
    assert "the map may want that, too: sidewalk=left; camber tell osm Rantatie has a link" in out
    lines = call("tell", "osm", "Rantatie")[1].splitlines()
    assert lines[1:] == ["https://www.openstreetmap.org/edit?way=101 sidewalk=left"]
    assert "the map may want" not in call("tell", "Rantatie", "crowned", "--roads", town)[1]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("Rantatje", "crowned"), "nearest are: Rantatie"),
        (("Rantatie", "tilt", "40deg", "north", "at", "north", "edge"), "no road falls 83.91 % across"),
        (("Rantatie", "tilt", "1%", "9%", "north", "at", "north", "edge"), "lay it down twice more"),
        (("Rantatie", "tilt", "2%", "north"), "say to which side it falls and where"),
        (("Rantatie", "tilt", "2%", "north", "at", "north", "edge", "--with", "thumb"), "no instrument"),
        (("Rantatie", "crowned", "--on", "2126-01-01"), "lies in the future"),
        (("Rantatie", "crowned", "--on", "yesterday"), "is not a day"),
        (("Rantatie", "crowned", "--sure", "1.5"), "no measure of sureness"),
        (("Rantatie", "sidewalk", "left"), "left of what?"),
        (("Rantatie", "width", "90m"), "1 to 60 m wide"),
        (("Rantatie", "wobbly"), "is not understood"),
        (("Rantatie",), "what about 'Rantatie'?"),
        (("left", "edge", "--run", "77"), "no analysed run 77"),
        (("left", "edge", "--run", "1", "--from", "here"), "is not a place in a run"),
        (("left", "edge", "--run", "1", "--from", "2km", "--to", "1km"), "is none"),
        (("habit", "facing", "now and then"), "is no habit"),
        (("undo", "9"), "there is no answer 9"),
        (("undo", "nine"), "is not the number of an answer"),
        (("import", "nowhere.toml"), "cannot be read"),
        (("import", "NEWER"), "a newer camber wrote it"),
        (("import", "HALF"), "answer 2: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_is_refused_in_one_sentence_and_nothing_is_kept(call, tmp_path, words, sentence):
    good = '[[answer]]\nkind = "habit"\non = 2026-11-22\nhabit = "facing"\noften = "always"\n'
    files = {
        "NEWER": "camber_answers = 2\n",
        "HALF": f"camber_answers = 1\n{good}{good.replace('always', 'mostly')}",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    code, out, err = call("tell", *(tmp_path / word if word in files else word for word in words))
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1
    assert call("tell", "list")[1].startswith("nothing is told yet")
