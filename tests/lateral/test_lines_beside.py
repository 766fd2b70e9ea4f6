"""Lines beside a block: found where they run along it, with distances and directions drawn by hand."""

import numpy as np
import pytest
import shapely

from camber.lateral.blocks import cut_blocks
from camber.lateral.places import find_lines_beside
from camber.schema import LateralSettings
from tests.worlds import candidates_of, matched_on, straight

ROAD = straight(600.0)
"""One way of 600 m towards the east."""

STREET = int(ROAD.ways["street_id"].iloc[0])


def beside(*lines, direction=1, streets=None):
    """Offsets and directions by line of a runner along 180 m of the road, with other lines about it."""
    leg = {"way_id": 7, "offset_m": np.zeros(60), "direction": direction}
    matched = matched_on(ROAD, [leg])
    blocks = cut_blocks(matched, candidates_of(matched), ROAD.ways, LateralSettings())
    xy = np.column_stack([matched.geometry.x, matched.geometry.y])
    road = ROAD.ways.geometry.iloc[0]
    others = [shapely.LineString(np.array(line) + road.coords[0]) for line in lines]
    found = find_lines_beside(
        blocks,
        np.zeros(len(blocks.first), dtype=np.int64),
        matched["offset_m"].to_numpy(),
        xy,
        (np.array(streets or [STREET] * (1 + len(lines))), np.array([road, *others], dtype=object)),
    )
    assert found.block[found.own].tolist() == list(range(len(blocks.first)))
    return {
        row: (found.offset_m[found.row == row], found.direction[found.row == row])
        for row in np.unique(found.row[~found.own]).tolist()
    }


@pytest.mark.parametrize("direction", [1, -1])
def test_a_line_drawn_alike_or_against_tells_the_same_offset(direction):
    # A line six metres north of a runner who goes east is on the left: the runner is right of it.
    found = beside([(0.0, 6.0), (600.0, 6.0)], [(600.0, 6.0), (0.0, 6.0)], direction=direction)
    for row, way in ((1, 1), (2, -1)):
        np.testing.assert_allclose(found[row][0], 6.0 * direction, atol=1e-9)
        assert (found[row][1] == way * direction).all()


@pytest.mark.parametrize(
    "line",
    [
        [(90.0, -60.0), (90.0, 60.0)],
        [(0.0, 60.0), (600.0, 60.0)],
        [(180.0, 5.0), (400.0, 5.0)],
    ],
    ids=["across", "far to the side", "further on"],
)
def test_what_does_not_run_along_is_left_out(line):
    assert beside(line) == {}


def test_only_lines_of_the_same_street_count():
    line = [(0.0, 6.0), (600.0, 6.0)]
    assert set(beside(line, line, streets=[STREET, STREET + 1, STREET])) == {2}
