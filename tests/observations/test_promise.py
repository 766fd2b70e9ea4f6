"""What an answer is expected to narrow, against closed forms, brute force and pure chance."""

import numpy as np
import pytest

from camber.observations.promise import Asked, best_first, promise_of, told_by

DRAWS = 200


def question(part, answer, **given):
    part, answer = (np.asarray(values).reshape(len(part), -1) for values in (part, answer))
    return Asked(part.astype(float), answer, **given)


def brute_force(balance, answer):
    """Variance less what is left on average in each group: the law of total variance, for many draws."""
    groups = np.unique(answer)
    left = sum((answer == one).mean() * balance[answer == one].var() for one in groups)
    return balance.var() - left


def test_many_draws_are_the_law_of_total_variance():
    rng = np.random.default_rng(1)
    answer = rng.integers(0, 4, 200_000)
    balance = np.array([-0.4, 0.0, 0.1, 0.5])[answer] + 0.2 * rng.standard_normal(len(answer))
    assert promise_of(balance, question(balance, answer)) == pytest.approx(
        brute_force(balance, answer), rel=1e-3
    )


def test_two_answers_that_are_equally_likely_have_a_closed_form():
    rng = np.random.default_rng(2)
    answer = np.arange(DRAWS) % 2
    found = []
    for _ in range(400):
        balance = 0.3 * (2 * answer - 1) + 0.3 * rng.standard_normal(DRAWS)
        found.append(promise_of(balance, question(balance, answer)))
    # p (1 - p) d^2 = 0.09; the plain estimate of 200 draws is within 2 % of it on average.
    assert np.mean(found) == pytest.approx(0.09, rel=0.03)


def test_an_answer_that_may_be_wrong_or_missing_is_worth_less():
    """A wrong answer says nothing: told at random, means of told groups move by the share that is right."""
    rng = np.random.default_rng(3)
    count, sure = 400_000, 0.8
    answer = rng.integers(0, 3, count)
    balance = np.array([-0.5, 0.1, 0.4])[answer] + 0.1 * rng.standard_normal(count)
    told = np.where(rng.random(count) < sure, answer, rng.permutation(answer))
    expected = brute_force(balance, told)
    assert promise_of(balance, question(balance, answer, sure=sure)) == pytest.approx(expected, rel=0.02)
    half = promise_of(balance, question(balance, answer, sure=sure, answered=0.5))
    assert half == pytest.approx(0.5 * expected, rel=0.02)


@pytest.mark.parametrize("answers", [2, 8, 40])
def test_chance_promises_next_to_nothing(answers):
    rng = np.random.default_rng(4)
    naive, ours = [], []
    for _ in range(200):
        balance, answer = rng.standard_normal(DRAWS), rng.integers(0, answers, DRAWS)
        naive.append(brute_force(balance, answer))
        ours.append(promise_of(balance, question(balance, answer)))
    assert np.mean(naive) > 0.8 * (answers - 1) / DRAWS
    assert np.mean(ours) < 0.25 * np.mean(naive)


def test_the_best_of_many_by_chance_is_not_taken_for_good():
    rng = np.random.default_rng(5)
    best_naive, best_ours = [], []
    for _ in range(50):
        balance = rng.standard_normal(DRAWS)
        tried = [rng.integers(0, 6, DRAWS) for _ in range(30)]
        best_naive.append(max(brute_force(balance, one) for one in tried))
        best_ours.append(max(promise_of(balance, question(balance, one)) for one in tried))
    assert np.mean(best_ours) < 0.5 * np.mean(best_naive)


def test_a_street_in_many_runs_is_worth_its_own_part():
    """Of eight runs on one street each has a side of its own: the answers explain their sum and no more."""
    rng = np.random.default_rng(6)
    found = []
    for _ in range(100):
        answer = rng.integers(0, 2, (DRAWS, 8))
        part = 0.05 * (2 * answer - 1) + 0.01 * rng.standard_normal((DRAWS, 8))
        balance = part.sum(axis=1) + 0.3 * rng.standard_normal(DRAWS)
        found.append(promise_of(balance, question(part, answer)))
    assert np.mean(found) == pytest.approx(8 * 0.05**2, rel=0.1)


def test_what_goes_along_with_the_street_counts():
    """Streets that are built alike: the answer of one tells of the other."""
    rng = np.random.default_rng(7)
    count = 100_000
    crowned = rng.integers(0, 2, count)
    part, other = 0.2 * crowned, 0.5 * crowned
    balance = part + other + 0.1 * rng.standard_normal(count)
    assert promise_of(balance, question(part, crowned)) == pytest.approx(0.25 * 0.7**2, rel=0.01)


def test_the_second_question_is_chosen_for_what_the_first_leaves():
    rng = np.random.default_rng(8)
    count = 20_000
    one, two = rng.integers(0, 2, (2, count))
    balance = one + 0.6 * two + 0.1 * rng.standard_normal(count)
    questions = [question(balance, one), question(balance, one), question(0.6 * two, two)]
    chosen = best_first(balance, questions, 3)
    assert [number for number, _ in chosen][:2] == [0, 2]
    assert chosen[1][1] == pytest.approx(0.36 / 4, rel=0.05)


def test_nothing_is_asked_where_nothing_is_open():
    balance = np.full(DRAWS, 0.3)
    assert best_first(balance, [question(balance, np.zeros(DRAWS, dtype=int))], 3) == []
    assert told_by(balance, question(balance, np.zeros(DRAWS, dtype=int))).variance == 0.0
    assert best_first(balance, [], 3) == []


def test_order_and_names_of_answers_do_not_matter():
    rng = np.random.default_rng(9)
    answer = rng.integers(0, 4, DRAWS)
    balance = 0.2 * answer + rng.standard_normal(DRAWS)
    order = rng.permutation(DRAWS)
    first = promise_of(balance, question(balance, answer))
    assert promise_of(balance[order], question(balance[order], 7 - answer[order])) == pytest.approx(first)
    assert promise_of(-balance, question(-balance, answer)) == pytest.approx(first)
