"""Small extracts written by hand: places in metres on the central meridian of UTM zone 32."""

from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from pyproj import Transformer

OSM = Path(__file__).parents[3] / "shared/data/osm"
DATA = Path(__file__).parents[2] / "data"
ORIGIN = (500_000.0, 5_450_000.0)
"""Grid position of the local origin: 9 E, 49.2 N in Germany, where grid north is true north."""

_TO_DEGREES = Transformer.from_crs("EPSG:32632", "EPSG:4326", always_xy=True)


def xml_of(places, ways, head="", origin=ORIGIN):
    """Extract of nodes ``{id: (east_m, north_m)}`` and ways ``[(id, [node, ...], {key: value})]``."""
    lines = [f'<osm version="0.6">{head}']
    for node, (x, y) in places.items():
        lon, lat = _TO_DEGREES.transform(origin[0] + x, origin[1] + y)
        lines.append(f'<node id="{node}" version="1" lat="{lat:.9f}" lon="{lon:.9f}"/>')
    for way, nodes, tags in ways:
        refs = "".join(f'<nd ref="{node}"/>' for node in nodes)
        listed = "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())
        lines.append(f'<way id="{way}" version="1">{refs}{listed}</way>')
    return "\n".join([*lines, "</osm>"])


@pytest.fixture
def osm_file(tmp_path):
    """Write an extract and return its path."""

    def write(places, ways, head="", name="small.osm", origin=ORIGIN):
        path = tmp_path / name
        path.write_text(xml_of(places, ways, head, origin), encoding="utf-8")
        return path

    return write


@pytest.fixture
def osm_text():
    """Text of the extract that `osm_file` writes."""
    return xml_of


@pytest.fixture
def real_extract():
    """Give the path of a real extract under ../shared; skips where that folder is absent, as elsewhere."""

    def find(name):
        if not (OSM / name).exists():
            pytest.skip(f"{name} is not there: the folder ../shared is not part of the project")
        return OSM / name

    return find


@pytest.fixture(params=["kouvola.osm.pbf", "helsinki.osm.pbf"])
def sample(request):
    """Each of the two real extracts of the sample."""
    return DATA / request.param
