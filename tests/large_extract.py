"""Extracts of any size: shifted copies of a real one side by side, as one file in the usual order.

``python tests/large_extract.py 67 large.osm.pbf`` writes one of 60 MB from the Heidelberg extract: the copies
are packed a tenth tighter than the original.
"""

import argparse
import math
import sys
from pathlib import Path

import osmium

SOURCE = Path(__file__).parents[1] / "../shared/data/osm/heidelberg_ors.osm.pbf"
OFFSET = 20_000_000_000
"""Distance between the ids of two copies; more than OpenStreetMap has used."""


def build(path, megabytes, source=SOURCE):
    """Write as many copies as make so many megabytes of the original; gives their number."""
    nodes, ways, box = [], [], None
    for thing in osmium.FileProcessor(str(source)):
        if thing.is_node():
            nodes.append((thing.id, thing.location.lon, thing.location.lat, dict(thing.tags)))
        elif thing.is_way():
            ways.append((thing.id, [node.ref for node in thing.nodes], dict(thing.tags)))
    box = [
        min(n[1] for n in nodes),
        min(n[2] for n in nodes),
        max(n[1] for n in nodes),
        max(n[2] for n in nodes),
    ]
    copies = max(math.ceil(megabytes * 1e6 / Path(source).stat().st_size), 1)
    across = math.ceil(math.sqrt(copies))
    width, height = (math.ceil((box[i + 2] - box[i]) * 20.0) / 20.0 + 0.05 for i in (0, 1))
    header = osmium.io.Header()
    west, south = box[0], box[1]
    rows = math.ceil(copies / across)
    header.add_box(osmium.osm.Box(west, south, box[2] + (across - 1) * width, box[3] + (rows - 1) * height))
    Path(path).unlink(missing_ok=True)
    with osmium.SimpleWriter(str(path), header=header) as writer:
        for copy in range(copies):
            x, y = (copy % across) * width, (copy // across) * height
            for number, lon, lat, tags in nodes:
                place = (lon + x, lat + y)
                writer.add_node(osmium.osm.mutable.Node(id=number + copy * OFFSET, location=place, tags=tags))
        for copy in range(copies):
            for number, refs, tags in ways:
                shifted = [ref + copy * OFFSET for ref in refs]
                writer.add_way(osmium.osm.mutable.Way(id=number + copy * OFFSET, nodes=shifted, tags=tags))
    return copies


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("megabytes", type=float)
    parser.add_argument("path", type=Path)
    parser.add_argument("--source", type=Path, default=SOURCE)
    given = parser.parse_args()
    copies = build(given.path, given.megabytes, given.source)
    sys.stdout.write(f"{copies} copies, {given.path.stat().st_size / 1e6:.1f} MB\n")
