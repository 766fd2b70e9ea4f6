import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from camber.report import plot_bar
from camber.report.figures import LEFT_COLOUR, NEUTRAL_COLOUR, RIGHT_COLOUR, figure_of, figure_png, figure_svg


def contrast_on_white(colour):
    """Contrast ratio of WCAG 2.1."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    linear = np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return 1.05 / (linear @ (0.2126, 0.7152, 0.0722) + 0.05)


@pytest.mark.parametrize("colour", [LEFT_COLOUR, RIGHT_COLOUR, NEUTRAL_COLOUR])
def test_colours_are_dark_enough_to_be_read_on_white(colour):
    assert contrast_on_white(colour) >= 4.5


def test_left_is_blue_and_left_of_zero(run):
    axes = plot_bar([run.summary])
    left, right = axes.patches[:2]
    assert left.get_width() == pytest.approx(-run.summary.left_low_m.median / 1000.0)
    assert right.get_width() == pytest.approx(run.summary.right_low_m.median / 1000.0)
    assert to_hex(left.get_facecolor()) == LEFT_COLOUR.lower()
    assert to_hex(right.get_facecolor()) == RIGHT_COLOUR.lower()
    low, high = axes.get_xlim()
    assert low == -high


def test_whiskers_span_the_interval(run):
    axes = plot_bar([run.summary], units="mi")
    spans = {tuple(np.round(line.get_xdata(), 6)) for line in axes.lines if len(set(line.get_ydata())) == 1}
    left = run.summary.left_low_m
    assert tuple(np.round([-left.high / 1609.344, -left.low / 1609.344], 6)) in spans


def test_the_first_run_is_on_top(week):
    axes = plot_bar([a.summary for a in week.analyses] + [week.total])
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["Morning run", "Tuesday, with a comma", "Week 2026-W47"]
    assert axes.yaxis_inverted()


def test_it_draws_into_given_axes(run):
    axes = Figure().add_subplot()
    assert plot_bar([run.summary], axes) is axes


def test_nothing_of_matplotlib_is_changed(run):
    before = (dict(mpl.rcParams), mpl.get_backend(auto_select=False))
    figure_svg(figure_of(plot_bar([run.summary])))
    assert (dict(mpl.rcParams), mpl.get_backend(auto_select=False)) == before


def test_the_same_figure_gives_the_same_bytes(run):
    for draw in (figure_png, figure_svg):
        first, second = (draw(figure_of(plot_bar([run.summary]))) for _ in range(2))
        assert first == second
    svg = figure_svg(figure_of(plot_bar([run.summary])))
    assert b"<dc:date>" not in svg
    assert b"matplotlib" not in svg.lower().replace(b"matplotlib.axis", b"")


def test_axes_without_a_figure_are_named_as_the_fault(run):
    axes = plot_bar([run.summary])
    axes.remove()
    with pytest.raises(ValueError, match="no figure"):
        figure_of(axes)
