"""Figure 3: how much more an oracle would name that knows the true sizes of each run's errors."""

from dataclasses import replace

import numpy as np

from camber.lateral import infer_alone, infer_with_use, lay_out
from camber.lateral.state_prior import state_prior, street_shares
from camber.lateral.use import hypothesise, use_posterior
from camber.schema import LateralSettings
from camber.standards import gnss_classes


def side_probabilities(scenario, analysis, *, oracle):
    """Probability of the left given one of the two, per block: by an oracle, or by the prior alone."""
    roads, error = scenario.roads, scenario.error
    settings = LateralSettings(
        device_class=scenario.device_class, slow_factor=1.0, map_sigma_m=error.map_sigma_m
    )
    device = replace(
        gnss_classes()[scenario.device_class],
        fast_sigma_m=error.fast_sigma_m,
        fast_tau_s=error.fast_tau_s,
        slow_sigma_m=error.slow_sigma_m,
        slow_tau_s=error.slow_tau_s,
    )
    scene = lay_out(analysis.matched, analysis.candidates, roads, settings)._replace(device=device)
    blocks, places = scene.blocks, scene.places
    shares = street_shares(places, roads)
    if oracle:
        uses = hypothesise(use_posterior((), None, ("", "")))
        posterior = infer_with_use(scene, shares, infer_alone(scene, shares), None, uses)
        probability = posterior.states.probability
    else:
        probability = state_prior(places, shares, np.zeros(4))
    left, right = probability[:, :2].sum(axis=1), probability[:, 3:5].sum(axis=1)
    total = left + right
    share = np.divide(left, total, out=np.full(len(total), 0.5), where=total > 0.0)
    return 0.5 + blocks.p_street * (1.0 - blocks.p_off_road) * (share - 0.5)
