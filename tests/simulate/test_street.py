"""What a simulated street offers: sidewalks that no tag tells of, and habits by what is truly there."""

import numpy as np
import pandas as pd
import pytest

from camber.simulate import Preference, RunnerModel, route_via
from camber.simulate.routes import trace_route
from camber.simulate.world import streets_of
from camber.standards import table

PRIOR = table("side_prior").set_index("context")


def street(make_roads, seed, *, walk_from=None, **tags):
    """A quiet street of 1 km in a town, perhaps with a sidewalk drawn beside its end."""
    ways = {7: ([(0.0, 0.0), (1000.0, 0.0)], {"built_up": True, "highway": "residential"} | tags)}
    if walk_from is not None:
        side = {"highway": "footway", "footway": "sidewalk", "street_id": 7, "carriageway_id": 7}
        ways[8] = ([(walk_from, -6.0), (1000.0, -6.0)], side | {"carriageway_side": -1, "is_sidepath": True})
    roads = make_roads(ways)
    east, north = roads.graph.node_xy.T
    on_street = np.flatnonzero(north > north.max() - 1.0)
    ends = [int(on_street[east[on_street].argmin()]), int(on_street[east[on_street].argmax()])]
    line = trace_route(roads, route_via(roads, ends, Preference(sidewalk=9.0)))
    table = streets_of(roads, line, RunnerModel(), seed, unmapped_sidewalks=True)
    return table[table["way_id"] == 7].iloc[0]


def many(make_roads, **given):
    return pd.DataFrame([street(make_roads, seed, **given) for seed in range(120)])


def test_untagged_streets_have_sidewalks_as_often_as_the_standards_say(make_roads):
    rows = many(make_roads)
    used = PRIOR.loc["sidewalk_both", "p_sidewalk"]
    exists = PRIOR.loc["quiet_untagged", "p_sidewalk"] / used
    assert rows["walk_left"].mean() == pytest.approx(exists, abs=0.1)
    # The law of total probability: the rows with and without give the row of streets that nobody tagged.
    there, gone = rows[rows["walk_left"]], rows[~rows["walk_left"]]
    assert set(there["p_sidewalk"]) == {used}
    assert set(gone["p_centre"]) == {PRIOR.loc["quiet_no_sidewalk", "p_centre"]}
    for name, row in (("p_sidewalk", "p_sidewalk"), ("p_centre", "p_centre")):
        walked = rows[name] * (rows["walk_left"] if name == "p_sidewalk" else 1.0)
        assert walked.mean() == pytest.approx(PRIOR.loc["quiet_untagged", row], abs=0.09)


@pytest.mark.parametrize(("walk_from", "exist"), [(0.0, False), (300.0, False), (800.0, True)])
def test_beside_a_drawn_sidewalk_there_is_no_other(make_roads, walk_from, exist):
    assert many(make_roads, walk_from=walk_from)["walk_left"].any() == exist


def test_a_tag_is_believed(make_roads):
    rows = many(make_roads, sidewalk_left="yes", sidewalk_right="no")
    assert rows["walk_left"].all()
    assert not rows["walk_right"].any()
