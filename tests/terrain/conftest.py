"""Terrain models whose streets are known: real and simulated ones from outside the project."""

import json
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "terrain"


@pytest.fixture(scope="session")
def cells():
    """Read the cells of a grid of the folder as points, (n, 3), and their size."""
    rasterio = pytest.importorskip("rasterio")

    def read(name):
        if not (FOLDER / name).exists():
            pytest.skip(f"{FOLDER / name} is not here")
        with rasterio.open(FOLDER / name) as grid:
            height = grid.read(1, masked=True)
            row, column = np.nonzero(~np.ma.getmaskarray(height))
            x, y = (
                grid.bounds.left + (column + 0.5) * grid.res[0],
                grid.bounds.top - (row + 0.5) * grid.res[1],
            )
            return np.stack([x, y, height.data[row, column].astype(float)], axis=1), grid.res[0]

    return read


@pytest.fixture(scope="session")
def known_lines():
    """Read the lines of the folder whose cross section is known."""

    def read(name):
        if not (FOLDER / name).exists():
            pytest.skip(f"{FOLDER / name} is not here")
        return [feature["properties"] for feature in json.loads((FOLDER / name).read_text())["features"]]

    return read
