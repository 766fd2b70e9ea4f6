"""One run of the small town of the command line's tests, analysed once."""

import pytest

import camber
from tests import fabricate as by_hand
from tests.cli.conftest import gpx, town

__all__ = ["town"]


@pytest.fixture(scope="session")
def fabricate():
    return by_hand


@pytest.fixture(scope="session")
def analysed(town, tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "run.gpx"
    path.write_text(gpx(by_hand, "Run", by_hand.LEGS), "utf-8")
    return camber.analyse(camber.read_recording(path), camber.read_roads(town), with_suggestions=False)
