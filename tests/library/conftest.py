"""A library of a few runs in the small town of the command line's tests, analysed once."""

import shutil
import time
from pathlib import Path

import pytest

from camber.library import analyse_library, from_extracts, open_library
from camber.library.importing import import_paths
from tests import fabricate as by_hand
from tests.at_once import Here
from tests.cli.conftest import gpx, town

__all__ = ["town"]

SHAPES = (by_hand.LEGS, by_hand.LEGS[:2], by_hand.LEGS[:3], by_hand.LEGS[1:3], by_hand.LEGS[:1])


def everybody_ends(group, within_s=30.0):
    """Tell whether all processes of a group end by themselves; one that waits to be buried has ended."""
    until = time.monotonic() + within_s
    while any(_of_group(place, group) for place in Path("/proc").glob("[0-9]*")):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _of_group(process, group):
    try:
        state, _, of = (process / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[:3]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return int(of) == group and state != "Z"


@pytest.fixture(scope="session")
def fabricate():
    return by_hand


@pytest.fixture(scope="session")
def here():
    return Here()


@pytest.fixture(scope="session")
def runs_of_town(tmp_path_factory):
    """Five runs on days of three weeks, one of them twice."""
    folder = tmp_path_factory.mktemp("runs")
    for number, legs in enumerate(SHAPES):
        text = gpx(by_hand, f"Run {number}", legs)
        day = (3, 5, 10, 17, 18)[number]
        (folder / f"{number}.gpx").write_text(text.replace("2026-11-17", f"2026-11-{day:02d}"), "utf-8")
    (folder / "copy.gpx").write_text((folder / "0.gpx").read_text("utf-8").replace("Run 0", "Again"), "utf-8")
    return folder


@pytest.fixture(scope="session")
def choose(town):
    return from_extracts([town], country=None, folder=None)


@pytest.fixture(scope="session")
def imported(runs_of_town, tmp_path_factory):
    folder = tmp_path_factory.mktemp("imported") / "library"
    with open_library(folder) as library:
        import_paths(library, [runs_of_town])
    return folder


@pytest.fixture(scope="session")
def analysed(imported, choose, here, tmp_path_factory):
    folder = tmp_path_factory.mktemp("analysed") / "library"
    shutil.copytree(imported, folder)
    with open_library(folder) as library:
        analyse_library(library, [choose], executor=here)
    return folder


@pytest.fixture
def library(analysed, tmp_path):
    """A copy that a test may change."""
    shutil.copytree(analysed, tmp_path / "library")
    with open_library(tmp_path / "library") as found:
        yield found
