"""A week on simulated terrain, as `tests/benchmarks/terrain_weeks.py` judges many."""

import pytest

pytest.importorskip("rasterio")


@pytest.mark.slow
def test_measuring_a_week_makes_it_no_worse():
    from tests.benchmarks.terrain_weeks import study  # noqa: PLC0415 - reads rasterio

    rows = study(["kouvola"], 1, ("without", "0.5 m on all", "of another system"), runs=2).set_index("case")
    assert rows.loc["without", "measured"] == 0.0
    assert rows.loc["0.5 m on all", "measured"] > 0.3
    assert rows.loc["of another system", "measured"] < 0.3
    for case in ("0.5 m on all", "of another system"):
        assert rows.loc[case, "log_score"] < rows.loc["without", "log_score"] + 0.05
