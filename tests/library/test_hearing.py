"""What a run hears keeps its name exactly as long as it is told the same."""

import numpy as np

from camber.lateral import SharedEvidence
from camber.library.hearing import names_of_heard, said_from
from camber.library.stored_values import json_of
from camber.schema import Evidence, MapOffset, UseLikelihood


def said(number, rng):
    """A run that passed some of few places, and mostly says something of their use."""
    use = UseLikelihood("here", tuple(rng.normal(0.0, 1.0, 4).round(3).tolist()))
    offsets = tuple(
        MapOffset(int(way), int(way) % 2, *rng.uniform(0.1, 2.0, 2).tolist(), int(rng.choice([-1, 1])))
        for way in sorted(rng.choice(12, 4, replace=False))
    )
    return Evidence(f"run{number:04d}", (use,) if rng.random() < 0.8 else (), offsets)


def test_the_name_stays_as_long_as_a_run_is_told_the_same():
    rng = np.random.default_rng(5)
    runs = [said(number, rng) for number in range(40)]
    runs.insert(7, runs[3])  # the same recording twice counts once
    names, told = {}, {}
    changes = stays = renamed = 0
    for count in range(1, len(runs) + 1):
        # New runs are mostly the latest, and now and then an earlier one.
        there = runs[:count] if count % 5 else [runs[count - 1], *runs[: count - 1]]
        now = names_of_heard({runs.index(one): said_from(json_of(one)) for one in there})
        shared = SharedEvidence(there)
        for one in there:
            number = runs.index(one)
            given = shared.told(one)
            if number in names:
                is_same = given == told[number]
                assert is_same or now[number] != names[number]
                changes += not is_same
                stays += now[number] == names[number]
                renamed += is_same and now[number] != names[number]
            names[number], told[number] = now[number], given
    assert min(stays, changes) > 100
    assert renamed < stays / 20  # a few come to the same with others in the place of some


def names(*runs):
    return names_of_heard({number: said_from(json_of(one)) for number, one in enumerate(runs)})


def test_what_a_run_says_itself_is_in_the_name():
    rng = np.random.default_rng(6)
    one, other, another = (said(number, rng) for number in range(3))
    [name, *_] = names(one, other).values()
    more = Evidence(one.run, one.uses, one.map_offsets, (5,))
    for there in ((more, other), (one, another), (one, other, another)):
        assert names(*there)[0] != name
    assert names(one, other)[0] == name
