"""Seeded mutations of small recordings and exports: bytes, XML trees and containers.

``python -m tests.recording.fuzzing 100000`` runs as many inputs as wanted; every input has a number, from
which it is made again.
"""

import gzip
import io
import resource
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from lxml import etree

from camber.errors import RecordingError
from camber.recording import read_stream
from camber.recording.archive import find_recordings
from camber.recording.limits import ReadLimits
from camber.simulate.gpx_writer import gpx_document
from tests.recording.test_formats import activity
from tests.simulated_export import fit_document, tcx_document

NASTY = (
    *(
        "",
        " ",
        "nan",
        "inf",
        "-1",
        "1e400",
        "1_0",
        "91",
        "181",
        "-0",
        "5" * 70,
        "\u0661",
        "0x10",
        "1,5",
        "\ufeff",
    ),
    *("2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "0000-00-00T00:00:00Z", "9999-12-31T23:59:60+99:99"),
    *("2026-01-01T00:00:00", "T", "Z", "\u202egpx", "x" * 5000, "100", "200", "]]>", "&amp;lt;"),
)
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
LIMIT_S = 2.0
LIMIT_MB = 300.0


def seeds():
    """The recordings that are mutated, by what kind of mutation fits them."""
    recording = activity(parts=2, count=24)
    xml = [gpx_document(recording, "garmin").encode(), tcx_document(recording).encode()]
    xml.append(xml[0].replace(b"<trkseg>", b"<trkseg><trkpt lat='100' lon='0'/>", 1))
    fit = [fit_document(recording)]
    fit.append(fit[0] + fit[0])
    return xml, fit


def mutated_bytes(content, rng):
    content = bytearray(content)
    for _ in range(int(rng.integers(1, 8))):
        place, size = int(rng.integers(len(content))), int(rng.integers(1, 60))
        match int(rng.integers(8)):
            case 0:
                content[place] ^= 1 << int(rng.integers(8))
            case 1:
                content[place] = int(rng.integers(256))
            case 2:
                del content[place : place + size]
            case 3:
                content[place:place] = content[place : place + size]
            case 4:
                content[place:place] = rng.bytes(size)
            case 5:
                other = int(rng.integers(len(content)))
                content[place:place] = content[other : other + size]
            case 6:
                number = int(rng.choice(NUMBERS)).to_bytes(4, "little")
                content[place : place + 4] = number[: int(rng.choice([1, 2, 4]))]
            case _ if rng.random() < 0.2:
                del content[place:]
        content = content or bytearray(b"<")
    return bytes(content)


def mutated_tree(content, rng):
    root = etree.fromstring(content)
    for _ in range(int(rng.integers(1, 8))):
        elements = list(root.iter("*"))
        one, other = (elements[int(rng.integers(len(elements)))] for _ in range(2))
        nasty = str(rng.choice(NASTY)).replace("\0", "")
        match int(rng.integers(9)):
            case 0 if one is not root:
                one.getparent().remove(one)
            case 1:
                one.text = nasty
            case 2 if one.attrib:
                one.set(str(rng.choice(list(one.attrib))), nasty)
            case 3:
                one.append(etree.fromstring(etree.tostring(other)))
            case 4:
                one.tag = other.tag
            case 5:
                one.tag = (
                    etree.QName(one).localname
                    if rng.random() < 0.5
                    else "{urn:other}" + etree.QName(one).localname
                )
            case 6:
                for _ in range(int(rng.integers(1, 80))):
                    one = etree.SubElement(one, other.tag)
            case 7:
                one.tail = nasty
            case 8:
                one.append(
                    etree.Comment("-") if rng.random() < 0.5 else etree.ProcessingInstruction("a", "b")
                )
    encoding = str(rng.choice(["utf-8", "utf-8", "utf-16", "iso-8859-1"]))
    return etree.tostring(root, encoding=encoding, xml_declaration=True)


def mutated_gzip(content, rng):
    packed = gzip.compress(content, mtime=0)
    match int(rng.integers(4)):
        case 0:
            return mutated_bytes(packed, rng)
        case 1:
            return gzip.compress(packed, mtime=0)
        case 2:
            return packed + rng.bytes(int(rng.integers(20)))
        case _:
            return gzip.compress(mutated_bytes(content, rng), mtime=0)


def mutated_zip(files, rng):
    whole = io.BytesIO()
    with zipfile.ZipFile(
        whole, "w", zipfile.ZIP_DEFLATED if rng.random() < 0.7 else zipfile.ZIP_STORED
    ) as file:
        for name, content in files.items():
            file.writestr(name, mutated_bytes(content, rng) if rng.random() < 0.3 else content)
    content = whole.getvalue()
    if rng.random() < 0.5:
        return mutated_bytes(content, rng)
    start = content.index(b"PK\1\2")  # the directory is short and decides everything: it deserves its share
    return content[:start] + mutated_bytes(content[start:], rng)


@dataclass
class Result:
    """What came of all inputs."""

    recordings: int = 0
    named: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    grown_mb: float = 0.0


def outcome(content, kind, place, result):
    if kind != "zip":
        taken = [content]
    else:
        place.write_bytes(content)
        search = find_recordings(place)
        taken = [found.data for found in search]
        assert all(problem.message for problem in search.notes.problems)
    for data in taken:
        recordings = read_stream(io.BytesIO(data), "input", ReadLimits())
        assert all(len(recording.fixes) >= 2 for recording in recordings)
        result.recordings += len(recordings)


def run(first, count, *, seed=0):
    """Try inputs ``first`` to ``first + count - 1``."""
    xml, fit = seeds()
    table = "Aktivitäts-ID,Datum,Name,Art,Ausrüstung,Dateiname\n12,x,Lauf,Lauf,,activities/1.gpx\n"
    files = {"activities.csv": table.encode(), "activities/1.gpx": xml[0], "activities/2.fit": fit[0]}
    files["privacy_zones.csv"] = b'a,b,c\nx,200,"60.5, 26.9"\n'
    result = Result()
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        for number in range(first, first + count):
            rng = np.random.default_rng([seed, number])
            kind = str(rng.choice(["bytes", "tree", "gzip", "zip"], p=[0.4, 0.35, 0.1, 0.15]))
            source = [*xml, *fit][int(rng.integers(5))] if kind != "tree" else xml[int(rng.integers(3))]
            mutate = {"bytes": mutated_bytes, "tree": mutated_tree, "gzip": mutated_gzip, "zip": mutated_zip}[
                kind
            ]
            try:
                content = mutate(files if kind == "zip" else source, rng)
            except (ValueError, etree.LxmlError, UnicodeError):  # a tree that cannot be written is no input
                continue
            begin = time.process_time()
            try:
                outcome(content, kind, Path(folder) / "export.zip", result)
            except RecordingError as error:
                result.named[type(error).__name__] = result.named.get(type(error).__name__, 0) + 1
            except Exception as error:  # noqa: BLE001 - that is what is looked for
                result.failures.append(f"{number} ({kind}): {type(error).__name__}: {error}"[:300])
            result.slowest_s = max(result.slowest_s, time.process_time() - begin)
    result.grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024
    return result


if __name__ == "__main__":
    begin = time.process_time()
    done = run(0, int(sys.argv[1]))
    print(done, f"{time.process_time() - begin:.0f} s of CPU")  # noqa: T201
    sys.exit(bool(done.failures))
