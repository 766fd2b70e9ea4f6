"""The file of answers: what is written is read back, and what is wrong is said in one sentence."""

from datetime import date

import pytest

from camber.errors import AnswerError
from camber.observations.answers import Street
from camber.observations.answers_file import read_answers, write_answers
from camber.observations.phrases import Where, answer_of, habit_of, in_words, is_phrase

HERE = Street('Å "Kuusi" tie', 60.53, 26.94, (7, 8))
WHERE = Where(date(2026, 11, 22), HERE, 90.0, run="ab", from_m=1200.0, to_m=2000.0, sure=0.8)
PHRASES = (
    *("crowned", "hollow", "level", "falls left", "falls", "sidewalk none", "sidewalk left", "width 6m"),
    *("width 20 ft", "tilt 2% left at right edge", "tilt 1:40 n middle", "usually facing", "left edge"),
    *("north sidewalk", "middle", "sidewalk", "with traffic", "on the left side"),
)


def answers():
    return [*(answer_of(phrase, WHERE) for phrase in PHRASES), habit_of("existence never", WHERE)]


def test_what_is_written_is_read_back_and_every_answer_can_be_said():
    told = answers()
    assert list(map(repr, read_answers(write_answers(told)))) == list(map(repr, told))
    assert write_answers([]) == write_answers(read_answers(write_answers([])))
    assert len({in_words(one) for one in told}) == len(told)
    assert all("nan" not in in_words(one) for one in told)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("camber_answers = 1", "camber_answers = 9"), "a newer camber wrote it"),
        (lambda text: text.replace("camber_answers = 1", ""), "camber_answers = 1 is missing"),
        (lambda text: text[: len(text) // 2] + "[[", "no file of answers"),
        (lambda text: text.replace('kind = "width"', 'kind = "depth"'), "'depth' is no kind of answer"),
        (
            lambda text: text.replace("on = 2026-11-22", "on = 2126-11-22"),
            "answer 1: 2126-11-22 lies in the future",
        ),
        (lambda text: text.replace("width_m = 6.0\n", "width_m = 99\n"), "1 to 60 m wide"),
        (lambda text: text.replace("width_m = 6.0\n", 'width_m = "six"\n'), "of a wrong kind"),
        (lambda text: text.replace("width_m = 6.0", "depth_m = 6.0"), "has no 'depth_m'"),
        (lambda _: "camber_answers = 1\nanswer = 3\n", "no list of tables"),
    ],
)
def test_a_file_that_is_not_right_is_refused_as_a_whole(change, said):
    text = change(write_answers(answers()))
    with pytest.raises(AnswerError, match=r"^[^\n]*$") as refused:
        read_answers(text)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("", "is not understood"),
        ("left right", "is not understood"),
        ("crowned maybe", "is not understood"),
        ("width six", "'six' is no width"),
        ("tilt steep", "1:50"),
        ("tilt 40deg left at right edge", "no road falls 83.91 % across"),
        ("tilt 2%", "where you measured"),
        ("sidewalk above", "no place for a sidewalk"),
    ],
)
def test_a_phrase_that_is_not_understood_is_refused_in_one_sentence(phrase, said):
    with pytest.raises(AnswerError, match=r"^[^\n]*$") as refused:
        answer_of(phrase, WHERE)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "phrase", ["tilt 2.4% 1.8% left at right edge", "tilt 2,4% and 1:55.5556 left at right edge"]
)
def test_of_two_readings_turned_round_the_mean_counts_and_the_zero_is_out_of_it(phrase):
    answer = answer_of(phrase, WHERE)
    assert answer.tilt_pct == pytest.approx(2.1, abs=1e-3)
    assert answer.turned
    assert (answer.falls, answer.spot, answer.side) == ("left", "edge", "right")
    assert not answer_of("tilt 2.1% left at right edge", WHERE).turned
    with pytest.raises(AnswerError, match="lay it down twice more"):
        answer_of("tilt 1% 6% left at right edge", WHERE)


def test_habits_need_one_of_each_and_streets_are_told_from_phrases():
    for phrase in ("facing", "always", "facing always never", "hopping always"):
        with pytest.raises(AnswerError, match="is no habit"):
            habit_of(phrase, Where(date(2026, 11, 22)))
    assert is_phrase("left edge")
    assert is_phrase("sidewalk")
    assert not is_phrase("Kuusitie")
    with pytest.raises(AnswerError, match="which street"):
        answer_of("crowned", Where(date(2026, 11, 22)))
