from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from camber.report import plot_shares, story_of
from camber.report.figures import LEFT_COLOUR, NEUTRAL_COLOUR, RIGHT_COLOUR, figure_of, figure_png, figure_svg
from camber.schema import Interval
from tests import fabricate_period


def contrast_on_white(colour):
    """Contrast ratio of WCAG 2.1."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    linear = np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return 1.05 / (linear @ (0.2126, 0.7152, 0.0722) + 0.05)


@pytest.mark.parametrize("colour", [LEFT_COLOUR, RIGHT_COLOUR, NEUTRAL_COLOUR])
def test_colours_are_dark_enough_to_be_read_on_white(colour):
    assert contrast_on_white(colour) >= 4.5


def test_left_stands_on_the_left_of_even_in_its_colour(run):
    for mirror, colour in ((False, LEFT_COLOUR), (True, RIGHT_COLOUR)):
        balance = Interval(0.1, 0.3, 0.5) if mirror else Interval(-0.5, -0.3, -0.1)
        (bar,) = plot_shares([replace(run.summary, balance=balance)]).patches
        assert bar.get_x() + min(bar.get_width(), 0.0) == pytest.approx(0.5 if mirror else 0.35)
        assert abs(bar.get_width()) == pytest.approx(0.15)
        assert to_hex(bar.get_facecolor()) == colour.lower()


def test_whiskers_span_the_range_and_the_band_the_usual(run):
    summary = replace(run.summary, balance=Interval(-0.6, -0.2, 0.2))
    axes = plot_shares([summary], usual=Interval(0.55, 0.6, 0.7))
    spans = {tuple(np.round(line.get_xdata(), 6)) for line in axes.lines if len(set(line.get_ydata())) == 1}
    # From 80 % left, at 0.2, to 40 % left.
    assert spans == {(0.2, 0.6)}
    band = axes.patches[0].get_bbox()
    assert (band.x0, band.x1) == pytest.approx((0.3, 0.45))


def test_a_story_its_runs_and_its_weeks_are_drawn_alike(run):
    story = story_of(fabricate_period.week(run))
    for lines, rows in (
        (story, 1),
        *((part, len(part)) for part in (story.runs, story.weeks, story.streets)),
    ):
        axes = plot_shares(lines)
        assert len(axes.get_yticklabels()) == rows
        assert axes.get_xlim() == (0.0, 1.0)


def test_the_first_run_is_on_top(run, fabricate):
    other = fabricate.analysis(title="Tuesday, with a comma", source="tuesday.gpx", seed=6)
    axes = plot_shares([run.summary, other.summary])
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["Morning run", "Tuesday, with a comma"]
    assert axes.yaxis_inverted()


def test_it_draws_into_given_axes(run):
    axes = Figure().add_subplot()
    assert plot_shares([run.summary], axes) is axes


def test_nothing_of_matplotlib_is_changed(run):
    before = (dict(mpl.rcParams), mpl.get_backend(auto_select=False))
    figure_svg(figure_of(plot_shares([run.summary])))
    assert (dict(mpl.rcParams), mpl.get_backend(auto_select=False)) == before


def test_the_same_figure_gives_the_same_bytes(run):
    for draw in (figure_png, figure_svg):
        first, second = (draw(figure_of(plot_shares([run.summary]))) for _ in range(2))
        assert first == second
    svg = figure_svg(figure_of(plot_shares([run.summary])))
    assert b"<dc:date>" not in svg
    assert b"matplotlib" not in svg.lower().replace(b"matplotlib.axis", b"")


def test_axes_without_a_figure_are_named_as_the_fault(run):
    axes = plot_shares([run.summary])
    axes.remove()
    with pytest.raises(ValueError, match="no figure"):
        figure_of(axes)
