"""Recordings in the library: what they say of themselves, what is told of their day, and their fixes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from camber.errors import UnknownRunError
from camber.library.copies import (
    forget_results,
    group_with,
    join,
    line_of,
    regroup,
    seconds_of,
    take_apart,
)
from camber.library.database import insert
from camber.library.moments import dated, local_day, moment, told_day
from camber.library.stored_values import json_of, value_from
from camber.packing import pack_table, unpack_table
from camber.recording.twins import distance_m
from camber.schema import Problem, Recording, as_fixes
from camber.schema.tables import FIXES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from camber.schema import Fixes

    FloatArray = NDArray[np.float64]

ANALYSABLE: Final = """
SELECT activity_id FROM activity WHERE kind = 'run' AND duplicate_of IS NULL ORDER BY activity_id
"""
_FASTEST_STEP_M: Final = 1000.0
"""A step longer than this is a jump, no distance [m] (`camber.schema.TrackSettings.jump_m`)."""

_FORMATS: Final = {"fit": 3, "tcx": 2, "gpx": 1}

_NEAREST_ZONE: Final = """
SELECT time_zone FROM activity WHERE time_zone IS NOT NULL AND started_at_ms IS NOT NULL
ORDER BY abs(started_at_ms - ?), content_sha256, part LIMIT 1
"""

_FACTS: Final = (
    *("source", "format", "sport", "device", "title", "started_at_ms", "time_zone", "shift_ms", "problems"),
    "likely_start_ms",
)
"""What a recording says of itself, beside its fixes."""

_DTYPES: Final = {"float": "float64", "int": "int64", "time": "datetime64[us, UTC]"}


def add_recording(
    connection: sqlite3.Connection,
    recording: Recording,
    content_sha256: str,
    part: int = 0,
    *,
    gear: str | None,
    kind: str,
    reason: str,
) -> int:
    """Add a recording within a transaction, settle which of several copies counts, and give its number.

    Its kind is ``"run"``, ``"other_sport"`` or ``"no_track"``, the reason why it is no run.
    """
    row = _row_of(connection, recording, content_sha256, part, gear=gear, kind=kind, reason=reason)
    activity_id = insert(connection, "activity", row)
    keep_fixes(connection, activity_id, recording, kind)
    if kind != "no_track":
        line = line_of(recording.fixes, int(row["shift_ms"] or 0))
        group_with(connection, activity_id, line, recording.time_zone)
    return activity_id


def read_anew(
    connection: sqlite3.Connection,
    read: Sequence[tuple[Recording, str, str]],
    content_sha256: str,
    *,
    gear: str | None,
) -> list[int]:
    """Put the recordings of a file in the place of those that an earlier camber read, within a transaction.

    Gives the numbers of all, in order, or nothing where all is as before. A recording that was there keeps
    its number, its title, its shoes and the day that it was given; what was found out about it is taken back.
    """
    query = "SELECT * FROM activity WHERE content_sha256 = ? ORDER BY part"
    old = connection.execute(query, (content_sha256,)).fetchall()
    rows = [
        _row_of(connection, recording, content_sha256, part, gear=gear, kind=kind, reason=reason)
        for part, (recording, kind, reason) in enumerate(read)
    ]
    if len(old) == len(rows) and all(map(partial(_is_as_before, connection), old, rows, read)):
        return []
    apart = {member for row in old for member in take_apart(connection, row["activity_id"])}
    for row in old[len(rows) :]:
        connection.execute("DELETE FROM activity WHERE activity_id = ?", (row["activity_id"],))
    numbers = [row["activity_id"] for row in old[: len(rows)]]
    for before, row, (recording, kind, _) in zip(old, rows, read, strict=False):
        kept = {name: before[name] if before[name] is not None else row[name] for name in ("title", "gear")}
        new = row | kept
        names = ", ".join(f"{name} = :{name}" for name in new)
        number = before["activity_id"]
        connection.execute(
            f"UPDATE activity SET {names} WHERE activity_id = :activity_id",  # noqa: S608 - our own columns
            new | {"activity_id": number},
        )
        connection.execute("DELETE FROM fixes WHERE activity_id = ?", (number,))
        forget_results(connection, number)
        keep_fixes(connection, number, recording, kind)
    join(connection, apart - {row["activity_id"] for row in old[len(rows) :]})
    for part, (recording, kind, reason) in enumerate(read[len(old) :], start=len(old)):
        numbers.append(
            add_recording(connection, recording, content_sha256, part, gear=gear, kind=kind, reason=reason)
        )
    return numbers


def _is_as_before(
    connection: sqlite3.Connection,
    before: sqlite3.Row,
    row: Mapping[str, Any],
    read: tuple[Recording, str, str],
) -> bool:
    """Tell whether a recording is stored already as it would be now."""
    names = ("kind", "reason", "sport", "time_zone", "fixes", "problems", "likely_start_ms")
    if any(before[name] != row[name] for name in names):
        return False
    query = "SELECT data FROM fixes WHERE activity_id = ?"
    stored = connection.execute(query, (before["activity_id"],)).fetchone()
    return stored is None or bool(stored[0] == _packed(read[0]))


def _packed(recording: Recording) -> bytes:
    return pack_table(pd.DataFrame(recording.fixes)[[column.name for column in FIXES]])


def keep_fixes(connection: sqlite3.Connection, activity_id: int, recording: Recording, kind: str) -> None:
    """Keep the fixes of a recording, within a transaction."""
    if kind != "no_track":
        values = (activity_id, len(recording.fixes), _packed(recording))
        connection.execute("INSERT INTO fixes VALUES (?, ?, ?)", values)


def _row_of(
    connection: sqlite3.Connection,
    recording: Recording,
    content_sha256: str,
    part: int,
    *,
    gear: str | None,
    kind: str,
    reason: str,
) -> dict[str, Any]:
    """Give the row of a recording but for its number."""
    fixes = recording.fixes
    stamps = seconds_of(fixes)
    stamps = stamps[np.isfinite(stamps)] * 1000.0
    steps = step_lengths_m(fixes)
    likely = recording.likely_started_at
    row: dict[str, Any] = {
        "content_sha256": content_sha256,
        "part": part,
        "source": recording.source,
        "format": recording.format,
        "kind": kind,
        "reason": reason,
        "sport": recording.sport,
        "device": recording.device,
        "title": recording.name,
        "gear": gear,
        "started_at_ms": round(stamps.min()) if len(stamps) else None,
        "ended_at_ms": round(stamps.max()) if len(stamps) else None,
        "time_zone": recording.time_zone,
        "distance_m": round(float(steps[steps <= _FASTEST_STEP_M].sum()), 3),
        "fixes": len(fixes),
        "richness": _richness_of(fixes, recording.format),
        "problems": json_of(recording.problems),
        "likely_start_ms": None if likely is None else round(likely.timestamp() * 1000.0),
        "shift_ms": 0,
    }
    return row | dated(row, told_day(connection, row))


def tell_day(connection: sqlite3.Connection, activity_id: int, day: date | None) -> str | None:
    """Keep the day of a recording as the runner says, or with None take that back; gives the day it has now.

    Within a transaction. Its times move by whole days, or to the likely start where that is of this day. What
    was found out about it is taken back where its times have moved: it depends on them.
    """
    row = connection.execute("SELECT * FROM activity WHERE activity_id = ?", (activity_id,)).fetchone()
    if row is None:
        raise UnknownRunError(f"there is no run {activity_id}; `camber runs` lists all", path="library")
    key = (row["content_sha256"], row["part"])
    connection.execute("DELETE FROM told_day WHERE content_sha256 = ? AND part = ?", key)
    if day is not None:
        connection.execute("INSERT INTO told_day VALUES (?, ?, ?)", (*key, day.isoformat()))
    now = dated(row, day)
    connection.execute(
        "UPDATE activity SET day = :day, started_at_ms = :started_at_ms, ended_at_ms = :ended_at_ms, "
        "shift_ms = :shift_ms, told = :told WHERE activity_id = :activity_id",
        {**now, "activity_id": activity_id},
    )
    connection.execute("UPDATE street SET day = ? WHERE activity_id = ?", (now["day"], activity_id))
    if now["shift_ms"] != row["shift_ms"]:
        forget_results(connection, activity_id)
        regroup(connection, activity_id)
    if day is None and row["time_zone"] is None:
        date_by_runner(connection)
        query = "SELECT day FROM activity WHERE activity_id = ?"
        now["day"] = connection.execute(query, (activity_id,)).fetchone()[0]
    return None if now["day"] is None else str(now["day"])


def date_by_runner(connection: sqlite3.Connection) -> None:
    """Give recordings whose place says no zone, such as virtual runs, the day where the runner was.

    That is the zone of the run nearest in time, else that of this computer.
    """
    rows = connection.execute(
        "SELECT * FROM activity WHERE time_zone IS NULL AND started_at_ms IS NOT NULL AND NOT told"
    ).fetchall()
    for row in rows:
        near = connection.execute(_NEAREST_ZONE, (row["started_at_ms"],)).fetchone()
        here = moment(row["started_at_ms"])
        if near is not None:
            day = local_day(row["started_at_ms"], near[0])
        else:
            day = None if here is None else here.astimezone().date().isoformat()
        if row["day"] is not None and day != row["day"]:
            change = (day, row["activity_id"])
            connection.execute("UPDATE activity SET day = ? WHERE activity_id = ?", change)


def without_track(source: str) -> Recording:
    """Stand in for a recording without positions, such as one from a treadmill."""
    columns = {column.name: pd.Series(dtype=_DTYPES[column.kind]) for column in FIXES}
    fixes = as_fixes(pd.DataFrame(columns).rename_axis("fix_id"))
    return Recording(source, "", None, None, None, None, None, fixes)


@dataclass(frozen=True)
class StoredRecording:
    """A recording as the library holds it: small enough to be sent as it is."""

    facts: dict[str, Any]
    data: bytes

    def unpacked(self) -> Recording:
        """Read it back: times to the millisecond, positions to 1e-7 degrees, the rest in float32."""
        row = self.facts
        fixes = unpack_table(self.data).rename_axis("fix_id")
        if row["shift_ms"]:
            fixes["time"] += pd.Timedelta(milliseconds=row["shift_ms"])
        return Recording(
            source=row["source"],
            format=row["format"],
            sport=row["sport"],
            device=row["device"],
            name=row["title"],
            started_at=moment(row["started_at_ms"]),
            time_zone=row["time_zone"],
            fixes=as_fixes(fixes),
            problems=value_from(row["problems"], tuple[Problem, ...]),
            likely_started_at=moment(row["likely_start_ms"]),
        )


def stored_recording(connection: sqlite3.Connection, activity_id: int) -> StoredRecording:
    """Take a recording out of the library as it lies there."""
    names = ", ".join(_FACTS)
    row = connection.execute(
        f"SELECT {names}, data FROM activity JOIN fixes USING (activity_id) WHERE activity_id = ?",  # noqa: S608 - our own columns
        (activity_id,),
    ).fetchone()
    if row is None:
        raise UnknownRunError(f"there is no run {activity_id} with positions", path="library")
    return StoredRecording({name: row[name] for name in _FACTS}, row["data"])


def read_recording_of(connection: sqlite3.Connection, activity_id: int) -> Recording:
    """Read a recording back; see `StoredRecording.unpacked`."""
    return stored_recording(connection, activity_id).unpacked()


def places_of(connection: sqlite3.Connection, activity_id: int) -> FloatArray:
    """Read longitude and latitude of the fixes of a run, shape (n, 2) [deg]."""
    query = "SELECT data FROM fixes WHERE activity_id = ?"
    data = connection.execute(query, (activity_id,)).fetchone()[0]
    table = unpack_table(data, only=("longitude_deg", "latitude_deg"))
    return table[["longitude_deg", "latitude_deg"]].to_numpy()


def step_lengths_m(fixes: pd.DataFrame) -> FloatArray:
    """Give the steps between neighbouring fixes of one part [m], shape (n - 1,); 0 across parts."""
    latitude, longitude = (fixes[name].to_numpy(float) for name in ("latitude_deg", "longitude_deg"))
    metres = distance_m(latitude[:-1], longitude[:-1], latitude[1:], longitude[1:])
    return np.where(np.diff(fixes["part"].to_numpy()) == 0, metres, 0.0)


def _richness_of(fixes: Fixes, file_format: str) -> int:
    """Contact balance first, then accuracy, then the format (FIT knows pauses), then the number of fixes."""
    has = [bool(fixes[name].notna().any()) for name in ("stance_time_balance_pct", "accuracy_m")]
    leading = (has[0] << 3) | (has[1] << 2) | _FORMATS.get(file_format, 0)
    return (leading << 32) | min(len(fixes), 2**32 - 1)
