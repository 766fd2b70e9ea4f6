"""Runs and periods made up by hand; see tests/fabricate.py and tests/fabricate_period.py."""

import importlib.util
from pathlib import Path

import pytest

from camber.library.loose_runs import period_of_analyses
from tests import fabricate_period


def _load(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def fabricate():
    return _load("fabricate")


@pytest.fixture(scope="session")
def run(fabricate):
    return fabricate.analysis()


@pytest.fixture(scope="session")
def period(run):
    """A week of the library, made up."""
    return fabricate_period.week(run)


@pytest.fixture(scope="session")
def single(run):
    """One file, as a period."""
    return period_of_analyses([run])


@pytest.fixture(scope="session")
def both(fabricate, run):
    """Two files, as a period."""
    other = fabricate.analysis(title="Tuesday, with a comma", source="tuesday.gpx", seed=6)
    return period_of_analyses([run, other])
