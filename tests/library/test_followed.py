"""What was suggested, held against what was run since: sides by pass, and each suggestion once."""

from datetime import date, timedelta

from camber.library.followed import _Pass, changed_of

HERE, BACK = ("Kuusitie", 7, True), ("Kuusitie", 7, False)


def one(where, p_left):
    return _Pass(where, p_left, 1.0 - p_left, 800.0 * p_left, 800.0 * (1.0 - p_left))


def test_a_pass_on_the_other_side_than_usual_counts_for_as_much_as_it_is_likely():
    before = [one(HERE, 0.9), one(HERE, 0.8), one(BACK, 0.9)]
    assert changed_of(before, [one(HERE, 0.1)]) == 0.9
    assert changed_of(before, [one(HERE, 1.0)]) == 0.0
    assert changed_of(before, [one(HERE, 0.0), one(BACK, 1.0)]) == 1.0


def test_each_direction_has_a_side_of_its_own():
    """Who comes back on the same physical side is left going out and right coming back."""
    before = [one(HERE, 1.0), one(BACK, 0.0)]
    assert changed_of(before, [one(HERE, 1.0), one(BACK, 1.0)]) == 1.0


def test_where_nothing_was_usual_nothing_changed():
    assert changed_of([], [one(HERE, 0.0)]) == 0.0


def test_a_suggestion_is_looked_back_on_for_four_weeks_and_remembered_once(library):
    last = library.last_analysed_day()
    day = last - timedelta(days=1)
    streets = [name for name in library.streets().index if not name.endswith("(no name)")][:2]
    for _ in range(2):
        library.remember_suggested(
            day, [("same_side_back", "Come back on the side you went out on.", streets)]
        )
    library.remember_suggested(date(2020, 1, 1), [("", "Something of long ago.", streets)])
    (tried,) = library.tried(last, last)
    assert (tried.day, tried.kind, tried.streets) == (day, "same_side_back", tuple(streets))
    assert tried.passes >= 0
    assert 0.0 <= tried.changed <= tried.passes
    assert library.tried(day, day) == ()
    assert library.tried(last + timedelta(weeks=5), last + timedelta(weeks=6)) == ()
