"""The figures of the study; everything shown is simulated unless it says otherwise."""

import matplotlib.pyplot as plt
import numpy as np


def limit_figure(rows, path):
    figure, axes = plt.subplots(1, 3, figsize=(12, 4), sharey=True, layout="constrained")
    for axis, (name, part) in zip(axes, rows.groupby("device_class"), strict=False):
        axis.plot([0.5, 1], [0.5, 1], color="0.7", lw=1)
        axis.errorbar(
            part["limit"], part["camber"], 2 * part["standard_error"], fmt="o", ms=4, label="camber"
        )
        axis.plot(part["limit"], part["naive_sign"], "x", ms=5, label="sign of the mean")
        axis.plot(part["limit"], part["independent_claims"], "^", ms=4, label="claim of independent errors")
        axis.set(
            title=name.replace("_", " "),
            xlabel="limit: best possible share",
            xlim=(0.6, 1.01),
            ylim=(0.5, 1.01),
        )
    axes[0].set_ylabel("share of right sides (simulated)")
    axes[0].legend(loc="lower right", fontsize=8)
    _save(figure, path)


def reliability_figure(table, path):
    figure, axes = plt.subplots(1, 2, figsize=(9, 4.4), sharey=True, layout="constrained")
    for axis, (what, rows) in zip(axes, table.groupby("what", sort=False), strict=True):
        axis.plot([0, 1], [0, 1], color="0.7", lw=1)
        axis.fill_between(
            rows["claimed"],
            rows["perfect_low"],
            rows["perfect_high"],
            alpha=0.25,
            label="a perfect model, 90 %",
        )
        axis.plot(rows["claimed"], rows["happened"], "o-", ms=4, label="camber")
        axis.set(xlabel=f"claimed: left {what}", title=what)
    axes[0].set_ylabel("happened, share of metres (simulated)")
    axes[0].legend(fontsize=8)
    _save(figure, path)


def sharpness_figure(rows, path):
    figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
    place = np.arange(len(rows))
    axis.bar(place - 0.2, 100 * rows["named"], 0.4, label="camber")
    axis.bar(place + 0.2, 100 * rows["named_by_oracle"], 0.4, label="oracle that knows the errors")
    axis.set_xticks(place, rows["part"].str.replace("_", " "), rotation=30, ha="right")
    axis.set_ylabel("metres named at 0.9 [%] (simulated)")
    axis.legend(fontsize=8)
    _save(figure, path)


def coverage_figure(tables, path):
    figure, axes = plt.subplots(
        1, len(tables), figsize=(5 * len(tables), 4), sharey=True, layout="constrained"
    )
    for axis, (name, rows) in zip(np.atleast_1d(axes), tables.items(), strict=True):
        place = np.arange(len(rows))
        axis.axhspan(87, 95, alpha=0.2)
        for shift, total in ((-0.15, "left_low"), (0.15, "right_low")):
            share = rows[total]
            error = 200 * np.sqrt(share * (1 - share) / rows["n"])
            axis.errorbar(place + shift, 100 * share, error, fmt="o", ms=4, label=total.replace("_", " "))
        axis.set_xticks(place, rows["part"].str.replace("_", " "), rotation=40, ha="right", fontsize=8)
        axis.set_title(name)
    np.atleast_1d(axes)[0].set_ylabel("90 % intervals that hold the truth [%] (simulated)")
    np.atleast_1d(axes)[0].legend(fontsize=8)
    _save(figure, path)


def _save(figure, path):
    figure.savefig(path, dpi=130)
    plt.close(figure)
