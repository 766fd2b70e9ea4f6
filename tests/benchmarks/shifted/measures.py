"""Numbers of the study from what was judged: plain dictionaries, so that two variants compare."""

import numpy as np
import pandas as pd

from tests.benchmarks.calibration import reliability
from tests.benchmarks.shifted.judged import row_of

TOTALS = ("left", "right", "level", "tilted", "balance")
FIRST_TAUGHT = 2
"""Week, counted from 0, from which a season counts as taught."""


def rows_of(judged, planned):
    """Rows by run, by week and by month of a judged season."""
    about = {"season": planned.number, "town": planned.town, "kind": planned.kind}
    about |= {"receiver": planned.receiver, "how": judged.how}
    drawn, true, week = np.array(judged.drawn), np.array(judged.true), np.array(judged.week)
    found = [
        about | {"what": "run", "week": w} | row_of(d, t) for d, t, w in zip(drawn, true, week, strict=True)
    ]
    for what, length in (("week", 1), ("month", 4)):
        for number in np.unique(week // length):
            here = week // length == number
            row = row_of(drawn[here].sum(axis=0), true[here].sum(axis=0))
            found.append(about | {"what": what, "week": int(number)} | row)
    found += [about | {"what": "stretch", "week": -1} | row for row in judged.stretches]
    return found


def blocks_of(judged, planned):
    """All blocks of a judged season in one table, with the drawn sides of each as bytes."""
    table = pd.concat(judged.blocks, ignore_index=True)
    about = {"season": planned.number, "town": planned.town, "receiver": planned.receiver}
    return table.assign(kind=planned.kind, how=judged.how, **about), np.hstack(judged.sides)


def coverage(rows):
    """Share of 90 % intervals that hold the truth, by what they are of."""
    found = {}
    for what, part in rows.groupby("what"):
        found[what] = {name: float(part[f"{name}_holds"].mean()) for name in TOTALS}
        found[what] |= {f"{name}_below": float(part[f"{name}_below"].mean()) for name in ("left", "right")}
        found[what] |= {"n": len(part), "balance_width": float(part["balance_width"].mean())}
        found[what]["left_width_share"] = float((part["left_width"] / part["metres"]).mean())
    return found


def weeks(rows):
    """Correlation, z and names of weeks."""
    part = rows[rows["what"] == "week"]
    within = part[["true_share", "share"]] - part.groupby("season")[["true_share", "share"]].transform("mean")
    even = part["true_share"].sub(0.5).abs() < 0.02
    likely = np.maximum(part["p_left"], 1.0 - part["p_left"])
    right = (part["p_left"] > 0.5) == (part["true_share"] > 0.5)
    found = {
        "n": len(part),
        "true_mean": float(part["true_share"].mean()),
        "true_sd": float(part["true_share"].std()),
        "given_mean": float(part["share"].mean()),
        "given_sd": float(part["share"].std()),
        "correlation": _correlation(part["true_share"], part["share"]),
        "correlation_within_seasons": _correlation(within["true_share"], within["share"]),
        "median_error": float((part["true_share"] - part["share"]).abs().median()),
        "z_mean": float(part["z"].mean()),
        "z_sd": float(part["z"].std()),
        "lower_leg_right": float(right[~even].mean()),
        "likely_at_.8": float((likely >= 0.8).mean()),
        "right_at_.8": float(right[likely >= 0.8].mean()),
        "likely_at_.9": float((likely >= 0.9).mean()),
        "right_at_.9": float(right[likely >= 0.9].mean()),
    }
    edge = part[part["kind"] == "faces at the edge"]
    faces = np.where(edge["town"] == "moorgate", 1.0 - edge["p_left"], edge["p_left"])
    found["edge_runner_p_facing_.8"] = float((faces >= 0.8).mean()) if len(edge) else None
    even = part[part["kind"] == "even by design"]
    likely, right = (series.loc[even.index] for series in (likely, right))
    found["even_runner_likely"] = float((likely >= 0.8).mean()) if len(even) else None
    found["even_runner_wrong"] = float(((likely >= 0.8) & ~right).mean()) if len(even) else None
    return found


def _correlation(one, other):
    both = one.std() > 0.0 and other.std() > 0.0
    return float(np.corrcoef(one, other)[0, 1]) if both else 0.0


def sides(blocks, drawn):
    """Sides and legs: named, right, and calibration by metre beside that of a perfect model.

    A leg is named by the side to which the surface falls, whatever the percent.
    """
    p, left, right = (blocks[name].to_numpy() for name in ("p_side", "side_left_m", "side_right_m"))
    sided = left + right
    named = blocks["side"].isin(["left", "right"]).to_numpy()
    hit = np.where(blocks["side"] == "left", left, right)
    seen = named & (blocks["side_basis"] == "seen").to_numpy()
    metres = blocks["metres"].to_numpy()
    low, high = (blocks[f"p_falls_{name}"].to_numpy() for name in ("left", "right"))
    true_low, true_high = (blocks[f"falls_{name}_m"].to_numpy() for name in ("left", "right"))
    found = {
        "kilometres": float(sided.sum() / 1000.0),
        "way": float(blocks["way_m"].sum() / metres.sum()),
        "named": float(sided[named].sum() / sided.sum()),
        "named_right": float(hit[named].sum() / max(sided[named].sum(), 1e-9)),
        "seen": float(sided[seen].sum() / sided.sum()),
        "seen_right": float(hit[seen].sum() / max(sided[seen].sum(), 1e-9)),
        "side_right_all": float(np.where(p > 0.5, left, right).sum() / sided.sum()),
        "ece": reliability.calibration_error(p, left, right),
        "ece_perfect_95": reliability.perfect(p, metres, drawn),
    }
    for threshold in (0.75, 0.9):
        sure = np.maximum(low, high) >= threshold
        true = np.where(low > high, true_low, true_high)[sure].sum() / max(metres[sure].sum(), 1e-9)
        found |= {
            f"leg_{threshold}": float(metres[sure].sum() / metres.sum()),
            f"leg_{threshold}_right": true,
        }
    return found


def measure(rows, blocks, drawn):
    """Everything, for every way of learning; sides also by town and receiver."""
    rows, found = pd.DataFrame(rows), {}
    for how, part in rows.groupby("how", sort=False):
        here = (blocks["how"] == how).to_numpy()
        found[how] = {"weeks": weeks(part), "coverage": coverage(part)}
        taught = part[(part["what"] != "week") | (part["week"] >= FIRST_TAUGHT)]
        found[how]["weeks from the third"] = weeks(taught)
        found[how]["sides"] = sides(blocks[here], drawn[:, here])
        for column in ("town", "receiver", "kind"):
            found[how][f"by {column}"] = {
                value: {
                    "sides": sides(blocks[here & mask], drawn[:, here & mask]),
                    "coverage": coverage(part[part[column] == value]),
                    "weeks": weeks(part[part[column] == value]),
                }
                for value in sorted(part[column].unique())
                if (mask := (blocks[column] == value).to_numpy()).any()
            }
    return found
