"""Simulated runs in the layout of Strava's bulk export, so that importing one can be tried.

The layout is that of users.md 1.1: a list with duplicated column names, files packed one by one in three
formats, whose names are not the identities in the list, privacy zones and preferences.
"""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.simulate.fit import fit_document
from camber.simulate.gpx import NOTE, gpx_document
from camber.simulate.tcx import tcx_document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camber.schema import Recording
    from camber.simulate.run import SimulatedRun

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
    """Write runs as a bulk export of Strava.

    Parameters
    ----------
    runs : iterable of SimulatedRun
        The runs; GPX, FIT and TCX take turns.

    Returns
    -------
    bytes
        A zip archive; the same for the same runs, but for what the version of zlib makes of it.
    """
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
