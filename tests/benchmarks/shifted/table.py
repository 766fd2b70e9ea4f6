"""The printed table: one line per measure, one column per way of learning, the older number in brackets."""

import json

import pandas as pd

from tests.benchmarks.shifted import goals
from tests.benchmarks.shifted.goals import at

_LINES = {
    "weeks": ("true_mean", "true_sd", "given_mean", "given_sd", "correlation", "correlation_within_seasons",
              "median_error", "z_mean", "z_sd", "lower_leg_right", "likely_at_.8", "right_at_.8",
              "likely_at_.9", "right_at_.9", "edge_runner_p_facing_.8", "even_runner_likely",
              "even_runner_wrong"),
    "weeks from the third": ("correlation", "correlation_within_seasons", "z_mean", "z_sd",
                             "edge_runner_p_facing_.8", "even_runner_likely", "even_runner_wrong"),
    "sides": ("way", "named", "named_right", "seen", "seen_right", "side_right_all", "ece", "ece_perfect_95",
              "leg_0.75", "leg_0.75_right", "leg_0.9", "leg_0.9_right"),
}  # fmt: skip
_SPANS = ("stretch", "run", "week", "month")
_TOTALS = ("left", "right", "level", "tilted", "balance", "left_below", "right_below", "balance_width")


def text(found, before=None):
    """Lay the numbers out."""
    hows = [how for how in found if how != "about"]
    lines = [f"{'':52}" + "".join(f"{how:>20}" for how in hows)]
    for part, names in _LINES.items():
        lines += [_line(f"{part}: {name}", (part, name), hows, found, before) for name in names]
    for span in _SPANS:
        for name in _TOTALS:
            lines.append(_line(f"covered, {span}: {name}", ("coverage", span, name), hows, found, before))
    for column in ("town", "receiver", "kind"):
        for value in found[hows[0]][f"by {column}"]:
            path = (f"by {column}", value)
            for label, tail in (
                ("correlation", ("weeks", "correlation")),
                ("true share", ("weeks", "true_mean")),
                ("given share", ("weeks", "given_mean")),
                ("weeks' left covered", ("coverage", "week", "left")),
                ("weeks' right covered", ("coverage", "week", "right")),
                ("weeks' balance covered", ("coverage", "week", "balance")),
                ("runs' balance covered", ("coverage", "run", "balance")),
                ("way", ("sides", "way")),
                ("side named", ("sides", "named")),
                ("of it right", ("sides", "named_right")),
                ("side seen", ("sides", "seen")),
                ("of it right", ("sides", "seen_right")),
            ):
                lines.append(_line(f"{value}: {label}", path + tail, hows, found, before))
    return "\n".join([*lines, "", *goals.lines(found), "", str(found["about"])])


def write(found, before, rows, folder):
    """Write the tables that the notebook shows: ways of learning, goals, parts, weeks, and what was run."""
    folder.mkdir(parents=True, exist_ok=True)
    hows = [_how(found, how) for how in found if how != "about"]
    pd.DataFrame(hows).round(4).to_csv(folder / "ways_of_learning.csv", index=False)
    (folder / "about.json").write_text(json.dumps(found["about"], indent=1) + "\n")
    if "season" not in found:
        return
    then = {} if before is None else {label: value for label, value, _, _ in goals.rows_of(before)}
    kept = pd.DataFrame(
        [(label, then.get(label), *row) for label, *row in goals.rows_of(found)],
        columns=["measure", "before", "after", "least", "most"],
    )
    kept["met"] = (kept["least"] <= kept["after"]) & (kept["after"] <= kept["most"])
    ends = kept[["least", "most"]]
    kept[["least", "most"]] = ends.where(ends.abs() < goals.OPEN)
    kept.round(4).to_csv(folder / "goals.csv", index=False)
    parts = []
    for column in ("town", "receiver", "kind"):
        for value in found["season"][f"by {column}"]:
            for when, numbers in (("before", before), ("after", found)):
                parts.append({"part": value, "of": column, "when": when} | _part(numbers, column, value))
    pd.DataFrame(parts).round(4).to_csv(folder / "parts.csv", index=False)
    weeks = pd.DataFrame(rows).query("what == 'week' and how == 'season'")
    names = ["season", "town", "kind", "receiver", "week", "true_share", "share", "p_left", "balance_holds"]
    weeks[names].round(4).to_csv(folder / "weeks.csv", index=False)


def _how(found, how):
    """One row: what a season is worth that was judged in one way."""
    paths = {
        "correlation": ("weeks", "correlation"),
        "z_mean": ("weeks", "z_mean"),
        "z_sd": ("weeks", "z_sd"),
        "median_error": ("weeks", "median_error"),
        **{f"runs_{what}": ("coverage", "run", what) for what in ("left", "right", "balance")},
        **{f"weeks_{what}": ("coverage", "week", what) for what in ("left", "right", "balance")},
        "week_width": ("coverage", "week", "balance_width"),
        "named": ("sides", "named"),
        "named_right": ("sides", "named_right"),
        "leg_named": ("sides", "leg_0.9"),
        "leg_right": ("sides", "leg_0.9_right"),
    }
    return {"how": how} | {name: at(found, how, *path) for name, path in paths.items()}


def _part(numbers, column, value):
    paths = {
        "kilometres": ("sides", "kilometres"),
        "true_share": ("weeks", "true_mean"),
        "given_share": ("weeks", "given_mean"),
        "weeks_covered": ("coverage", "week", "balance"),
        "runs_covered": ("coverage", "run", "balance"),
        "way": ("sides", "way"),
        "named": ("sides", "named"),
        "named_right": ("sides", "named_right"),
        "seen": ("sides", "seen"),
        "seen_right": ("sides", "seen_right"),
        "leg_named": ("sides", "leg_0.9"),
        "leg_right": ("sides", "leg_0.9_right"),
    }
    return {name: at(numbers, "season", f"by {column}", value, *path) for name, path in paths.items()}


def _line(label, path, hows, found, before):
    cells = []
    for how in hows:
        now, then = at(found, how, *path), at(before, how, *path)
        cell = "-" if now is None else f"{now:.3f}"
        cells.append(f"{cell + ('' if then is None else f' ({then:.3f})'):>20}")
    return f"{label:52}" + "".join(cells)
