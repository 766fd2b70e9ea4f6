"""A small town and a run as files, and the command line called in this process."""

import importlib.util
import os
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from camber.cli import main
from camber.library import batch
from camber.roads import read_roads
from tests.at_once import Here
from tests.cli.made_runs import CASES
from tests.cli.whole_way import KOUVOLA


def _load(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def fabricate():
    return _load("fabricate")


@pytest.fixture(autouse=True)
def own_settings(tmp_path, monkeypatch):
    """No test reads or writes the settings of whoever runs it."""
    monkeypatch.setenv("CAMBER_HOME", str(tmp_path / "settings"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


@pytest.fixture
def call(capfdbinary):
    """Call the command line; gives exit code, standard output and standard error."""

    def run(*arguments):
        capfdbinary.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capfdbinary.readouterr()
        return int(code), out.decode(), err.decode()

    return run


@pytest.fixture(scope="session")
def parsed_roads(tmp_path_factory):
    """The cache of a user who has read the map of Kouvola once."""
    folder = tmp_path_factory.mktemp("kept")
    read_roads(KOUVOLA, cache=folder / "roads")
    return folder


@pytest.fixture
def kept_map(parsed_roads):
    home = Path(os.environ["CAMBER_HOME"])
    home.mkdir()
    (home / "cache").symlink_to(parsed_roads, target_is_directory=True)


@pytest.fixture
def case():
    """Give the folder of small wrong inputs; skips where it is not beside the project."""
    if not CASES.is_dir():
        pytest.skip("the folder with small wrong inputs is absent")
    return CASES


def _degrees(xy, fabricate):
    points = gpd.GeoSeries([shapely.Point(p) for p in np.asarray(xy, float)], crs=fabricate.CRS).to_crs(
        "EPSG:4326"
    )
    return [(point.x, point.y) for point in points]


@pytest.fixture(scope="session")
def town(fabricate, tmp_path_factory):
    """The streets of tests/fabricate.py as an .osm file."""
    nodes, ways, ids = [], [], {}
    for way, xy in fabricate.WAYS_XY.items():
        refs = []
        for place, (lon, lat) in zip(xy, _degrees(np.array(xy) + fabricate.ORIGIN, fabricate), strict=True):
            if place not in ids:
                ids[place] = len(ids) + 1
                nodes.append(f'<node id="{ids[place]}" lat="{lat:.7f}" lon="{lon:.7f}" version="1"/>')
            refs.append(f'<nd ref="{ids[place]}"/>')
        name = {101: "Rantatie", 102: "Puistokatu"}.get(way, "")
        tags = [
            f'<tag k="highway" v="{fabricate.HIGHWAYS[way]}"/>',
            f'<tag k="name" v="{name}"/>' if name else "",
        ]
        ways.append(f'<way id="{way}" version="1">{"".join(refs)}{"".join(tags)}</way>')
    path = tmp_path_factory.mktemp("town") / "town.osm"
    body = "".join(nodes + ways)
    path.write_text(
        f'<?xml version="1.0"?><osm version="0.6" generator="test">{body}</osm>', encoding="utf-8"
    )
    return path


def gpx(fabricate, name, legs=None):
    rows = fabricate.blocks(legs or fabricate.LEGS)
    fixes = fabricate.fix_table(rows)
    degrees = fixes.to_crs("EPSG:4326").geometry
    points = "".join(
        f'<trkpt lat="{p.y:.7f}" lon="{p.x:.7f}"><time>{t:%Y-%m-%dT%H:%M:%SZ}</time></trkpt>'
        for p, t in zip(degrees, fixes["time"], strict=True)
    )
    head = '<?xml version="1.0"?><gpx version="1.1" creator="test" xmlns="http://www.topografix.com/GPX/1/1">'
    return f"{head}<trk><name>{name}</name><type>running</type><trkseg>{points}</trkseg></trk></gpx>"


@pytest.fixture(scope="session")
def morning(fabricate, tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "morning.gpx"
    path.write_text(gpx(fabricate, "Morning run"), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def evening(fabricate, tmp_path_factory):
    """A shorter run, out only."""
    path = tmp_path_factory.mktemp("runs") / "evening.gpx"
    path.write_text(gpx(fabricate, "Evening run", fabricate.LEGS[:2]), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "empty.gpx"
    path.write_bytes(b"")
    return path


def in_this_process(patch):
    """Let the library's work be done here: two short runs are no reason to start processes."""
    real = batch.Workers
    patch.setattr(batch, "Workers", lambda given, count: real(given or Here(), count))


@pytest.fixture(scope="session")
def analysed_town(fabricate, town, tmp_path_factory):
    """Two short runs out and back in the small town, imported and analysed once."""
    home = tmp_path_factory.mktemp("analysed_home")
    runs = home / "runs"
    runs.mkdir()
    there, back = fabricate.LEGS[0], fabricate.LEGS[-1]
    for number, day in enumerate(("2026-11-16", "2026-11-17")):
        text = gpx(fabricate, f"Run {number}", [there, back]).replace("2026-11-17", day)
        (runs / f"{number}.gpx").write_text(text, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAMBER_HOME", str(home))
        in_this_process(patch)
        for words in (("import", runs), ("analyse", "--all", "--roads", town)):
            assert main([str(word) for word in words]) == 0
    return home


@pytest.fixture
def known_town(analysed_town, monkeypatch):
    """A copy of it that a test may change."""
    in_this_process(monkeypatch)
    shutil.copytree(analysed_town, os.environ["CAMBER_HOME"])
