"""Strava exports made by hand: German headers, GPX, TCX and FIT, some of them damaged, none of anybody.

Everything is made from a seed, so that the same export has the same bytes. The runs are circles at sea
level of no town: they are to be read, not to be analysed.
"""

from __future__ import annotations

import csv
import gzip
import io
import struct
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

FIT_EPOCH = datetime(1989, 12, 31, tzinfo=UTC)
GERMAN = (
    "Aktivitäts-ID", "Aktivitätsdatum", "Name der Aktivität", "Aktivitätsart", "Aktivitätsbeschreibung",
    "Verstrichene Zeit", "Distanz", "Max. Herzfrequenz", "Relative Leistung", "Pendelfahrt",
    "Private Anmerkung zu Aktivität", "Ausrüstung für Aktivität", "Dateiname", "Gewicht des Athleten",
    "Fahrradgewicht", "Verstrichene Zeit", "Bewegungszeit", "Distanz", "NaN",
)  # fmt: skip
KINDS = ("gpx.gz", "tcx.gz", "fit.gz")
DAMAGES = ("cut", "empty", "html", "not_gzip", "doctype", "flipped")


@dataclass(frozen=True)
class Activity:
    """One activity of an export, and whether it can be read."""

    name: str
    data: bytes
    damage: str
    fixes: int
    title: str
    started_at: datetime


def positions(number, fixes, seed=0):
    """A circle of about 10 m steps somewhere near 48 N 11 E; each number has its own middle and size."""
    rng = np.random.default_rng([seed, number])
    latitude, longitude = 48.0 + rng.uniform(-0.5, 0.5), 11.0 + rng.uniform(-0.5, 0.5)
    angle = np.linspace(0.0, 2.0 * np.pi, fixes) + rng.uniform(0.0, 6.0)
    radius = 3.0 * fixes / (2.0 * np.pi) / 111_195.0 * rng.uniform(0.8, 1.2)
    north, east = radius * np.sin(angle), radius * np.cos(angle) / np.cos(np.radians(latitude))
    return np.round(latitude + north, 7), np.round(longitude + east, 7)


def gpx_bytes(number, fixes, start, sport="running", seed=0):
    latitude, longitude = positions(number, fixes, seed)
    points = "".join(
        f'<trkpt lat="{y:.7f}" lon="{x:.7f}"><ele>510.0</ele>'
        f"<time>{start + timedelta(seconds=i):%Y-%m-%dT%H:%M:%SZ}</time></trkpt>"
        for i, (y, x) in enumerate(zip(latitude.tolist(), longitude.tolist(), strict=True))
    )
    head = '<gpx creator="StravaGPX" version="1.1" xmlns="http://www.topografix.com/GPX/1/1">'
    track = f"<trk><name>Lauf {number}</name><type>{sport}</type><trkseg>{points}</trkseg></trk>"
    return f'<?xml version="1.0" encoding="UTF-8"?>{head}{track}</gpx>'.encode()


def tcx_bytes(number, fixes, start, sport="Running", seed=0):
    latitude, longitude = positions(number, fixes, seed)
    points = "".join(
        f"<Trackpoint><Time>{start + timedelta(seconds=i):%Y-%m-%dT%H:%M:%SZ}</Time><Position>"
        f"<LatitudeDegrees>{y:.7f}</LatitudeDegrees><LongitudeDegrees>{x:.7f}</LongitudeDegrees></Position>"
        "</Trackpoint>"
        for i, (y, x) in enumerate(zip(latitude.tolist(), longitude.tolist(), strict=True))
    )
    name = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
    lap = f'<Lap StartTime="{start:%Y-%m-%dT%H:%M:%SZ}"><Track>{points}</Track></Lap>'
    activity = f'<Activity Sport="{sport}"><Id>{start:%Y-%m-%dT%H:%M:%SZ}</Id>{lap}</Activity>'
    blanks = " " * 10  # as Strava writes them
    root = (
        f'<TrainingCenterDatabase xmlns="{name}"><Activities>{activity}</Activities></TrainingCenterDatabase>'
    )
    return f'{blanks}<?xml version="1.0"?>{root}'.encode()


def fit_bytes(number, fixes, start, sport=1, seed=0):
    latitude, longitude = positions(number, fixes, seed)
    begin = int((start - FIT_EPOCH).total_seconds())
    parts = [
        _definition(0, 0, ((0, 1, 0x00), (4, 4, 0x86))),
        struct.pack("<BBI", 0, 4, begin),
        _definition(1, 20, ((253, 4, 0x86), (0, 4, 0x85), (1, 4, 0x85))),
    ]
    scale = 2.0**31 / 180.0
    for i, (y, x) in enumerate(zip(latitude.tolist(), longitude.tolist(), strict=True)):
        parts.append(struct.pack("<BIii", 1, begin + i, round(y * scale), round(x * scale)))
    parts += [
        _definition(2, 18, ((253, 4, 0x86), (2, 4, 0x86), (5, 1, 0x00))),
        struct.pack("<BIIB", 2, begin + fixes, begin, sport),
    ]
    data = b"".join(parts)
    head = struct.pack("<BBHI4s", 14, 0x20, 2132, len(data), b".FIT")
    head += struct.pack("<H", _crc(head))
    return head + data + struct.pack("<H", _crc(head + data))


def _definition(local, message, fields):
    return struct.pack("<BBBHB", 0x40 | local, 0, 0, message, len(fields)) + b"".join(
        struct.pack("<BBB", *field) for field in fields
    )


def _crc(data):
    """CRC-16 of the FIT protocol (polynomial 0xA001, reflected)."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xA001 if crc & 1 else 0)
    return crc


def activities(count, *, fixes=120, damaged=0.05, seed=0):
    """Activities of an export; every 1 / `damaged` th is broken, the ways of breaking in turn."""
    made = []
    every = round(1.0 / damaged) if damaged else count + 1
    for number in range(count):
        kind = KINDS[number % 3]
        start = datetime(2018, 1, 1, 6, 0, tzinfo=UTC) + timedelta(hours=23 * number)
        write = {"gpx.gz": gpx_bytes, "tcx.gz": tcx_bytes, "fit.gz": fit_bytes}[kind]
        plain = write(number, fixes, start, seed=seed)
        damage = DAMAGES[number // every % len(DAMAGES)] if number % every == every - 1 else ""
        name = f"activities/{9_000_000 + 7 * number}.{kind}"
        made.append(Activity(name, _damaged(plain, damage), damage, fixes, f"Lauf, {number}", start))
    return made


def _damaged(plain, damage):
    packed = gzip.compress(plain, 6, mtime=0)
    if damage == "flipped":
        middle = bytearray(packed)
        middle[len(middle) // 2] ^= 0x10
        return bytes(middle)
    return {
        "": packed,
        "cut": packed[: len(packed) // 2],
        "empty": b"",
        "html": gzip.compress(b"<!doctype html><html><body>Anmelden</body></html>", mtime=0),
        "not_gzip": b"\x1f\x8b" + plain,
        "doctype": gzip.compress(b'<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a "b">]><gpx/>', mtime=0),
    }[damage]


def table(made):
    """The list of an export, with German headers and texts that break careless readers."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(GERMAN)
    for number, one in enumerate(made):
        day = f"{one.started_at:%d.%m.%Y, %H:%M:%S}"
        note = 'mit Komma, "Anführung" und\nZeile'
        writer.writerow((str(4_000_000 + number), day, one.title, "Lauf", note, "3600", "9,44", "", "", "",
                         "", "Schuh A", one.name, "", "", "3600", "3500", "9440.5", ""))  # fmt: skip
    return out.getvalue().encode()


def write_zip(path, made):
    """Write an export as the zip that Strava gives."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in (("activities.csv", table(made)), *((one.name, one.data) for one in made)):
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 22, 0, 0, 0)), data)
    return path


def write_folder(path, made):
    """Write the activities of an export as a folder of files."""
    for one in made:
        target = path / one.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(one.data)
    return path
