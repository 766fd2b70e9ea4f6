import pandas as pd
import pytest
from matplotlib.colors import to_hex

from camber.report import plot_streets
from camber.report.figures import LEFT_COLOUR, RIGHT_COLOUR


@pytest.fixture
def streets():
    tilts = {"Main Street": 1.0, "$\\frac{1}{2}$": -3.0, "": 0.5, "Short Lane": 0.1}
    return pd.DataFrame({"net_tilt_pct_km": tilts}).rename_axis("street")


def test_the_largest_tilt_stands_on_top_and_left_is_left(streets):
    axes = plot_streets(streets)
    assert [bar.get_width() for bar in axes.patches] == [-3.0, 1.0, 0.5, 0.1]
    assert [to_hex(bar.get_facecolor()) for bar in axes.patches[:2]] == [
        LEFT_COLOUR.lower(),
        RIGHT_COLOUR.lower(),
    ]
    low, high = axes.get_xlim()
    assert low == -high
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_names_are_drawn_as_they_are(streets):
    axes = plot_streets(streets)
    assert [label.get_text() for label in axes.get_yticklabels()][:3] == [
        "$\\frac{1}{2}$",
        "Main Street",
        "(no name)",
    ]
    axes.figure.draw_without_rendering()


def test_no_more_than_asked_and_none_at_all(streets):
    assert len(plot_streets(streets, most=2).patches) == 2
    assert len(plot_streets(streets.iloc[:0]).patches) == 0
