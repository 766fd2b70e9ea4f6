"""Simulated runs as FIT and TCX, and in the layout of Strava's bulk export, so that importing can be tried.

The FIT bytes are those of a watch (Garmin FIT protocol and profile), the TCX text is that of Garmin Connect:
one lap, a track for each part. The export has a list with duplicated column names, files packed one by one in
three formats, whose names are not the identities in the list, privacy zones and preferences, as public ones
have (geo-activity-playground's test data). The same recording gives the same bytes.
"""

from __future__ import annotations

import csv
import gzip
import io
import struct
import zipfile
from typing import TYPE_CHECKING, Final

import numpy as np
from lxml import etree

from camber.simulate import gpx_document
from camber.simulate.gpx_writer import NOTE

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from camber.schema import Recording
    from camber.simulate import SimulatedRun

_EPOCH_S: Final = 631_065_600
"""1989-12-31T00:00:00Z since 1970 [s]."""

_SEMICIRCLES: Final = 2**31 / 180.0
_ENUM, _UINT8 = (0x00, "B"), (0x02, "B")
_UINT16, _SINT32, _UINT32 = (0x84, "H"), (0x85, "i"), (0x86, "I")
_RECORD: Final = (
    *((253, _UINT32), (0, _SINT32), (1, _SINT32), (78, _UINT32), (73, _UINT32)),
    *((31, _UINT8), (4, _UINT8), (53, _UINT8), (3, _UINT8), (84, _UINT16)),
)
_INVALID: Final = {"B": 0xFF, "H": 0xFFFF, "i": 0x7FFFFFFF, "I": 0xFFFFFFFF}
_COLUMNS: Final = {
    78: ("elevation_m", 5.0, 500.0),
    73: ("speed_mps", 1000.0, 0.0),
    31: ("accuracy_m", 1.0, 0.0),
    3: ("heart_rate_bpm", 1.0, 0.0),
    84: ("stance_time_balance_pct", 100.0, 0.0),
}
"""Column, scale and offset of the fields of a record."""

_RUNNING, _GARMIN, _ACTIVITY = 1, 1, 4
_TIMER, _START, _STOP_ALL = 0, 0, 4


def fit_document(recording: Recording, felt: tuple[int, int] | None = None) -> bytes:
    """Write a recording as a FIT activity; ``felt`` is how the session felt and how hard it was."""
    fixes = recording.fixes
    seconds = (fixes["time"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[s]")).astype(
        np.int64
    )
    seconds = seconds - _EPOCH_S
    first, last = int(seconds[0]), int(seconds[-1])
    body = [
        _message(0, 0, ((0, _ENUM, _ACTIVITY), (1, _UINT16, _GARMIN), (4, _UINT32, first))),
        _definition(1, 20, _RECORD),
    ]
    records = _records(fixes, seconds)
    ends = np.flatnonzero(np.diff(fixes["part"].to_numpy(), append=-1))
    begin = 0
    for end in map(int, ends):
        body.append(_event(int(seconds[begin]), _START))
        body.append(records[begin : end + 1].tobytes())
        body.append(_event(int(seconds[end]), _STOP_ALL))
        begin = end + 1
    body.append(
        _message(
            3,
            18,
            (
                *((253, _UINT32, last), (2, _UINT32, first), (7, _UINT32, 1000 * (last - first))),
                *((5, _ENUM, _RUNNING), (6, _ENUM, 0)),
                *(() if felt is None else ((192, _UINT8, felt[0]), (193, _UINT8, felt[1]))),
            ),
        )
    )
    body.append(_message(4, 34, ((253, _UINT32, last), (1, _UINT16, 1))))
    return _file(b"".join(body))


def _records(fixes: pd.DataFrame, seconds: np.ndarray) -> np.ndarray:
    kind = np.dtype([("header", "<u1"), *((str(number), f"<{code}") for number, (_, code) in _RECORD)])
    rows = np.zeros(len(fixes), dtype=kind)
    rows["header"], rows["253"] = 1, seconds
    for number, name in ((0, "latitude_deg"), (1, "longitude_deg")):
        rows[str(number)] = np.rint(fixes[name].to_numpy() * _SEMICIRCLES)
    for number, (name, scale, offset) in _COLUMNS.items():
        _fill(rows, number, (fixes[name].to_numpy() + offset) * scale)
    of_one_leg = fixes["cadence_spm"].to_numpy() / 2.0
    _fill(rows, 4, np.floor(of_one_leg))
    _fill(rows, 53, (of_one_leg % 1.0) * 128.0)
    return rows


def _fill(rows: np.ndarray, number: int, values: np.ndarray) -> None:
    invalid = _INVALID[dict(_RECORD)[number][1]]
    rows[str(number)] = np.where(np.isnan(values), invalid, np.rint(np.nan_to_num(values)))


def _event(second: int, kind: int) -> bytes:
    return _message(2, 21, ((253, _UINT32, second), (0, _ENUM, _TIMER), (1, _ENUM, kind)))


def _definition(local: int, number: int, fields: tuple[tuple[int, tuple[int, str]], ...]) -> bytes:
    parts = [bytes((at, struct.calcsize(code), base)) for at, (base, code) in fields]
    return struct.pack("<BBBHB", 0x40 | local, 0, 0, number, len(fields)) + b"".join(parts)


def _message(local: int, number: int, fields: tuple[tuple[int, tuple[int, str], int], ...]) -> bytes:
    definition = _definition(local, number, tuple((at, kind) for at, kind, _ in fields))
    values = struct.pack(
        "<B" + "".join(code for _, (_, code), _ in fields), local, *(v for _, _, v in fields)
    )
    return definition + values


def _file(body: bytes) -> bytes:
    head = struct.pack("<BBHI4s", 14, 0x20, 2132, len(body), b".FIT")
    whole = head + struct.pack("<H", checksum(head)) + body
    return whole + struct.pack("<H", checksum(whole))


def checksum(content: bytes) -> int:
    """Compute the checksum of FIT, CRC-16 with the reflected polynomial 0xA001 (FIT protocol, "CRC")."""
    crc = 0
    for byte in content:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc


def _table_entry(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (0xA001 if byte & 1 else 0)
    return byte


_TABLE: Final = tuple(map(_table_entry, range(256)))


_TCX: Final = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
_EXTENSION: Final = "http://www.garmin.com/xmlschemas/ActivityExtension/v2"
_SCHEMA: Final = "http://www.w3.org/2001/XMLSchema-instance"


def tcx_document(recording: Recording) -> str:
    """Write a recording as TCX."""
    root = etree.Element(
        _in_tcx("TrainingCenterDatabase"), nsmap={None: _TCX, "ns3": _EXTENSION, "xsi": _SCHEMA}
    )
    activity = _add_element(_add_element(root, "Activities"), "Activity")
    activity.set("Sport", "Running")
    fixes = recording.fixes
    plain = fixes["time"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    times = [f"{text}Z" for text in np.datetime_as_string(plain, unit="ms")]
    _add_element(activity, "Id", times[0])
    lap = _add_element(activity, "Lap")
    lap.set("StartTime", times[0])
    columns = (
        "part",
        "latitude_deg",
        "longitude_deg",
        "elevation_m",
        "heart_rate_bpm",
        "cadence_spm",
        "speed_mps",
    )
    part, track = -1, lap
    for time, *values in zip(times, *(fixes[name].to_numpy(float) for name in columns), strict=True):
        if int(values[0]) != part:
            part, track = int(values[0]), _add_element(lap, "Track")
        _add_trackpoint(track, time, values[1:])
    _add_element(activity, "Notes", f"{recording.name} ({NOTE.lower()})" if recording.name else NOTE)
    _add_element(_add_element(activity, "Creator"), "Name", recording.device or "camber")
    etree.indent(root, space=" ")
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f"{head}{etree.tostring(root, encoding='unicode')}\n"


def _add_trackpoint(track: etree._Element, time: str, values: list[float]) -> None:
    latitude, longitude, elevation, heart_rate, cadence, speed = values
    point = _add_element(track, "Trackpoint")
    _add_element(point, "Time", time)
    position = _add_element(point, "Position")
    _add_element(position, "LatitudeDegrees", repr(float(latitude)))
    _add_element(position, "LongitudeDegrees", repr(float(longitude)))
    if not np.isnan(elevation):
        _add_element(point, "AltitudeMeters", repr(float(elevation)))
    if not np.isnan(heart_rate):
        _add_element(_add_element(point, "HeartRateBpm"), "Value", f"{heart_rate:.0f}")
    extended = [("Speed", speed, repr(float(speed)))] if not np.isnan(speed) else []
    extended += [("RunCadence", cadence, f"{cadence / 2.0:.0f}")] if not np.isnan(cadence) else []
    if extended:
        holder = etree.SubElement(_add_element(point, "Extensions"), f"{{{_EXTENSION}}}TPX")
        for name, _, text in extended:
            etree.SubElement(holder, f"{{{_EXTENSION}}}{name}").text = text


def _in_tcx(name: str) -> str:
    return f"{{{_TCX}}}{name}"


def _add_element(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, _in_tcx(name))
    child.text = text
    return child


_HEADER: Final = (
    *("Activity ID", "Activity Date", "Activity Name", "Activity Type", "Activity Description"),
    *("Elapsed Time", "Distance", "Max Heart Rate", "Relative Effort", "Commute", "Activity Private Note"),
    *(
        "Activity Gear",
        "Filename",
        "Athlete Weight",
        "Bike Weight",
        "Elapsed Time",
        "Moving Time",
        "Distance",
    ),
)
_FIRST_ID: Final = 20_261_116_001
_FIRST_FILE: Final = 31_000_000_017
_WRITTEN: Final = (1980, 1, 1, 0, 0, 0)
"""The time that every entry carries: the earliest that zip knows, so that the bytes do not change."""

_ZONE: Final = "60.5300,26.9480"
"""The start of the first run; its middle is moved by some metres, as a runner would."""


def strava_export(runs: Iterable[SimulatedRun]) -> bytes:
    """Write runs as a bulk export of Strava."""
    recordings = [run.recording for run in runs]
    files = {name: gzip.compress(content, 9, mtime=0) for name, content in _files(recordings).items()}
    lists: dict[str, str | bytes] = {
        "activities.csv": _activities(recordings, list(files)),
        "privacy_zones.csv": f'Address,Radius,Latitude & Longitude\nSimulated,200,"{_ZONE}"\n',
        "general_preferences.csv": "Athlete Type,Measurement Preference\nRunner,Metric\n",
    }
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in {**lists, **files}.items():
            entry = zipfile.ZipInfo(name, _WRITTEN)
            entry.create_system = 3  # as written on Unix, wherever this runs
            entry.external_attr = 0o100644 << 16
            packing = zipfile.ZIP_DEFLATED if name in lists else zipfile.ZIP_STORED
            archive.writestr(entry, content, packing)
    return whole.getvalue()


def _files(recordings: list[Recording]) -> dict[str, bytes]:
    files = {}
    for number, recording in enumerate(recordings):
        place = f"activities/{_FIRST_FILE + 97 * number}"
        if number % 3 == 0:
            files[f"{place}.gpx.gz"] = gpx_document(recording).encode()
        elif number % 3 == 1:
            files[f"{place}.fit.gz"] = fit_document(recording)
        else:
            # Strava's TCX files begin with blanks.
            files[f"{place}.tcx.gz"] = b" " * 10 + tcx_document(recording).encode()
    return files


def _activities(recordings: list[Recording], files: list[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    for number, (recording, file) in enumerate(zip(recordings, files, strict=True)):
        time = recording.fixes["time"]
        elapsed_s = int((time.iloc[-1] - time.iloc[0]).total_seconds())
        distance_m = _length_m(recording)
        date = time.iloc[0].strftime("%d %b %Y, %H:%M:%S")
        row = [_FIRST_ID + number, date, f"{recording.name} ({NOTE.lower()})", "Run", NOTE, elapsed_s]
        row += [f"{distance_m / 1000:.2f}", "", "", "false", "", "Simulated shoes", file, "", "", elapsed_s]
        writer.writerow([*row, elapsed_s, f"{distance_m:.1f}"])
    return text.getvalue()


def _length_m(recording: Recording) -> float:
    """Sum the steps on a sphere of the Earth's mean radius, 6371009 m (IUGG)."""
    latitude, longitude = (
        np.radians(recording.fixes[f"{name}_deg"].to_numpy()) for name in ("latitude", "longitude")
    )
    east = np.diff(longitude) * np.cos(latitude[:-1])
    return float(6_371_009.0 * np.hypot(np.diff(latitude), east).sum())
