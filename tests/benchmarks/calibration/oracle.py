"""Figure 3: how much more an oracle would name that knows the true sizes of each run's errors."""

from dataclasses import replace

import numpy as np

from camber.lateral import _Stage
from camber.lateral.blocks import block_mean, cut_blocks
from camber.lateral.mixture import combine
from camber.lateral.model import change_probability, map_pieces
from camber.lateral.noise import noise_hypotheses
from camber.lateral.street import find_places, state_prior, street_shares
from camber.schema import LateralSettings
from camber.standards import gnss_classes


def side_probabilities(scenario, analysis, *, oracle):
    """Probability of the left given one of the two, per block: by an oracle, or by the prior alone."""
    matched, roads, error = analysis.matched, scenario.roads, scenario.error
    settings = LateralSettings()
    blocks = cut_blocks(matched, analysis.candidates, roads.ways, settings)
    offset = matched["offset_m"].to_numpy(dtype=float)
    xy = np.column_stack([matched.geometry.x, matched.geometry.y])
    places = find_places(blocks, offset, xy, roads)
    shares = street_shares(places, roads, None, settings.habit_decisions)
    if oracle:
        far = ~(np.abs(block_mean(offset, blocks.number)) <= settings.mismatch_m)
        places = places._replace(observed_m=np.where(far[:, np.newaxis], np.nan, places.observed_m))
        settings = LateralSettings(
            device_class=scenario.device_class,
            slow_factor=1.0,
            map_sigma_m=error.map_sigma_m,
        )
        device = replace(
            gnss_classes()[scenario.device_class],
            fast_sigma_m=error.fast_sigma_m,
            fast_tau_s=error.fast_tau_s,
            slow_sigma_m=error.slow_sigma_m,
            slow_tau_s=error.slow_tau_s,
        )
        change = change_probability(blocks, places, settings)
        stage = _Stage(blocks, places, map_pieces(blocks, places, matched), change, device, settings)
        probability = combine(
            stage.infer(shares, None, noise_hypotheses(device, settings), habit=True)
        ).probability
    else:
        probability = state_prior(places, shares, habit=True)
    left, right = probability[:, :2].sum(axis=1), probability[:, 3:5].sum(axis=1)
    total = left + right
    share = np.divide(left, total, out=np.full(len(total), 0.5), where=total > 0.0)
    return 0.5 + blocks.p_street * (1.0 - blocks.p_off_road) * (share - 0.5)
