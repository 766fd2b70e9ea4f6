"""How a runner uses places: what one run says, what a season says, and the hypotheses that come of it."""

from itertools import product

import numpy as np
import pytest

from camber import standards
from camber.lateral import SharedEvidence, gather, infer_alone, lay_out, locate
from camber.lateral.learning import novelty, pool_evidence
from camber.lateral.state_prior import street_shares
from camber.lateral.switching import DEVICE, filter_forward
from camber.lateral.told_streets import region_of
from camber.lateral.use import Looks, UsePosterior, coarse, hypothesise, use_likelihood, use_posterior
from camber.schema import LateralSettings, Learned, UseLikelihood
from tests.worlds import candidates_of, matched_on, roads_of

NODES = standards.use_nodes()
SHAPE = NODES.weight.shape
COUNT = NODES.weight.size
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
    after = shares(use_posterior((), pooled, (pooled.uses[0].region, "")).share)
    assert after[0][facing] > 0.7
    # Of untagged streets, use and existence are told together: a third before, more or fewer now.
    before, now = (
        walks @ np.array([0.08, 0.85, 0.98]) * (exist @ np.array([0.1, 0.59, 0.9]))
        for _, walks, _, exist in (shares(NODES.weight), after)
    )
    assert now - before > 0.1 if sidewalks else now - before < -0.1


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
    whole, parts = (np.array(use_likelihood(("x", ""), one, 4.0)[0].log_likelihood) for one in (looks, alone))
    assert np.corrcoef(whole, parts)[0, 1] > 0.9
    assert np.abs(whole - parts).max() < 0.25 * np.ptp(parts) + 1.0


def integral(uses, nodes, weights):
    """Integral of the product of some likelihoods over standard normal common errors: a determinant."""
    log, first, second = 0.0, np.zeros(2), np.eye(2)
    for use, node, weight in zip(uses, nodes, weights, strict=True):
        log += weight * np.reshape(use.log_likelihood, SHAPE)[node]
        a, b, c, d, e = (weight * np.reshape(row, SHAPE)[node] for row in use.common)
        first, second = first + np.array([a, b]), second + np.array([[c, d], [d, e]])
    return np.exp(log + 0.5 * first @ np.linalg.solve(second, first)) / np.sqrt(np.linalg.det(second))


def brute_force(own, told, region):
    """Posterior by summing over every combination of the nodes and of the sidewalks of other regions."""
    others = [use for use in told.uses if use.region != region]
    here = [use for use in told.uses if use.region == region]
    weights = [1.0] * len(here) + [told.own_weight] * len(own) + [1.0] * len(others)
    existence = NODES.weight.sum(axis=(0, 1, 2))
    found = np.zeros(SHAPE)
    for node in product(*map(range, SHAPE)):
        for there in product(range(SHAPE[3]), repeat=len(others)):
            nodes = [node] * len([*here, *own]) + [(*node[:3], level) for level in there]
            part = NODES.weight[node] * existence[list(there)].prod()
            found[node] += part * integral([*here, *own, *others], nodes, weights)
    return found.ravel() / found.sum()


def anything(region, seed, device=""):
    """Say anything of the nodes, and as much of the common errors as some runs do."""
    rng = np.random.default_rng(seed)
    log, first = rng.normal(0.0, 1.5, COUNT), rng.normal(0.0, 0.8, (2, COUNT))
    root = rng.normal(0.0, 0.8, (2, 2, COUNT))
    (c, d), (_, e) = np.einsum("ijk,ljk->ilk", root, root)
    rows = np.stack([*first, c, d, e])
    return UseLikelihood(region, tuple(log.tolist()), device, tuple(map(tuple, rows.tolist())))


def test_the_posterior_is_bayes_rule_over_runner_towns_and_common_errors():
    here, there, own = anything("a", 4), anything("b", 5), anything("a", 6)
    told = Learned(uses=(here, there), own_weight=0.6)
    for mine, place in (((own,), "a"), ((), "c")):
        found = use_posterior(mine, told, (place, "")).share
        np.testing.assert_allclose(found, brute_force(mine, told, place), rtol=0.02, atol=3e-4)
    np.testing.assert_allclose(use_posterior((), None, ("a", "")).share, NODES.weight.ravel())


def test_another_device_says_nothing_of_this_one_and_all_that_it_says_of_the_runner():
    """Its offset is integrated over, which is a determinant; the edges' is the runner's, and stays."""
    other = anything("a", 7, "another watch")
    found = use_posterior((), Learned(uses=(other,)), ("a", "this watch"))
    np.testing.assert_allclose(found.mean[:, 0], 0.0, atol=1e-9)
    np.testing.assert_allclose(found.square[:, 0, 0], 1.0, atol=0.03)
    np.testing.assert_allclose(
        found.share, brute_force((), Learned(uses=(other,)), "a"), rtol=0.02, atol=3e-4
    )
    a, b, c, d, e = np.array(other.common)
    # The Schur complement of the device's precision: what is left of the edges.
    left, weighted = 1.0 + e - d**2 / (1.0 + c), b - a * d / (1.0 + c)
    np.testing.assert_allclose(found.mean[:, 1], weighted / left, atol=0.1)


def test_what_a_run_says_of_a_device_is_its_likelihood_if_all_were_shifted():
    """On a path nothing but errors is unknown: the exact likelihood of shifted offsets, without a device."""
    roads = town(3, highway="path", built_up=False)
    (matched,) = season(roads, 0.7, runs=1)
    scene = lay_out(matched, candidates_of(matched), roads, SINGLE)
    here = street_shares(scene.places, roads)
    looks = Looks(
        scene.blocks, scene.places, here, scene.change, infer_alone(scene, here).parts[0].observations
    )
    normal_tails = 1e9
    (said_,) = use_likelihood(("x", ""), looks, normal_tails)
    a, _, c, _, _ = np.array(said_.common)[:, 0]
    given = coarse(looks).observed
    without = given.coefficient.copy()
    without[:, :, DEVICE] = 0.0
    shifts = np.linspace(-2.0, 2.0, 5)
    exact = [
        filter_forward(
            given._replace(residual_m=given.residual_m - shift * SINGLE.device_sigma_m, coefficient=without),
            normal_tails,
        ).log_evidence
        for shift in shifts
    ]
    found = a * shifts - 0.5 * c * shifts**2
    np.testing.assert_allclose(found - found[2], np.array(exact) - exact[2], atol=0.02 * np.ptp(exact))
    assert a > 0.0


def test_a_watch_that_errs_in_all_runs_is_known_from_paths():
    """0.9 m to the right on eight paths, there and back, in six runs: each of them hears so."""
    roads = town(highway="path", built_up=False)
    evidence = [said(roads, matched, str(n)) for n, matched in enumerate(season(roads, 0.9, sigma_m=0.5))]
    learned = SharedEvidence(evidence).told(evidence[0])
    (one,) = hypothesise(use_posterior((), Learned(uses=learned.uses), (learned.uses[0].region, "")), 1)
    assert 0.4 < one.common.mean[0] * SINGLE.device_sigma_m < 1.1
    assert one.common.root[0, 0] < 0.8
    assert one.common.mean[1] == pytest.approx(0.0, abs=0.05)


def known(share):
    """A posterior of the nodes in which nothing is known of the common errors."""
    mean, square = np.zeros((len(share), 2)), np.tile(np.eye(2), (len(share), 1, 1))
    return UsePosterior(share, mean, square)


def _lean():
    """How much lower the leg towards traffic is than the other under each node; on sidewalks higher."""
    table = standards.table("place_use")
    unknowns = [table.loc[table["unknown"] == one, "share"] for one in dict.fromkeys(table["unknown"])]
    rows = []
    for facing, walk, middle, exist in product(*unknowns):
        walks = walk * 0.5 * (1.0 + exist)
        rows.append((facing - (1.0 - facing)) * ((1.0 - walks) * (1.0 - middle) - walks))
    return np.array(rows)


LEAN = _lean()


@pytest.mark.parametrize("seed", range(5))
def test_hypotheses_have_equal_mass_and_mix_to_the_posterior(seed):
    posterior = np.random.default_rng(seed).dirichlet(np.full(NODES.weight.size, 0.1))
    found = hypothesise(known(posterior))
    assert sum(one.mass for one in found) == pytest.approx(1.0)
    assert all(one.share.sum() == pytest.approx(1.0) for one in found)
    np.testing.assert_allclose(sum(one.mass * one.share for one in found), posterior, atol=0.02)
    lean = [one.share @ LEAN for one in found]
    assert lean == sorted(lean)


def test_a_runner_who_is_known_is_one_hypothesis():
    sure = np.zeros(NODES.weight.size)
    sure[17] = 1.0
    (one,) = hypothesise(known(sure))
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
