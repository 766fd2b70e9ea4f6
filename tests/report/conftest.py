"""Runs and reports made up by hand; see tests/fabricate.py."""

import importlib.util
from pathlib import Path

import pytest

from camber.report import Report


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
def single(run):
    return Report((run,), run.summary)


@pytest.fixture(scope="session")
def week(fabricate, run):
    other = fabricate.analysis(title="Tuesday, with a comma", source="tuesday.gpx", seed=6)
    return Report((run, other), fabricate.total([run, other]), remarks=("Made up for a test.",))
