"""What was told of sides, sidewalks, widths and habits: evidence that moves, can be outvoted, and teaches."""

from dataclasses import replace

import numpy as np
import pytest

from camber.conventions import MIRRORED_STATES, LateralState
from camber.lateral import gather, locate
from camber.lateral.told_streets import region_of, said_of_use
from camber.lateral.use import use_posterior
from camber.schema import (
    HabitObserved,
    LateralSettings,
    Observed,
    SideObserved,
    SidewalkObserved,
    WidthObserved,
)
from camber.schema.tables import P_STATES
from tests.worlds import STATE, candidates_of, matched_on, roads_of, straight

HABIT = LateralSettings(device_class="single_band")
EVEN = LateralSettings(device_class="single_band", facing_habit=False)
LEFT, RIGHT = (LateralState.LEFT_EDGE,), (LateralState.RIGHT_EDGE,)
URBAN = {"highway": "tertiary", "built_up": True}


def leg(offset_m=0.0, n=300, **more):
    scatter = np.random.default_rng(5).normal(0.0, 0.5, n)
    return {"way_id": 7, "offset_m": offset_m + scatter - scatter.mean()} | more


def run(observed=None, legs=None, *, roads=None, settings=HABIT, draws=60, name="me", **more):
    roads = roads or straight(**URBAN)
    matched = matched_on(roads, legs or [leg()])
    rng = np.random.default_rng(1)
    given = {"draws": draws, "rng": rng, "run": name, "observed": observed} | more
    return locate(matched, candidates_of(matched), roads, settings, **given)


def shares(lateral):
    return lateral[list(P_STATES)].to_numpy()


def edge(p_wrong=0.05, along=LEFT, against=None, **more):
    against = along if against is None else against
    return Observed(sides=(SideObserved(7, along=along, against=against, p_wrong=p_wrong, **more),))


def walks(**sides):
    return Observed(sidewalks=(SidewalkObserved(7, **sides),))


def moved(observed, **more):
    """Mean probability of each state, and shares of the draws."""
    lateral, drawn, _ = run(observed, **more)
    return shares(lateral).mean(axis=0), np.bincount(drawn.state.ravel(), minlength=6) / drawn.state.size


@pytest.mark.parametrize(
    "nothing",
    [
        Observed(),
        Observed(sides=(SideObserved(99, along=LEFT, against=LEFT), SideObserved(run="another", along=LEFT))),
        Observed(
            sidewalks=(SidewalkObserved(99, left=True, right=True),), widths=(WidthObserved(99, width_m=9.0),)
        ),
    ],
    ids=["empty", "elsewhere", "another street"],
)
def test_with_nothing_told_here_every_bit_is_as_it_was(nothing):
    (plain, drawn, said), (same, again, told) = run(), run(nothing)
    assert plain.equals(same)
    assert np.array_equal(drawn.state, again.state)
    assert said == told


def test_an_answer_is_right_as_often_as_it_is_thought_to_be_where_nothing_was_recorded():
    """A street without any evidence: told of an edge, the runner is there but for exceptions and errors."""
    silent = [leg(20.0)]
    before = moved(None, legs=silent, settings=EVEN)[0][STATE["left_edge"]]
    for p_wrong, share in ((0.05, 1.0), (0.3, 0.95), (0.05, 0.8)):
        believed, drawn = moved(edge(p_wrong, share=share), legs=silent, settings=EVEN, draws=2000)
        expected = before + (1.0 - p_wrong) * share * (1.0 - before)
        assert believed[STATE["left_edge"]] == pytest.approx(expected, abs=0.02)
        assert drawn[STATE["left_edge"]] == pytest.approx(expected, abs=0.04)


def test_what_was_recorded_outvotes_an_answer():
    wide = straight(highway="tertiary", width_m=16.0)
    far, _ = moved(edge(along=RIGHT), legs=[leg(-7.5)], roads=wide)
    assert far[STATE["left_edge"]] > 0.8


def test_draws_say_what_the_probabilities_say_and_an_answer_is_wrong_in_all_runs_at_once():
    lateral, one, _ = run(edge(0.3), draws=4000, seed=4)
    state = one.state[:, 0]
    for code in range(5):
        assert (state == code).mean() == pytest.approx(shares(lateral)[0, code], abs=0.035)
    other = run(edge(0.3), draws=4000, seed=4, name="another")[1].state[:, 0]
    agree = np.corrcoef(state == STATE["left_edge"], other == STATE["left_edge"])[0, 1]
    assert agree > 0.5


@pytest.mark.parametrize("along", [LEFT, RIGHT, (LateralState.LEFT_SIDEWALK,), (LateralState.CENTRE,)])
def test_mirrored_and_drawn_the_other_way_answers_say_the_same(along):
    roads, against = straight(**URBAN), roads_of({7: ([(1200.0, 0.0), (0.0, 0.0)], URBAN)})
    there, _ = moved(edge(along=along, against=()), roads=roads)
    turned = [leg(direction=-1, start_m=1200.0)]
    back, _ = moved(edge(along=(), against=along), roads=against, legs=turned)
    np.testing.assert_allclose(there, back, atol=1e-9)
    mirror = straight(**URBAN, traffic_side="left")
    other = tuple(list(LateralState)[MIRRORED_STATES[STATE[state]]] for state in along)
    image = [leg() | {"offset_m": -leg()["offset_m"]}]
    seen, _ = moved(edge(along=other, against=()), roads=mirror, legs=image)
    np.testing.assert_allclose(seen[list(MIRRORED_STATES)], there, atol=1e-9)


def test_of_two_passes_each_hears_what_was_said_of_it_and_a_run_goes_before_the_street():
    out_and_back = [leg(20.0), leg(20.0, direction=-1, start_m=900.0)]
    north = edge(along=LEFT, against=RIGHT)
    lateral = shares(run(north, out_and_back)[0])
    assert lateral[:300, STATE["left_edge"]].mean() > 0.8
    assert lateral[300:, STATE["right_edge"]].mean() > 0.8
    on_run = replace(north.sides[0], run="me", along=RIGHT, against=RIGHT, run_to_m=450.0)
    both = replace(north, sides=(*north.sides, on_run))
    lateral = shares(run(both, out_and_back)[0])
    assert lateral[10:140, STATE["right_edge"]].mean() > 0.8
    assert lateral[160:290, STATE["left_edge"]].mean() > 0.7
    again = shares(run(replace(both, sides=both.sides[::-1]), out_and_back)[0])
    assert np.array_equal(lateral, again)


def test_answers_that_contradict_each_other_leave_it_open_and_agreeing_ones_add_up():
    names = {"answer": "a"}, {"answer": "b"}
    one = edge(**names[0]).sides[0]
    against = replace(one, along=RIGHT, against=RIGHT, answer="b")
    torn, drawn = moved(Observed(sides=(one, against)), draws=2000, settings=EVEN)
    assert torn[STATE["left_edge"]] == pytest.approx(torn[STATE["right_edge"]], abs=0.02)
    np.testing.assert_allclose(torn, drawn, atol=0.04)
    twice, _ = moved(Observed(sides=(one, replace(one, answer="b"))))
    assert twice[STATE["left_edge"]] > moved(Observed(sides=(one,)))[0][STATE["left_edge"]]


def test_the_basis_of_a_side_is_what_was_told_unless_it_was_seen():
    lateral, _, _ = run(edge(0.02))
    assert set(lateral["side_basis"]) == {"told"}
    wide = straight(highway="tertiary", width_m=14.0)
    seen, _, _ = run(edge(0.02), [leg(-6.5)], roads=wide)
    assert seen["side_basis"].iloc[150] == "seen"


def test_answers_teach_the_runners_use_of_places():
    """Told to be on the sidewalk, the runner is thought to use sidewalks elsewhere."""
    walk = (LateralState.LEFT_SIDEWALK,)
    tagged = straight(**URBAN, sidewalk_left="yes", sidewalk_right="yes")

    def used(observed):
        matched = matched_on(tagged, [leg(-3.3)])
        said = gather(matched, candidates_of(matched), tagged, HABIT, run="me", observed=observed)
        posterior = use_posterior(said.uses, None, (said.uses[0].region, "")).share.reshape(3, 3, 3, 3)
        return posterior.sum(axis=(0, 2, 3)) @ np.array([0.08, 0.85, 0.98])

    assert used(edge(along=walk)) > used(None) > used(edge(along=LEFT))


@pytest.mark.parametrize("direction", [1, -1])
def test_a_sidewalk_that_was_told_of_exists_on_its_side_and_one_that_was_denied_hardly(direction):
    one = [leg(direction=direction, start_m=0.0 if direction > 0 else 1200.0)]
    left, right = ("left_sidewalk", "right_sidewalk")[::direction]
    before, _ = moved(None, legs=one)
    after, _ = moved(walks(left=True, right=False), legs=one)
    none, _ = moved(Observed(sidewalks=(SidewalkObserved(7, left=False, right=False),)), legs=one)
    assert after[STATE[left]] > before[STATE[left]]
    assert after[STATE[right]] / after[STATE[left]] < 0.3 * before[STATE[right]] / before[STATE[left]]
    assert none[STATE[left]] < 0.3 * before[STATE[left]]
    tagged = straight(**URBAN, sidewalk_left="yes", sidewalk_right="yes")
    mapped, _ = moved(None, legs=one, roads=tagged)
    denied, _ = moved(walks(left=False, right=False), legs=one, roads=tagged)
    assert 0.2 < denied[STATE[left]] / mapped[STATE[left]] < 0.9, "tags and the runner are both evidence"
    rural = straight(highway="tertiary")
    assert moved(None, roads=rural)[0][STATE[left]] == 0.0
    between = [leg(-2.5)]
    assert moved(walks(left=True, right=True), roads=rural, legs=between)[0][STATE["left_sidewalk"]] > 0.1


def test_streets_and_habits_that_were_told_of_move_town_and_runner():
    roads = straight(**URBAN)
    region = region_of(roads.crs, np.array([[500_600.0, 5_450_000.0]]))

    def share(unknown, observed, where=region):
        nodes = np.exp(said_of_use(observed, roads, where))
        axis = ("facing", "sidewalk", "middle", "existence").index(unknown)
        others = tuple(k for k in range(4) if k != axis)
        values = nodes.mean(axis=others)
        return values / values.max()

    for word, order in ((0.95, [0, 1, 2]), (0.05, [2, 1, 0])):
        for unknown in ("facing", "sidewalk", "existence"):
            told = share(unknown, Observed(habits=(HabitObserved(unknown, word),)))
            assert np.argsort(told).tolist() == order
    none = walks(left=False, right=False)
    assert np.argsort(share("existence", none)).tolist() == [2, 1, 0]
    np.testing.assert_array_equal(share("existence", none, "elsewhere"), 1.0)
    town = Observed(habits=(HabitObserved("existence", 0.05, region),))
    np.testing.assert_array_equal(share("existence", town, "elsewhere"), 1.0)
    assert said_of_use(Observed(), roads, region) is None
    before, _ = moved(None)
    told, _ = moved(Observed(habits=(HabitObserved("facing", 0.95), HabitObserved("sidewalk", 0.05))))
    assert told[STATE["left_edge"]] > before[STATE["left_edge"]] + 0.05


def test_a_measured_width_and_middle_decide_what_an_offset_means():
    """3.5 m left of the line is on a wide road and beyond a narrow one; or it is the line that errs."""
    roads = straight(highway="tertiary")
    wide = WidthObserved(7, width_m=14.0, width_sd_m=0.3)
    narrow = replace(wide, width_m=8.0)
    here = [leg(-3.5)]
    edges = [moved(Observed(widths=(one,)), legs=here, roads=roads)[0] for one in (wide, narrow)]
    assert edges[0][STATE["centre"]] > edges[1][STATE["centre"]]
    line = WidthObserved(7, middle_m=-3.5, middle_sd_m=0.2)
    centred, _ = moved(
        Observed(widths=(replace(wide, middle_m=-3.5, middle_sd_m=0.2),)), legs=here, roads=roads
    )
    assert centred[STATE["centre"]] > edges[0][STATE["centre"]]
    beyond = moved(Observed(widths=(replace(line, from_m=1100.0),)), legs=here, roads=roads)[0]
    np.testing.assert_allclose(beyond, moved(None, legs=here, roads=roads)[0], atol=1e-12)
