"""What is stored as JSON comes back as it was, to the last bit."""

from dataclasses import asdict

from hypothesis import given, settings
from hypothesis import strategies as st

from camber.lateral import pool_evidence
from camber.library.stored_values import json_of, value_from
from camber.schema import Evidence, Learned, MapOffset, UseLikelihood

numbers = st.floats(allow_nan=False, allow_infinity=False)
counts = st.floats(0.0, 1e300)
said = st.builds(
    Evidence,
    st.text(max_size=8),
    st.lists(
        st.builds(UseLikelihood, st.text(max_size=4), st.lists(numbers, min_size=2, max_size=2).map(tuple)),
        max_size=1,
    ).map(tuple),
    st.lists(
        st.builds(MapOffset, st.integers(), st.integers(), counts, numbers, st.sampled_from([-1, 1])),
        max_size=3,
    ).map(tuple),
)


@given(one=said)
@settings(max_examples=50, deadline=None)
def test_json_keeps_every_bit(one):
    kept = value_from(json_of(one), Evidence)
    assert kept == one
    assert repr(asdict(kept)) == repr(asdict(one))  # so that -0.0 is not 0.0
    pooled = pool_evidence([one])
    assert value_from(json_of(pooled), Learned) == pooled
