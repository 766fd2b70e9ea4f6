"""Moving an assumption moves the balance in the direction that one can reason out."""

import numpy as np
import pandas as pd
import pytest

from camber.report import plot_tornado
from camber.schema import Settings
from camber.sensitivity import Change, balance_sensitivity, german_changes
from camber.standards import overrides_of
from tests.worlds import ornstein_uhlenbeck, recording_of, roads_of, track_of

ROADS = roads_of(
    {
        way: ([(300.0 * way, 0.0), (300.0 * way + 300.0, 0.0)], {"highway": "secondary", "width_m": 9.0})
        for way in range(10)
    }
)
"""Ten roads end to end, each built on its own."""


@pytest.fixture(scope="module")
def run():
    """Three kilometres along the left edge of wide roads, facing traffic."""
    rng = np.random.default_rng(1)
    x = np.arange(10.0, 2990.0, 3.0)
    xy = np.column_stack([x, 3.7 + ornstein_uhlenbeck(rng, len(x), 1.0, 0.5, 20.0)])
    return recording_of(track_of(xy + np.array([500_000.0, 5_450_000.0]))), ROADS


def crowned(share):
    return overrides_of("t", [{"row": "de_main_paved", "p_crowned": share, "p_one_way": round(1 - share, 9)}])


@pytest.fixture(scope="module")
def table(run):
    changes = (
        Change("nothing", crowned(0.25), crowned(0.25), "0.25", "0.25"),
        Change("crowned", crowned(0.1), crowned(0.95), "0.1", "0.95"),
    )
    return balance_sensitivity([run], changes, Settings(draws=100))


def test_the_largest_swing_is_on_top_and_no_change_moves_nothing(table):
    assert list(table["name"]) == ["crowned", "nothing"]
    assert table["swing"].tolist()[1] == 0.0
    assert (table.loc[1, ["at_low_balance", "at_high_balance"]] == table.loc[1, "balance"]).all()


def test_on_the_left_edge_more_crowns_mean_more_of_the_left_leg(table):
    row = table.loc[0]
    assert row["at_high_balance"] < row["at_low_balance"]
    assert row["at_high_balance"] < -0.7
    assert row["balance_low"] <= row["balance"] <= row["balance_high"]


def test_the_figure_has_a_bar_to_each_end(table):
    axes = plot_tornado(table)
    ends = {round(bar.get_x() + bar.get_width(), 9) for bar in axes.patches[:4]}
    expected = set(table[["at_low_balance", "at_high_balance"]].to_numpy().round(9).ravel().tolist())
    assert ends == expected
    assert [label.get_text() for label in axes.get_yticklabels()] == ["crowned", "nothing"]
    assert plot_tornado(table, axes) is axes


def test_the_german_judgements_are_usable_rows():
    changes = german_changes()
    assert (changes[0].low_value, changes[0].high_value) == ("0.1", "0.5")
    assert all(change.low.rows != change.high.rows for change in changes)


def test_without_changes_there_is_nothing_to_show(run):
    assert len(balance_sensitivity([run], (), Settings(draws=50))) == 0


def test_labels_stand_apart_where_both_moves_go_the_same_way():
    moved = {"name": "one", "low_value": "few", "high_value": "many", "at_low_balance": -0.1}
    usual = {"balance": 0.0, "balance_low": -0.3, "balance_high": 0.3, "at_high_balance": -0.2, "swing": 0.2}
    few, many = sorted(plot_tornado(pd.DataFrame([moved | usual])).texts, key=lambda text: text.get_text())
    assert (many.get_ha(), many.xy[0]) == ("right", -0.2)
    assert (few.get_ha(), few.xy[0]) == ("left", 0.0)
