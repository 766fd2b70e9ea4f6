"""What was believed before it was told: sides of hand-made streets, in the frame of each pass."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from camber.conventions import CENTRE, LEFT_EDGE, LEFT_SIDEWALK, OTHER, RIGHT_EDGE
from camber.observations.answers import SideAnswer, Street
from camber.observations.passes import StreetPasses, columns_of
from camber.observations.record import added, believed
from camber.schema import Believed

STREET = Street("A", 60.53, 26.94, (10, 11))


def said(side, place=""):
    return SideAnswer(on=date(2026, 11, 20), street=STREET, side=side, place=place)


def passes(place, share, *, heading_deg=90.0, facing=-1, ways="10", receiver="single_band", metres=1000.0):
    """A street run once, with ``share`` of 200 histories at a place and the others on the right."""
    table = columns_of(
        [
            {
                "ways": ways,
                "heading_deg": heading_deg,
                "facing": facing,
                "receiver": receiver,
                "distance_m": metres,
            }
        ]
    )
    draws = np.where(np.arange(200) < 200 * share, place, RIGHT_EDGE).astype(np.int8)[:, np.newaxis]
    return StreetPasses(table, draws, np.zeros((200, 1)), np.zeros((200, 1)))


@pytest.mark.parametrize(
    ("side", "given", "named", "right"),
    [
        # Heading east in a right-hand country, camber is sure of the left, which faces traffic and is north.
        ("facing", {}, 1000.0, 1000.0),
        ("with", {}, 1000.0, 0.0),
        ("north", {}, 1000.0, 1000.0),
        ("north-west", {}, 1000.0, 1000.0),
        ("south", {}, 1000.0, 0.0),
        ("left", {}, 1000.0, 1000.0),
        ("middle", {}, 1000.0, 0.0),
        # Back the other way the left is south, and in a left-hand country it goes with traffic.
        ("south", {"heading_deg": 270.0}, 1000.0, 1000.0),
        ("with", {"facing": 1}, 1000.0, 1000.0),
    ],
)
def test_named_and_right_in_the_frame_of_the_pass(side, given, named, right):
    (one,) = believed(said(side), [passes(LEFT_SIDEWALK, 0.95, **given)])
    assert (one.told_m, one.named_m, one.right_m) == (1000.0, named, right)


def test_what_was_not_sure_was_not_named():
    (one,) = believed(said("facing"), [passes(LEFT_EDGE, 0.85)])
    assert one == Believed("single_band", 1000.0, 0.0, 0.0)
    (one,) = believed(said("facing"), [passes(OTHER, 0.95)])
    assert one.named_m == 0.0
    (one,) = believed(said("middle"), [passes(CENTRE, 0.95)])
    assert one.right_m == 1000.0


def test_what_says_nothing_of_a_side_of_the_pass_is_not_counted():
    assert believed(said("east"), [passes(LEFT_EDGE, 1.0)]) == ()
    assert believed(said("facing"), [passes(LEFT_EDGE, 1.0, facing=0)]) == ()
    assert believed(said("facing"), [passes(LEFT_EDGE, 1.0, ways="99")]) == ()
    assert believed(said("", "sidewalk"), [passes(LEFT_EDGE, 1.0)]) == ()
    assert believed(replace(said("facing"), street=None, run="abc"), [passes(LEFT_EDGE, 1.0)]) == ()


def test_by_receiver_and_added_up():
    parts = [passes(LEFT_EDGE, 1.0), passes(LEFT_EDGE, 1.0, receiver="multi_band"), passes(LEFT_EDGE, 0.5)]
    found = believed(said("facing"), parts)
    assert found == (
        Believed("multi_band", 1000.0, 1000.0, 1000.0),
        Believed("single_band", 2000.0, 1000.0, 1000.0),
    )
    assert added([*found, *found])[1] == Believed("single_band", 4000.0, 2000.0, 2000.0)
