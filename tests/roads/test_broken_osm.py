"""Files that are not what an extract should be: counted, or one clear error; also when cut into tiles."""

import pytest

from camber.errors import NoRoadsError, RoadsError
from camber.roads import read_roads
from camber.roads.tiles import TileStore, add_file

NODES = '<node id="1" version="1" lat="49.2" lon="9"/><node id="2" version="1" lat="49.21" lon="9"/>'
CHANGESET = '<changeset id="1" created_at="2020-01-01T00:00:00Z" open="false" user="a" uid="1"/>'
LOWEST = -(2**63) + 1


def way(*nodes, number=7, version=1, highway="path", more=""):
    refs = "".join(f'<nd ref="{node}"/>' for node in nodes)
    return f'<way id="{number}" version="{version}"{more}>{refs}<tag k="highway" v="{highway}"/></way>'


GONE = way(1, 2, version=3, more=' visible="false"')
OPENS = {
    "relation_without_members": f'{NODES}{way(1, 2)}<relation id="1"><tag k="type" v="route"/></relation>',
    "relation_of_a_way_that_is_not_there": (
        f'{NODES}{way(1, 2)}<relation id="2"><member type="way" ref="99" role=""/></relation>'
    ),
    "everything_in_reverse_order": f'<relation id="1"/>{way(1, 2)}{NODES}',
    "changesets_beside_the_map": f"{CHANGESET}{NODES}{way(1, 2)}",
    "a_node_twice": f'{NODES}<node id="2" version="1" lat="49.21" lon="9"/>{way(1, 2)}',
    "a_node_off_the_earth": f'{NODES}<node id="3" lat="99" lon="9"/>{way(3, 1, 2)}',
    "a_node_number_beyond_all": f'{NODES}<node id="9000000000000" lat="49.3" lon="9"/>{way(1, 2)}',
    "the_same_way_twice": f"{NODES}{way(1, 2)}{way(1, 2)}",
    "another_way_was_deleted": f"{NODES}{way(1, 2)}{GONE.replace('7', '8')}",
}
REFUSED = {
    "history": f"{NODES}{way(1, 2)}{way(1, 2, version=2)}{GONE}",
    "history_without_deletions": f"{NODES}{way(1, 2)}{way(1, 2, number=8)}{way(2, 1, version=2)}",
    "history_in_reverse": f"{NODES}{GONE}{way(1, 2)}",
}


@pytest.fixture
def written(tmp_path):
    def write(content, root="osm", name="odd.osm"):
        path = tmp_path / name
        path.write_text(f'<{root} version="0.6">{content}</{root}>')
        return path

    return write


@pytest.fixture
def ways_in(tmp_path):
    """Read a file in both ways: at once, and cut into tiles."""
    return {
        "at_once": read_roads,
        "in_tiles": lambda path: add_file(path, TileStore(tmp_path / "tiles"), None),
    }


@pytest.mark.parametrize("content", OPENS.values(), ids=OPENS)
def test_what_is_odd_costs_itself_alone(written, ways_in, content):
    roads = ways_in["at_once"](written(content))
    assert roads.ways.index.tolist() == [7]
    assert roads.ways.length_m[7] == pytest.approx(1112.0, abs=2.0)
    assert ways_in["in_tiles"](written(content)).kept


@pytest.mark.parametrize("reader", ["at_once", "in_tiles"])
@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_a_history_is_refused_with_what_to_do(written, ways_in, content, reader):
    with pytest.raises(RoadsError, match=r"history or change file.*osmium time-filter"):
        ways_in[reader](written(content))


@pytest.mark.parametrize("reader", ["at_once", "in_tiles"])
def test_a_file_of_changes_is_refused_with_what_to_do(written, ways_in, reader):
    content = f"<create>{NODES}{way(1, 2)}</create><delete>{way(1, 2, version=2)}</delete>"
    with pytest.raises(RoadsError, match=r"history or change file.*osmium time-filter"):
        ways_in[reader](written(content, "osmChange"))


@pytest.mark.parametrize("reader", ["at_once", "in_tiles"])
def test_a_file_of_changesets_alone_has_no_roads(written, ways_in, reader):
    with pytest.raises(NoRoadsError, match="no road or path"):
        ways_in[reader](written(CHANGESET))


@pytest.mark.parametrize("reader", ["at_once", "in_tiles"])
def test_a_number_that_nothing_can_have_is_a_clear_error(written, ways_in, reader):
    with pytest.raises(RoadsError, match="damaged or incomplete"):
        ways_in[reader](written(NODES + way(1, 2, number=2**63 - 1)))


def test_the_lowest_negative_numbers_are_replaced(written):
    lowest = NODES + way(1, 2, number=LOWEST) + way(2, 1, number=-5)
    roads = read_roads(written(lowest))
    assert len(roads.ways) == 2
    assert (roads.ways.index > 0).all()
