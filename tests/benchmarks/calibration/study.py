"""The study: simulated runs and weeks judged, and everything that figures and tables are made of."""

import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd

from camber.lateral import pool_evidence
from camber.schema import Draws
from tests.benchmarks.calibration import oracle, reliability, scenarios, scores


class Runs(NamedTuple):
    """All blocks, one row per run, and for every draw and block the drawn side and leg."""

    blocks: pd.DataFrame
    rows: pd.DataFrame
    side: np.ndarray
    leg: np.ndarray


def judge_runs(extracts, seed, count, report=print):
    """Judge ``count`` single runs."""
    blocks, rows, side, leg = [], [], [], []
    for number in range(count):
        scenario = scenarios.draw_scenario(extracts, seed, number)
        if scenario is None:
            continue
        judged = scores.judge(scenario)
        known = {
            "p_oracle": oracle.side_probabilities(scenario, judged.analysis, oracle=True),
            "p_prior": oracle.side_probabilities(scenario, judged.analysis, oracle=False),
        }
        blocks.append(judged.blocks.assign(**known))
        rows.append(judged.row)
        side.append(judged.side)
        leg.append(judged.leg)
        if number % 50 == 49:
            report(f"{number + 1} runs")
    return Runs(pd.concat(blocks, ignore_index=True), pd.DataFrame(rows), np.hstack(side), np.hstack(leg))


def judge_weeks(extracts, seed, count, report=print):
    """Judge ``count`` weeks of four runs: alone, and with what the other runs of the week say."""
    rows = []
    for number in range(count):
        week = scenarios.draw_week(extracts, seed, number)
        if week is None:
            continue
        first = [scores.judge(scenario) for scenario in week]
        learned = pool_evidence(one.analysis.evidence for one in first)
        again = [scores.judge(scenario, learned=learned) for scenario in week]
        truth = pd.concat([scenario.run.truth for scenario in week])
        for name, judged in (("alone", first), ("learned", again)):
            total = Draws(
                **{
                    field: sum(getattr(one.analysis.draws, field) for one in judged)
                    for field in Draws.__dataclass_fields__
                }
            )
            blocks = pd.concat([one.blocks for one in judged])
            share, right = reliability.named(
                *(blocks[part].to_numpy() for part in ("p_side", "side_left_m", "side_right_m"))
            )
            sided = float((blocks["side_left_m"] + blocks["side_right_m"]).sum())
            rows.append(
                scores.known_of(week[0])
                | scores.by_run(total, truth)
                | {"how": name, "sided_m": sided, "named_m": share * sided, "right_m": share * right * sided}
            )
        if number % 20 == 19:
            report(f"{number + 1} weeks")
    return pd.DataFrame(rows)


def parts_of(table):
    """Name and rows of the whole, of each class of receivers, of each extract, and of misspecified errors."""
    yield "all", np.ones(len(table), dtype=bool)
    for column in ("device_class", "extract"):
        for value in sorted(table[column].unique()):
            yield str(value), (table[column] == value).to_numpy()
    for value in (False, True):
        yield ("misspecified" if value else "as assumed"), (table["misspecified"] == value).to_numpy()


def calibration(runs):
    """Figure 2: scores of side and leg for every part."""
    rows = []
    for what, prior, drawn in (("side", "p_prior", runs.side), ("leg", None, runs.leg)):
        for name, here in parts_of(runs.blocks):
            blocks = runs.blocks[here]
            if len(blocks) == 0 or (blocks[f"{what}_left_m"] + blocks[f"{what}_right_m"]).sum() == 0.0:
                continue
            alone = blocks[prior].to_numpy() if prior else np.full(len(blocks), 0.5)
            rows.append({"part": name} | reliability.scores(blocks, alone, drawn[:, here], what))
    return pd.DataFrame(rows)


def sharpness(runs):
    """Figure 3: what is named, beside what an oracle names."""
    rows = []
    for name, here in parts_of(runs.blocks):
        blocks = runs.blocks[here]
        truth = [blocks[column].to_numpy() for column in ("side_left_m", "side_right_m")]
        if sum(part.sum() for part in truth) == 0.0:
            continue
        share, right = reliability.named(blocks["p_side"].to_numpy(), *truth)
        best, best_right = reliability.named(blocks["p_oracle"].to_numpy(), *truth)
        rows.append(
            {
                "part": name,
                "named": share,
                "right": right,
                "named_by_oracle": best,
                "right_by_oracle": best_right,
                "of_oracle": share / max(best, 1e-9),
            }
        )
    return pd.DataFrame(rows)


def additions(runs, weeks):
    """Figure 3, what is added on top: by the habit, by the way back, and by the other runs of a week."""
    parts = {"tours": runs.blocks["shape"] == "tour", "there and back": runs.blocks["shape"] != "tour"}
    found = []
    for name, here in {"all": np.ones(len(runs.blocks), dtype=bool), **parts}.items():
        blocks = runs.blocks[here]
        left, right = (blocks[column].to_numpy() for column in ("side_left_m", "side_right_m"))
        metres = left + right
        if metres.sum() == 0.0:
            continue
        sides = blocks["side"].isin(["left", "right"]) & blocks["side_basis"].isin(["seen", "mapped"])
        seen = metres * sides.to_numpy()
        hit = np.where(blocks["side"] == "left", left, right) * sides.to_numpy()
        alone = {"named": seen.sum() / metres.sum(), "right": hit.sum() / max(seen.sum(), 1e-9)}
        share, true = reliability.named(blocks["p_side"].to_numpy(), left, right)
        found += [
            {"what": "the recording and the map alone", "part": name} | alone,
            {"what": "and habits as assumed", "part": name, "named": share, "right": true},
        ]
    for how, rows in [] if weeks is None else weeks.groupby("how"):
        sums = rows[["sided_m", "named_m", "right_m"]].sum()
        found.append(
            {"what": f"weeks of four runs, {how}", "part": "all", "named": sums["named_m"] / sums["sided_m"],
             "right": sums["right_m"] / max(sums["named_m"], 1e-9)}
        )  # fmt: skip
    return pd.DataFrame(found)


def coverage(rows):
    """Figure 4: share of intervals that hold the truth, and their mean width."""
    found = []
    for name, here in parts_of(rows):
        part = rows[here]
        if len(part) == 0:
            continue
        line = {"part": name, "n": len(part)}
        for total in (*scores.TOTALS, "balance"):
            line[total.removesuffix("_m")] = float(scores.holds(part, total).mean())
        width = part["left_low_m_high"] - part["left_low_m_low"]
        line["left_low_width"] = float((width / part["metres"]).mean())
        found.append(line)
    return pd.DataFrame(found)


def curves(runs):
    """Figure 2 as numbers: claimed and true shares in ten bins, and where a perfect model's would lie."""
    found = []
    metres = runs.blocks["metres"].to_numpy()
    for what in ("side", "leg"):
        p = runs.blocks[f"p_{what}"].to_numpy()
        drawn = getattr(runs, what)
        shares = [reliability.curve(p, metres * (row < 0), metres * (row > 0))["happened"] for row in drawn]
        truth = [runs.blocks[f"{what}_{side}_m"].to_numpy() for side in ("left", "right")]
        with warnings.catch_warnings():
            # A bin may be empty in every draw: then there is no band, and that is no fault.
            warnings.simplefilter("ignore", RuntimeWarning)
            low, high = np.nanquantile(np.array(shares), [0.05, 0.95], axis=0)
        rows = reliability.curve(p, *truth)
        found.append(rows.assign(perfect_low=low, perfect_high=high).assign(what=what))
    return pd.concat(found, ignore_index=True)
