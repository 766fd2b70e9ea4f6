"""What a season has to reach, beside what it reaches."""

from typing import NamedTuple

OPEN = 1e9
"""An end that is none."""


class Goal(NamedTuple):
    """One measure: its path in the numbers, and the ends between which it has to lie."""

    label: str
    path: tuple
    least: float = -OPEN
    most: float = OPEN


_TAUGHT = ("season", "weeks from the third")
GOALS = (
    Goal("correlation of weeks from the third on", (*_TAUGHT, "correlation"), 0.55),
    Goal("correlation of weeks alone", ("alone", "weeks", "correlation"), 0.45),
    Goal("z of weeks, mean", (*_TAUGHT, "z_mean"), -0.2, 0.2),
    Goal("z of weeks, sd", (*_TAUGHT, "z_sd"), 0.0, 1.1),
    Goal("edge runner, weeks with P(facing leg) >= .8", (*_TAUGHT, "edge_runner_p_facing_.8"), 0.75),
    Goal("even runner, weeks with a likely leg", (*_TAUGHT, "even_runner_likely"), 0.0, 0.1),
    Goal("even runner, wrong", (*_TAUGHT, "even_runner_wrong"), 0.0, 1.0 / 30.0),
    *(
        Goal(f"{span}s covered: {what}", ("season", "coverage", span, what), 0.85, 0.95)
        for span in ("run", "week")
        for what in ("left", "right", "balance")
    ),
    Goal("side named, right", ("season", "sides", "named_right"), 0.95),
    Goal("leg named at .9, right", ("season", "sides", "leg_0.9_right"), 0.88),
    Goal("leg named at .75, right", ("season", "sides", "leg_0.75_right"), 0.75),
    Goal("with answers: correlation", ("answers", "weeks from the third", "correlation"), 0.85),
    *(
        Goal(f"{what}: weeks covered: balance", (how, "coverage", "week", "balance"), 0.85, 0.95)
        for how, what in (("answers", "with answers"), ("surveyed", "with surveyed streets"))
    ),
)
_PARTS = (
    ("worst of the towns and receivers, side named right", ("sides", "named_right"), min, 0.95, 1.0),
    *(
        (
            f"{which} of the towns and receivers, {span}s covered: {what}",
            ("coverage", span, what),
            pick,
            0.8,
            0.97,
        )
        for span in ("run", "week")
        for what in ("left", "right", "balance")
        for which, pick in (("least", min), ("most", max))
    ),
)


def lines(found):
    """One line per goal: the measure, its value, where it has to lie, and whether it does."""
    return [_line(*row) for row in rows_of(found)]


def rows_of(found):
    """Measure, value, least and most of every goal that was measured."""
    if "season" not in found:
        return []
    rows = [(goal.label, at(found, *goal.path), goal.least, goal.most) for goal in GOALS]
    limit, season = (found["season"]["sides"][name] for name in ("ece_perfect_95", "ece"))
    rows.append(("calibration error of the side by metre", season, 0.0, limit))
    ceiling = at(found, "state known", "weeks from the third", "correlation")
    if ceiling is not None:
        rows.append(("correlation as a part of the ceiling's", rows[0][1] / ceiling, 0.8, OPEN))
    width = ("coverage", "week", "balance_width")
    for how, what, most in (("answers", "with answers", 1.0), ("surveyed", "with surveyed streets", 0.6)):
        if how in found:
            narrower = at(found, how, *width) / at(found, "season", *width)
            rows.append((f"{what}: width of weeks' balance, as a part", narrower, 0.0, most))
    parts = [part for column in ("town", "receiver") for part in found["season"][f"by {column}"].values()]
    rows += [
        (label, pick(at(part, *path) for part in parts), low, high) for label, path, pick, low, high in _PARTS
    ]
    return [row for row in rows if row[1] is not None]


def _line(label, value, least, most):
    ends = f"{'' if least == -OPEN else f'{least:.3f}'} to {'' if most == OPEN else f'{most:.3f}'}"
    return f"{label:62}{value:8.3f}  {ends:18}{'yes' if least <= value <= most else 'NO'}"


def at(found, *path):
    """Number at a path, None where a part of it is missing."""
    for name in path:
        found = None if found is None else found.get(name)
    return found
