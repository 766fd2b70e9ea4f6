"""Real recordings, read from beside the project; tests that need them skip where they are absent."""

import importlib.util
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared/data"


@pytest.fixture(scope="session")
def kubicka():
    """Test helper for the tracks with a known route; the module's folder may be absent."""
    name = "kubicka"
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not module.FOLDER.exists():
        pytest.skip("the tracks are not there: the folder ../shared is not part of the project")
    return module


@pytest.fixture(scope="session")
def shared_data():
    """Path of a file of real data; skips where it is absent."""

    def find(name):
        if not (SHARED / name).exists():
            pytest.skip(f"{name} is not there: the folder ../shared is not part of the project")
        return SHARED / name

    return find
