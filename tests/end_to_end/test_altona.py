"""A real walk on real streets, mostly on footways mapped apart from their road.

It may skip: recording and extract are not part of the project.
"""

import pytest

from camber.matching import match
from camber.recording import read_recording
from camber.roads import read_roads
from camber.track import prepare_track


@pytest.fixture(scope="module")
def walk(shared_data):
    recording = read_recording(shared_data("traces/altona_walk.converted.gpx"))
    roads = read_roads(shared_data("osm/hamburg-altona_everysinglestreet.osm"))
    track, _ = prepare_track(recording, crs=roads.crs)
    return roads, match(track, roads)


def test_most_of_the_walk_is_on_the_network(walk):
    """92 % of its fixes lie within 30 m of a street; the walk also crosses squares and yards."""
    _, (matched, _, _) = walk
    on = matched["way_id"].ge(0)
    assert 0.7 < on.mean() < 0.97
    assert matched.loc[on, "offset_m"].abs().max() <= 35.0
    assert (matched.loc[~on, "p_off_road"] == matched.loc[~on, "match_probability"]).all()


def test_the_walk_changes_ways_as_often_as_a_walker(walk):
    """A zigzag between footway and road would give hundreds of traversals in 2179 fixes."""
    roads, (matched, _, path) = walk
    assert set(path["way_id"]) <= set(roads.ways.index)
    assert len(path) < 150
    walked = (path["to_chainage_m"] - path["from_chainage_m"]).abs().sum()
    assert walked < 1.2 * matched["distance_m"].iloc[-1]
