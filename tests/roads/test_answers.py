"""Answers of a server: whole ones are read, everything else is a fault, whatever it is."""

import copy
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camber.roads.answers import AnswerFault, read_answer

NODES = [{"type": "node", "id": n, "lat": 60.0 + n / 1e4, "lon": 25.0 + n / 1e4} for n in range(1, 5)]
WAYS = [
    {"type": "way", "id": 7, "nodes": [1, 2, 3], "tags": {"highway": "residential", "name": "Käsitie ☺"}},
    {"type": "way", "id": 8, "nodes": [3, 4], "tags": {"leisure": "track", "sport": "running"}},
    {"type": "way", "id": 9, "nodes": [4, 1], "tags": {"highway": "motorway"}},
]
ANSWER = {
    "version": 0.6,
    "osm3s": {"timestamp_osm_base": "2026-11-01T00:00:00Z"},
    "elements": [*NODES, *WAYS],
}


def test_a_whole_answer_is_read():
    raw, date = read_answer(json.dumps(ANSWER).encode())
    assert date == "2026-11-01T00:00:00Z"
    assert raw.way_id.tolist() == [7, 8]
    assert raw.first.tolist() == [0, 3, 5]
    assert raw.node_id.tolist() == [1, 2, 3, 3, 4]
    np.testing.assert_array_equal(raw.latitude_deg, [60.0001, 60.0002, 60.0003, 60.0003, 60.0004])
    assert raw.tags[0]["name"] == "Käsitie ☺"


def test_the_order_of_elements_does_not_matter():
    turned = {**ANSWER, "elements": ANSWER["elements"][::-1]}
    raw, _ = read_answer(json.dumps(turned).encode())
    assert sorted(raw.way_id.tolist()) == [7, 8]
    assert set(raw.node_id.tolist()) == {1, 2, 3, 4}


def test_a_desert_is_a_whole_answer():
    raw, _ = read_answer(json.dumps({**ANSWER, "elements": []}).encode())
    assert len(raw.way_id) == 0
    assert raw.first.tolist() == [0]


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"remark": "runtime error: Query timed out"}, "too_much", "Query timed out"),
        ({"remark": ""}, "too_much", "part of an answer"),
        ({"osm3s": {}}, "broken", "how old"),
        ({"osm3s": {"timestamp_osm_base": "yesterday"}}, "broken", "how old"),
        ({"elements": NODES[:2] + WAYS}, "broken", "left out 2 nodes"),
        ({"elements": {}}, "broken", "not understood"),
        (
            {"elements": [*NODES, {"type": "way", "id": 7, "tags": {"highway": "path"}}]},
            "broken",
            "not under",
        ),
        ({"elements": [{**NODES[0], "lat": 91.0}, *NODES[1:], *WAYS]}, "broken", "nowhere on Earth"),
        ({"elements": [{**NODES[0], "lat": float("nan")}, *NODES[1:], *WAYS]}, "broken", "nowhere on Earth"),
    ],
)
def test_what_is_not_whole_is_a_fault(change, kind, said):
    with pytest.raises(AnswerFault, match=said) as fault:
        read_answer(json.dumps({**ANSWER, **change}).encode())
    assert fault.value.kind == kind


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"<html>", b"{", b"[" * 100_000, b"\xff\xfe\x00", b'"x"']
)
def test_what_is_no_answer_is_a_fault(body):
    with pytest.raises(AnswerFault) as fault:
        read_answer(body)
    assert fault.value.kind == "broken"


@given(st.integers(1, len(json.dumps(ANSWER).encode()) - 1))
def test_an_answer_that_is_cut_anywhere_is_never_taken(length):
    with pytest.raises(AnswerFault):
        read_answer(json.dumps(ANSWER).encode()[:length])


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.just([]), st.just({}),
    st.just([None]), st.just({"highway": None}),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_value_anywhere_is_read_or_is_a_fault(data):
    answer = copy.deepcopy(ANSWER)
    element = data.draw(st.sampled_from([answer, answer["osm3s"], *answer["elements"]]))
    element[data.draw(st.sampled_from(sorted(element)))] = data.draw(ODD)
    try:
        raw, _ = read_answer(json.dumps(answer).encode())
    except AnswerFault:
        return
    assert np.isfinite(raw.longitude_deg).all()
    assert len(raw.tags) == len(raw.way_id) == len(raw.first) - 1
