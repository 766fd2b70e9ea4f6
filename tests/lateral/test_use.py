"""How a runner uses places: what one run says, what a season says, and the hypotheses that come of it."""

from itertools import product

import numpy as np
import pytest

from camber import standards
from camber.lateral import SharedEvidence, gather, infer_alone, lay_out, locate
from camber.lateral.learning import novelty, pool_evidence
from camber.lateral.state_prior import street_shares
from camber.lateral.told_streets import region_of
from camber.lateral.use import Looks, coarse, hypothesise, use_likelihood, use_posterior
from camber.schema import LateralSettings, Learned, UseLikelihood
from tests.worlds import candidates_of, matched_on, roads_of

NODES = standards.use_nodes()
SHAPE = NODES.weight.shape
SINGLE = LateralSettings(device_class="single_band")
STREET = {"highway": "tertiary", "built_up": True}
"""A street in a town of which no tag says whether it has sidewalks: 6 m wide, so they lie at 4 m."""


def town(streets=8, length_m=400.0, **tags):
    """Streets far from each other, so that none of them is beside another."""
    lines = {
        way: ([(0.0, 500.0 * way), (length_m, 500.0 * way)], STREET | tags) for way in range(1, streets + 1)
    }
    return roads_of(lines)


def season(roads, offset_m, runs=6, seed=5, sigma_m=1.5):
    """Runs over all streets, there and back, on one side of travel; each line and each run errs."""
    rng = np.random.default_rng(seed)
    lines = rng.normal(0.0, sigma_m, len(roads.ways))
    return [_run(roads, offset_m, lines, rng) for _ in range(runs)]


def _run(roads, offset_m, lines, rng):
    legs = []
    for way, line in zip(roads.ways.index, lines, strict=True):
        for direction in (1, -1):
            own = rng.normal(0.0, 1.0) + rng.normal(0.0, 0.5, 100)
            legs.append(
                {"way_id": way, "offset_m": offset_m + direction * line + own, "direction": direction}
            )
    return matched_on(roads, legs)


def said(roads, matched, name):
    return gather(matched, candidates_of(matched), roads, SINGLE, run=name)


def shares(posterior):
    """Posterior of each unknown."""
    cube = posterior.reshape(SHAPE)
    return [cube.sum(axis=tuple(k for k in range(4) if k != axis)) for axis in range(4)]


@pytest.mark.parametrize(
    ("offset_m", "facing", "sidewalks"), [(-2.2, 2, False), (2.2, 0, False), (-4.4, 2, True), (4.4, 0, True)]
)
def test_a_season_tells_edge_from_sidewalk_and_left_from_right(offset_m, facing, sidewalks):
    roads = town()
    pooled = pool_evidence(
        said(roads, matched, str(number)) for number, matched in enumerate(season(roads, offset_m))
    )
    faces, walks, _, exist = shares(use_posterior((), pooled, pooled.uses[0].region))
    assert faces[facing] > 0.7
    # Of untagged streets, use and existence are told together.
    on_walk = walks @ np.array([0.2, 0.85, 0.98]) * (exist @ np.array([0.1, 0.59, 0.9]))
    assert (on_walk > 0.5) == sidewalks


def test_what_no_run_tells_the_season_does():
    roads = town()
    runs = season(roads, -2.2)
    evidence = [said(roads, matched, str(number)) for number, matched in enumerate(runs)]
    learned = SharedEvidence(evidence).told(evidence[0])

    def edge(told):
        rng = np.random.default_rng(1)
        track = locate(
            runs[0], candidates_of(runs[0]), roads, SINGLE, draws=5, rng=rng, learned=told, run="0"
        )
        return track[0]["p_left_edge"].mean()

    assert edge(learned) > edge(None) + 0.1


def test_where_vehicles_drive_on_the_other_side_the_mirror_image_says_the_same():
    found = []
    for side, sign in (("right", 1.0), ("left", -1.0)):
        roads = town(1, 900.0, traffic_side=side)
        rng = np.random.default_rng(2)
        offset = sign * (-2.0 + rng.normal(0.0, 0.7, 280))
        found.append(said(roads, matched_on(roads, [{"way_id": 1, "offset_m": offset}]), "one").uses[0])
    np.testing.assert_allclose(*(one.log_likelihood for one in found), atol=2e-3)


def test_blocks_taken_together_say_nearly_the_same():
    roads = town(3)
    (matched,) = season(roads, -2.2, runs=1)
    scene = lay_out(matched, candidates_of(matched), roads, SINGLE)
    here = street_shares(scene.places, roads)
    given = infer_alone(scene, here).parts[0].observations
    looks = Looks(scene.blocks, scene.places, here, scene.change, given)
    few = coarse(looks)
    assert len(few.change) < 0.5 * len(looks.change)
    # One look at a time: a stretch is what it was.
    alone = looks._replace(blocks=looks.blocks._replace(way_id=np.arange(len(looks.change))))
    whole, parts = (np.array(use_likelihood("x", one, 4.0)[0].log_likelihood) for one in (looks, alone))
    assert np.corrcoef(whole, parts)[0, 1] > 0.9
    assert np.abs(whole - parts).max() < 0.25 * np.ptp(parts) + 1.0


def brute_force(own, told, region):
    """Posterior by summing over every combination of the nodes and of the sidewalks of other regions."""
    others = [use for use in told.uses if use.region != region]
    existence = NODES.weight.sum(axis=(0, 1, 2))
    found = np.zeros(SHAPE)
    for node in product(*map(range, SHAPE)):
        here = NODES.weight[node]
        for use in told.uses:
            if use.region == region:
                here *= np.exp(np.reshape(use.log_likelihood, SHAPE)[node])
        for use in own:
            here *= np.exp(told.own_weight * np.reshape(use.log_likelihood, SHAPE)[node])
        for there in product(range(SHAPE[3]), repeat=len(others)):
            part = here
            for use, level in zip(others, there, strict=True):
                part *= existence[level] * np.exp(np.reshape(use.log_likelihood, SHAPE)[(*node[:3], level)])
            found[node] += part
    return found.ravel() / found.sum()


def test_the_posterior_is_bayes_rule_over_runner_and_towns():
    rng = np.random.default_rng(4)
    here, there, own = (
        UseLikelihood(name, tuple(rng.normal(0.0, 1.5, NODES.weight.size))) for name in ("a", "b", "a")
    )
    told = Learned(uses=(here, there), own_weight=0.6)
    np.testing.assert_allclose(use_posterior((own,), told, "a"), brute_force((own,), told, "a"), rtol=1e-9)
    np.testing.assert_allclose(use_posterior((), told, "c"), brute_force((), told, "c"), rtol=1e-9)
    np.testing.assert_allclose(use_posterior((), None, "a"), NODES.weight.ravel())


@pytest.mark.parametrize("seed", range(5))
def test_hypotheses_have_equal_mass_and_mix_to_the_posterior(seed):
    posterior = np.random.default_rng(seed).dirichlet(np.full(NODES.weight.size, 0.1))
    found = hypothesise(posterior)
    assert sum(one.mass for one in found) == pytest.approx(1.0)
    assert all(one.share.sum() == pytest.approx(1.0) for one in found)
    np.testing.assert_allclose(sum(one.mass * one.share for one in found), posterior, atol=0.02)
    first = [np.flatnonzero(one.share)[0] for one in found]
    assert first == sorted(first)


def test_a_runner_who_is_known_is_one_hypothesis():
    sure = np.zeros(NODES.weight.size)
    sure[17] = 1.0
    (one,) = hypothesise(sure)
    assert (one.mass, one.share[17]) == (1.0, 1.0)


def test_passes_of_the_same_streets_count_as_correlated_looks_do():
    """Against the exact likelihood: looks at one number with shared errors of device and street."""
    rng = np.random.default_rng(6)
    routes, runs = 4, 8
    passes = [frozenset((way + 10 * route, 0, 1) for way in range(10)) for route in range(routes)] * runs
    route = np.tile(np.arange(routes), runs)
    same = 0.2 + 0.75 * (route[:, None] == route)
    covariance = np.where(np.eye(len(route), dtype=bool), 1.0, same)
    looks = np.linalg.cholesky(covariance) @ rng.standard_normal(len(route))
    values = np.linspace(-1.0, 1.0, 5)
    exact = [-0.5 * (looks - value) @ np.linalg.solve(covariance, looks - value) for value in values]
    weights = np.array(novelty(passes))
    pooled = [-0.5 * (weights * (looks - value) ** 2).sum() for value in values]
    np.testing.assert_allclose(np.diff(pooled), np.diff(exact), atol=1e-9)


def test_a_region_is_ten_kilometres_wide():
    near, far = np.array([[5e5, 5.4e6], [5.09e5, 5.4e6]]), np.array([[5.2e5, 5.4e6]])
    assert region_of("EPSG:1", near) == region_of("EPSG:1", near[:1])
    assert region_of("EPSG:1", near) != region_of("EPSG:1", far)
