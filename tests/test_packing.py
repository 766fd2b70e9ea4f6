"""Stored tables come back within the stated precision, and a flipped bit never goes unnoticed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from camber.errors import DamagedStoreError
from camber.packing import pack_columns, pack_table, unpack_columns, unpack_table

NUMBERS = st.floats(-1e6, 1e6, width=32)
DEGREES = st.floats(-180.0, 180.0)


@hypothesis_settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.datetimes(pd.Timestamp(1990, 1, 1), pd.Timestamp(2100, 1, 1))),
            DEGREES,
            NUMBERS,
            st.integers(-(2**62), 2**62),
            st.booleans(),
            st.text(max_size=5),
        ),
        max_size=20,
    )
)
def test_a_table_comes_back(rows):
    names = ["time", "latitude_deg", "offset_m", "way_id", "bridge", "street"]
    frame = pd.DataFrame(rows, columns=names)
    frame["time"] = pd.to_datetime(frame["time"], utc=True)
    kinds = {"latitude_deg": float, "offset_m": float, "way_id": "int64", "bridge": bool, "street": object}
    back = unpack_table(pack_table(frame.astype(kinds)))
    assert list(back) == names
    assert (back["time"].isna() == frame["time"].isna()).all()
    apart = (back["time"] - frame["time"]).dropna().dt.total_seconds().abs()
    assert (apart < 1e-3).all()
    assert np.allclose(back["latitude_deg"], frame["latitude_deg"].astype(float), rtol=0.0, atol=0.51e-7)
    assert back["offset_m"].tolist() == frame["offset_m"].tolist()
    assert back["way_id"].tolist() == frame["way_id"].tolist()
    assert back["bridge"].tolist() == frame["bridge"].tolist()
    assert back["street"].tolist() == frame["street"].tolist()


def test_plain_arrays_are_packed_like_the_table_that_they_make():
    arrays = {
        "latitude_deg": np.array([60.1234567, 60.2]),
        "metres_m": np.array([1.5, np.nan]),
        "way_id": np.array([7, -1]),
        "sure": np.array([True, False]),
        "name": np.array(["Ägatan", ""], dtype=object),
    }
    assert pack_table(arrays) == pack_table(pd.DataFrame(arrays))


def test_seven_decimals_are_kept_to_the_last_bit():
    written = np.round(np.random.default_rng(1).uniform(-180.0, 180.0, 10_000), 7)
    assert (
        unpack_table(pack_table(pd.DataFrame({"longitude_deg": written})))["longitude_deg"] == written
    ).all()


def test_only_what_is_asked_for_is_unpacked():
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [4.0, 5.0, 6.0], "c": ["x", "y", "x"]})
    back = unpack_table(pack_table(frame), only=("c", "b"))
    assert back["c"].tolist() == ["x", "y", "x"]
    assert back["b"].tolist() == [4.0, 5.0, 6.0]
    assert "a" not in back


def test_arrays_come_back_in_single_precision():
    rng = np.random.default_rng(2)
    arrays = {"left": rng.uniform(0.0, 1e4, (200, 6)), "right": np.zeros((200, 6))}
    arrays["left"][:, [1, 4]] = 0.0
    back = unpack_columns(pack_columns(arrays))
    assert (back["left"] == arrays["left"].astype(np.float32)).all()
    assert (back["right"] == 0.0).all()
    assert back["right"].shape == (200, 6)


@pytest.mark.parametrize("seed", range(200))
def test_every_flipped_bit_is_noticed(seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"latitude_deg": rng.uniform(49.0, 49.1, 300), "way_id": rng.integers(0, 9, 300)})
    data = bytearray(pack_table(frame))
    place = int(rng.integers(len(data)))
    data[place] ^= 1 << int(rng.integers(8))
    # zlib's header has flags that do not matter for reading; nothing of the content may change unnoticed.
    try:
        back = unpack_table(bytes(data))
    except DamagedStoreError:
        return
    pd.testing.assert_frame_equal(back, unpack_table(pack_table(frame)))
