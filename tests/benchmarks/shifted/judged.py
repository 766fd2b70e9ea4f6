"""What is said of a season beside what happened: by block, by run, and by week, for every way of learning."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from camber.conventions import SIDE_OF_STATE
from tests.benchmarks.answers import heard_by
from tests.benchmarks.shifted import passes, told
from tests.benchmarks.shifted.season import routes_and_streets

LEFT = ["p_left_sidewalk", "p_left_edge"]
RIGHT = ["p_right_edge", "p_right_sidewalk"]
STRETCH_M = 1000.0
KEPT_DRAWS = 60
_SIDES = np.array(SIDE_OF_STATE)


@dataclass(eq=False)
class Judged:
    """A season judged one way: blocks of all runs, drawn sides of them, drawn and true metres by run.

    ``drawn`` holds (left, right, level) for each draw of each run, ``true`` the same of the truth.
    """

    how: str
    blocks: list = field(default_factory=list)
    sides: list = field(default_factory=list)
    drawn: list = field(default_factory=list)
    true: list = field(default_factory=list)
    week: list = field(default_factory=list)
    stretches: list = field(default_factory=list)

    def add(self, run, analysis):
        """Judge one run."""
        level_pct = analysis.settings.cross_slope.level_pct
        blocks, side, leg, metres = by_block(run, analysis, level_pct)
        self.blocks.append(blocks)
        self.sides.append(side[:KEPT_DRAWS])
        draws = analysis.draws
        names = ("left_low_m", "right_low_m", "level_m")
        self.drawn.append(np.stack([getattr(draws, name).sum(axis=1) for name in names], axis=1))
        self.true.append(run.truth.metres(level_pct))
        self.week.append(run.week)
        self.stretches += _stretches(blocks, leg, metres)


def by_block(run, analysis, level_pct):
    """Probabilities and true metres of each block; drawn sides and legs, and the metres of each block."""
    sloped, truth = analysis.sloped, run.truth
    of = passes.blocks_of(run, sloped)
    first = pd.DataFrame(sloped).groupby("block").first()
    count, side, leg = len(first), _SIDES[truth.state], truth.legs(level_pct)
    falls = np.sign(truth.slope_pct)
    known = {
        f"{what}_{name}_m": np.bincount(of.of_second, truth.step_m * (values == sign), count)
        for what, values in (("side", side), ("leg", leg), ("falls", falls))
        for name, sign in (("left", -1), ("right", 1), ("none", 0))
    }
    blocks = pd.DataFrame({"metres": np.bincount(of.of_second, truth.step_m, count), **known})
    sure = (first["p_street"] * (1.0 - first["p_off_road"])).to_numpy()
    left, right = first[LEFT].sum(axis=1).to_numpy(), first[RIGHT].sum(axis=1).to_numpy()
    total = left + right
    share = np.divide(left, total, out=np.full(count, 0.5), where=total > 0.0)
    blocks["p_side"] = 0.5 + sure * (share - 0.5)
    for name in ("side", "side_basis"):
        blocks[name] = first[name].to_numpy()
    on = 1.0 - first["p_off_road"].to_numpy()
    for name in ("left", "right"):
        blocks[f"p_falls_{name}"] = on * first[f"p_falls_{name}"].to_numpy()
    same = sloped["way_id"].to_numpy()[np.searchsorted(sloped["block"].to_numpy(), of.of_second)]
    blocks["way_m"] = np.bincount(of.of_second, truth.step_m * (same == truth.way_id), count)
    histories = analysis.slope_histories
    drawn = np.where(histories.state >= 0, _SIDES[np.maximum(histories.state, 0)], 0)
    coin = np.random.default_rng(len(sloped)).choice(np.array([-1, 1]), drawn.shape)
    drawn = np.where(analysis.lateral_histories.astray & (drawn != 0), coin, drawn).astype(np.int8)
    slope = np.nan_to_num(histories.cross_slope_pct)
    low = (np.sign(slope) * (np.abs(slope) >= level_pct)).astype(np.int8)
    low = np.where(histories.state >= 0, low, 9).astype(np.int8)
    metres = analysis.exposure["distance_m"].to_numpy()
    return blocks, drawn, low, metres


def _stretches(blocks, leg, metres):
    """Rows of pieces of about a kilometre; the truth is scaled to the distance of the matched path.

    Where a piece begins is known to a block, and its length to a few metres, which no draw varies: unscaled,
    the length would be judged where nearly all of a piece is tilted.
    """
    piece = (np.cumsum(metres) // STRETCH_M).astype(int)
    rows = []
    for number in range(int(piece[-1]) + 1):
        here = piece == number
        if metres[here].sum() < 0.5 * STRETCH_M:
            continue
        true = [float(blocks[f"leg_{name}_m"].to_numpy()[here].sum()) for name in ("left", "right", "none")]
        scale = metres[here].sum() / max(sum(true), 1e-9)
        drawn = np.stack([(leg[:, here] == sign) @ metres[here] for sign in (-1, 1, 0)], axis=1)
        rows.append(row_of(drawn, [scale * part for part in true]))
    return rows


def row_of(drawn, true):
    """One row: 90 % intervals of left, right, level, tilted and balance [m, share], and of the left share."""
    left, right, level = drawn.T
    tilted = np.maximum(left + right, 1e-9)
    true_tilted = max(true[0] + true[1], 1e-9)
    pairs = {
        "left": (left, true[0]),
        "right": (right, true[1]),
        "level": (level, true[2]),
        "tilted": (left + right, true[0] + true[1]),
        "balance": ((right - left) / tilted, (true[1] - true[0]) / true_tilted),
    }
    row = {"metres": float(sum(true)), "p_left": float((left > right).mean() + 0.5 * (left == right).mean())}
    for name, (values, truth) in pairs.items():
        low, high = np.quantile(values, [0.05, 0.95])
        slack = 1e-6 if name == "balance" else 0.5
        row |= {f"{name}_holds": bool(low - slack <= truth <= high + slack)}
        row |= {f"{name}_width": float(high - low), f"{name}_below": bool(truth < low - slack)}
    share = left / tilted
    row["true_share"], row["share"] = true[0] / true_tilted, float(np.median(share))
    row["z"] = float((row["true_share"] - share.mean()) / max(share.std(), 1e-9))
    return row


@dataclass(frozen=True)
class Wanted:
    """What a season is judged with beside its own runs: ceilings, answers, and a share of surveyed metres."""

    ceilings: bool = True
    answers: int = 0
    measured: float = 0.0


def judge(planned, roads, runs, settings, wanted):
    """Judge a season: each run alone, with what all runs until then say, with things told, with truths."""
    alone = Judged("alone")
    evidence = []
    for run in runs:
        analysis = passes.analysed(run, roads, settings)
        alone.add(run, analysis)
        evidence.append(analysis.evidence)
    learned, analyses = _by_weeks("season", roads, runs, evidence, settings)
    found = [alone, learned]
    rng = np.random.default_rng([planned.seed, 3])
    streets = routes_and_streets(planned, roads, rng)[1] if wanted.answers or wanted.measured else None
    if wanted.answers:
        given = told.answered(streets, roads, runs, analyses, wanted.answers)
        found.append(_with_told("answers", roads, runs, evidence, settings, given))
    if wanted.measured:
        given = told.surveyed(streets, runs, wanted.measured, planned.seed)
        found.append(_with_told("surveyed", roads, runs, evidence, settings, given))
    for what in ("state", "surface") if wanted.ceilings else ():
        found.append(Judged(f"{what} known"))
        for run in runs:
            found[-1].add(run, passes.analysed(run, roads, settings, truth_of=what))
    return found


def _with_told(how, roads, runs, evidence, settings, given):
    """Judge a season with something told, each run with what of it concerns its ways."""
    heard = [heard_by(one.ways, given) for one in evidence]
    again = [passes.evidence_of(run, roads, settings, one) for run, one in zip(runs, heard, strict=True)]
    return _by_weeks(how, roads, runs, again, settings, heard)[0]


def _by_weeks(how, roads, runs, evidence, settings, heard=None):
    """Judge each week with what the runs until its end say; and give the analyses."""
    judged, analyses = Judged(how), []
    for own, run, observed in zip(evidence, runs, heard or [None] * len(runs), strict=True):
        until = [one for one, other in zip(evidence, runs, strict=True) if other.week <= run.week]
        analysis = passes.analysed(run, roads, settings, passes.taught(until, own), observed=observed)
        judged.add(run, analysis)
        analyses.append(analysis)
    return judged, analyses


def curve(roads, runs, settings, counts=(2, 4, 8, 16)):
    """Judge the first two weeks with what the first 2, 4, 8, ... weeks say."""
    evidence = [passes.evidence_of(run, roads, settings) for run in runs]
    found = []
    for count in counts:
        until = [one for one, run in zip(evidence, runs, strict=True) if run.week < count]
        judged = Judged(f"{count} weeks")
        for own, run in zip(evidence, runs, strict=True):
            if run.week < counts[0]:
                judged.add(run, passes.analysed(run, roads, settings, passes.taught(until, own)))
        found.append(judged)
    return tuple(found)
