from dataclasses import replace

import numpy as np
import pytest
import shapely
from matplotlib.figure import Figure

from camber.report import plot_map
from camber.report.figures import figure_of, figure_png, figure_svg
from camber.report.map import scale_bar
from camber.report.strokes import (
    LEFT_COLOUR,
    RIGHT_COLOUR,
    STROKES,
    UNKNOWN_SIDE,
    sides_of,
    stroke_of_chances,
    strokes_of,
)


def shape(axes, gid):
    return next((patch for patch in axes.patches if patch.get_gid() == gid), None)


def points(axes, gid):
    return shape(axes, gid).get_path().vertices


def texts(axes):
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize(
    ("chances", "name"),
    [
        ((0.75, 0.2, 0.05), "run-left"),
        ((0.2, 0.75, 0.05), "run-right"),
        ((0.74, 0.2, 0.06), "run-left-pale"),
        ((0.3, 0.6, 0.1), "run-right-pale"),
        ((0.59, 0.4, 0.01), "run-unknown"),
        ((0.2, 0.2, 0.6), "run-level"),
        ((0.0, 0.0, 0.0), "run-unknown"),
    ],
)
def test_solid_from_three_quarters_pale_from_six_tenths_grey_below(chances, name):
    assert STROKES[stroke_of_chances(*chances)].name == name


def test_the_side_is_that_of_the_runner_or_not_known(run):
    keys = zip(run.exposure["way_id"].tolist(), run.exposure["travel_direction"].tolist(), strict=True)
    # Left edge, a mapped left sidewalk, a path of its own, off the roads, and .76 of edge or sidewalk.
    assert dict(zip(keys, sides_of(run.exposure).tolist(), strict=True)) == {
        (101, 1): -1, (103, 1): -1, (104, 1): 0, (-1, 0): UNKNOWN_SIDE, (101, -1): -1,
    }  # fmt: skip


def test_the_probability_of_a_leg_decides_the_stroke(run):
    names = [STROKES[i].name for i in strokes_of(run.exposure)]
    legs = [run.exposure["way_id"].tolist(), run.exposure["travel_direction"].tolist()]
    drawn = dict(zip(zip(*legs, strict=True), names, strict=True))
    assert drawn == {
        (101, 1): "run-left",
        (103, 1): "run-right",
        (104, 1): "run-unknown",
        (-1, 0): "run-unmatched",
        (101, -1): "run-left-pale",
    }


def doubtful(run):
    """The same run where the left edge of the way back has .6 alone."""
    exposure = run.exposure.copy()
    back = exposure["travel_direction"] == -1
    exposure.loc[back, ["p_left_edge", "p_right_edge"]] = [0.6, 0.3]
    exposure.loc[back, ["p_left_sidewalk", "p_centre", "p_right_sidewalk", "p_other"]] = 0.025
    return replace(run, exposure=exposure)


def test_a_line_is_solid_or_pale_and_thin_where_the_side_is_not_known(run):
    axes = plot_map(doubtful(run))
    solid, pale = shape(axes, "camber-run-left"), shape(axes, "camber-run-left-pale-thin")
    assert solid.get_alpha() == 1.0
    assert pale.get_alpha() < 1.0
    assert pale.get_linewidth() < solid.get_linewidth()
    assert shape(axes, "camber-run-left-pale") is None
    assert {stroke.name for stroke in STROKES if stroke.dashes} == {"run-unmatched"}


def test_blue_is_left_and_orange_is_right():
    colours = {stroke.name.removesuffix("-pale"): stroke.colour for stroke in STROKES}
    assert colours["run-left"] == LEFT_COLOUR
    assert colours["run-right"] == RIGHT_COLOUR
    assert len({colours[name] for name in ("run-level", "run-unknown", "run-unmatched")}) == 1


def test_the_line_lies_on_the_side_that_was_named(run, fabricate):
    north = points(plot_map(run), "camber-run-left")[:, 1] - fabricate.ORIGIN[1]
    # Recorded 4 m north of the middle of an eastward street, on its left: the shift goes further north.
    assert np.median(north) > 4.0
    back = points(plot_map(run), "camber-run-left-pale")[:, 1] - fabricate.ORIGIN[1]
    # Recorded 3 m south of the middle on the way west, which is its left again: further south.
    assert np.median(back) < -3.0
    open_ = points(plot_map(doubtful(run)), "camber-run-left-pale-thin")[:, 1] - fabricate.ORIGIN[1]
    # Where the side is not known the line lies where it was recorded.
    assert np.median(open_) == pytest.approx(-3.0, abs=0.2)


def test_the_barb_stands_on_the_low_side(run):
    """Each arrowhead is a triangle tip, left corner, right corner; the far corner is the barb."""
    axes = plot_map(run)
    for gid, low in (("camber-run-left-heads", -1), ("camber-run-right-heads", 1)):
        heads = points(axes, gid).reshape(-1, 4, 2)[:, :3]
        tip, left, right = heads[:, 0], heads[:, 1], heads[:, 2]
        along = tip - (left + right) / 2.0
        base = right - left
        # right minus left points to the right of travel: negative cross product, x east and y north
        assert (along[:, 0] * base[:, 1] - along[:, 1] * base[:, 0] < 0.0).all()
        line = points(axes, gid.removesuffix("-heads"))
        axis = shapely.LineString(line[~np.isnan(line).any(axis=1)])
        reach = shapely.distance(shapely.points(left), axis), shapely.distance(shapely.points(right), axis)
        assert ((reach[1] - reach[0]) * low > 0.0).all()


def test_arrowheads_point_along_the_run(run):
    heads = points(plot_map(run), "camber-run-left-heads").reshape(-1, 4, 2)
    assert (heads[:, 0, 0] > heads[:, 1:3, 0].max(axis=1)).all()  # eastward
    back = points(plot_map(run), "camber-run-left-pale-heads").reshape(-1, 4, 2)
    assert (back[:, 0, 0] < back[:, 1:3, 0].min(axis=1)).all()  # westward


def test_the_map_names_its_source_its_scale_and_its_streets(run):
    axes = plot_map(run)
    assert "© OpenStreetMap contributors" in texts(axes)
    assert "100 m" in texts(axes)
    # the sidewalk that was run on has no name of its own; its street has
    assert {"Rantatie", "Puistokatu"} <= set(texts(axes))
    assert "Kirkkotie" not in texts(axes)


def test_the_legend_says_in_words_what_the_symbols_mean(run):
    words = [text.get_text() for text in plot_map(run).get_legend().get_texts()]
    assert words == [
        "◀ left leg low",
        "◀ perhaps left leg low",
        "▶ right leg low",
        "can't tell",
        "off the mapped roads",
        "start",
        "end",
    ]
    assert plot_map(run, legend=False).get_legend() is None


def test_roads_are_grey_and_by_class(run):
    axes = plot_map(run)
    roads = [
        patch for patch in axes.patches if str(patch.get_gid()).startswith(("camber-road", "camber-foot"))
    ]
    widths = {patch.get_linewidth() for patch in roads}
    assert len(widths) == 4  # secondary and tertiary, residential, service, foot
    for patch in roads:
        red, green, blue, _ = patch.get_edgecolor()
        assert red == green == blue


def test_everything_drawn_lies_within_the_frame(run):
    axes = plot_map(run)
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    for patch in axes.patches:
        x, y = patch.get_path().vertices.T
        assert (x >= west - 1e-6).all()
        assert (x <= east + 1e-6).all()
        assert (y >= south - 1e-6).all()
        assert (y <= north + 1e-6).all()


def test_it_draws_into_given_axes_with_true_proportions(run):
    axes = Figure(figsize=(9, 3)).add_subplot()
    assert plot_map(run, axes) is axes
    assert axes.get_aspect() == 1.0


@pytest.mark.parametrize("units", ["km", "mi"])
@pytest.mark.parametrize("longest_m", [3.0, 47.0, 99.9, 120.0, 640.0, 2500.0, 80_000.0])
def test_a_scale_bar_is_round_and_fits(longest_m, units):
    length, words = scale_bar(longest_m, units)
    count, unit = words.split()
    metres = {"m": 1.0, "km": 1000.0, "ft": 0.3048, "mi": 1609.344}[unit]
    assert float(count) * metres == pytest.approx(length)
    assert length <= longest_m * 1.0001
    assert length > 0.3 * longest_m
    assert float(count) / 10 ** np.floor(np.log10(float(count))) in {1.0, 2.0, 5.0}


def test_the_same_run_gives_the_same_bytes(run):
    assert figure_svg(figure_of(plot_map(run))) == figure_svg(figure_of(plot_map(run)))
    assert figure_png(figure_of(plot_map(run))).startswith(b"\x89PNG")


def test_a_run_on_one_spot_has_a_map(run):
    still = run.sloped.copy()
    still.geometry = [run.sloped.geometry.iloc[0]] * len(still)
    axes = plot_map(replace(run, sloped=still))
    assert axes.get_xlim()[1] - axes.get_xlim()[0] == pytest.approx(200.0)
    figure_png(figure_of(axes))


def test_names_in_scripts_without_a_glyph_are_left_out_and_others_are_no_formulas(fabricate):
    run = fabricate.analysis(streets=("名前通り", "$\\frac{1}{$", "Kirkkotie"))
    axes = plot_map(run)
    assert "名前通り" not in texts(axes)
    assert "$\\frac{1}{$" in texts(axes)
    figure_png(figure_of(axes))  # warnings are errors here: no missing glyph, no parsed formula
