"""What was told as tags of OpenStreetMap: left and right as each way is drawn, the last word counts."""

from dataclasses import replace
from datetime import date

import pytest

from camber.observations.map_tags import latest_tags, tags_of
from camber.observations.phrases import Where, answer_of
from tests.observations.test_evidence_of_answers import street, way

THERE = way(7, (0, 0), (100, 0))
BACK = way(8, (100, 0), (200, 0), turned=True)
WHERE = Where(date(2026, 11, 22), street=street(50.0))


def tags(phrase, where=WHERE):
    return [tuple(one) for one in tags_of(answer_of(phrase, where), [THERE, BACK])]


@pytest.mark.parametrize(
    ("phrase", "there", "back"),
    [
        ("sidewalk north", "sidewalk=left", "sidewalk=right"),
        ("sidewalk both", "sidewalk=both", "sidewalk=both"),
        ("sidewalk none", "sidewalk=no", "sidewalk=no"),
        ("sidewalk separate", "sidewalk=separate", "sidewalk=separate"),
        ("width 6.5m", "est_width=6.5", "est_width=6.5"),
    ],
)
def test_left_and_right_are_those_of_the_drawing(phrase, there, back):
    assert tags(phrase) == [(7, there), (8, back)]


def test_a_width_is_one_only_where_it_was_measured_and_a_crown_has_no_tag():
    assert tags("width 6m", replace(WHERE, taped=True))[0] == (7, "width=6")
    assert tags("crowned") == tags("facing") == []


def test_of_several_answers_the_last_word_counts_and_both_widths_are_one():
    older = replace(WHERE, on=date(2020, 1, 1))
    said = [
        answer_of("sidewalk none", WHERE),
        answer_of("sidewalk both", older),
        answer_of("width 5m", older),
    ]
    said.append(answer_of("width 6m", replace(WHERE, taped=True)))
    assert [tuple(one) for one in latest_tags(said, [THERE])] == [(7, "sidewalk=no"), (7, "width=6")]
