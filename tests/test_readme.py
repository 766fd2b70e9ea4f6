"""The Python of the README runs as it stands, on the sample under the names that it uses."""

import re
import shutil
from pathlib import Path

import pytest

import camber

ROOT = Path(__file__).parents[1]
PARTS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.slow
def test_the_code_of_the_readme_runs_as_it_stands(tmp_path, monkeypatch):
    assert len(PARTS) >= 2
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAMBER_HOME", str(tmp_path / "home"))
    shutil.copy(ROOT / "data" / "week" / "2026-11-17_same_physical_side.gpx", "run.gpx")
    shutil.copy(ROOT / "data" / "kouvola.osm.pbf", "city.osm.pbf")
    names = {"__name__": "readme"}
    for part in PARTS:
        exec(part, names)  # noqa: S102 - our own text
    assert names["page"].startswith("<!doctype html>")
    assert len(names["runs"]) == 1
    assert list(names["weeks"].index) == ["2026-W47"]
    by_path = camber.analyse("run.gpx", "city.osm.pbf", with_suggestions=False).summary
    assert by_path.left_low_m == names["analysis"].summary.left_low_m
