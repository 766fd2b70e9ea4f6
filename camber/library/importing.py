"""From whatever a runner has to the library: each file once, each in one transaction, a bad one alone."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, Self

from camber.errors import CamberError, NoTrackError, RecordingError
from camber.library.activities import (
    add_recording,
    date_by_runner,
    read_anew,
    without_track,
)
from camber.library.database import note_sizes
from camber.library.moments import STARTED_WITHIN_MS, doubt_of_day
from camber.library.originals import Content, content_of, keep_original, laid_sha256, original_path
from camber.library.privacy import add_zones
from camber.recording.archive import find_recordings
from camber.recording.isolated import IsolatedReader
from camber.recording.limits import ReadLimits
from camber.recording.sports import SportClass, recording_class
from camber.versions import READING
from camber.whole_files import clear_unfinished

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from camber.library.library import Library
    from camber.recording.archive import ArchiveNotes, Found
    from camber.schema import Problem, Recording

_MOST_READERS: Final = 4
"""Files read at the same time, at most (judgement: reading is most of the work, but one process writes)."""

_WHY_NOT: Final = {
    SportClass.INDOOR: "indoors",
    SportClass.OTHER: "not on foot",
}


@dataclass(frozen=True)
class Imported:
    """What came of one file.

    Parameters
    ----------
    source : str
        Where it lay.
    outcome : {"run", "other_sport", "no_track", "known", "problem"}
        What it is; ``"known"`` was there before.
    run : int or None
        Its number in the library, where it is new.
    distance_m : float
        Along its fixes [m].
    fixes : int
        Number of its fixes.
    code, reason : str
        What is wrong, or why it is not analysed.
    duplicate_of : int or None
        The run of which it is another recording.
    day, likely_day : date or None
        Day on which it began, and the likely one where its own times are missing or cannot be right.
    doubt : str
        What speaks against its own times.
    """

    source: str
    outcome: str
    run: int | None = None
    distance_m: float = 0.0
    fixes: int = 0
    code: str = ""
    reason: str = ""
    duplicate_of: int | None = None
    day: date | None = None
    likely_day: date | None = None
    doubt: str = ""


@dataclass
class ImportReport:
    """What came of an import, as far as it is.

    Parameters
    ----------
    files : list of Imported
        One per file, in the order in which they were found.
    problems : list of Problem
        Of the archives themselves.
    failures : list of str
        Paths of which nothing could be read, with the reason.
    zones : int
        Privacy zones that are new.
    units : str or None
        The runner's choice of units, where an export says it.
    """

    files: list[Imported] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    zones: int = 0
    units: str | None = None

    def count(self, outcome: str) -> int:
        """Count files.

        Parameters
        ----------
        outcome : str
            As in `Imported`.

        Returns
        -------
        int
            How many there are.
        """
        return sum(file.outcome == outcome for file in self.files)


@dataclass(frozen=True)
class _Task:
    """A file that was found, how its bytes and its content are named, and what is known of it."""

    found: Found
    laid_sha256: str
    content: Content
    known: Imported | None
    reading: Future[tuple[Recording, ...]] | None


class _Readers:
    """Processes that read files, and the threads that wait for them."""

    def __init__(self, limits: ReadLimits) -> None:
        self.limits = limits
        self.count = max(1, min(_MOST_READERS, os.cpu_count() or 1))
        self._all = [IsolatedReader(limits) for _ in range(self.count)]
        self._free: SimpleQueue[IsolatedReader] = SimpleQueue()
        for reader in self._all:
            self._free.put(reader)
        self._threads = ThreadPoolExecutor(self.count)

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End the processes; what they were reading when something went wrong is not waited for."""
        if kind is not None:
            self._close()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._close()

    def submit(self, found: Found) -> Future[tuple[Recording, ...]]:
        """Read a file as soon as a process is free."""
        return self._threads.submit(self._read, found)

    def _read(self, found: Found) -> tuple[Recording, ...]:
        reader = self._free.get()
        try:
            return reader.read(found)
        finally:
            self._free.put(reader)

    def _close(self) -> None:
        for reader in self._all:
            reader.close()


def import_paths(
    library: Library,
    paths: Sequence[Path],
    *,
    limits: ReadLimits | None = None,
    watch: Callable[[Imported], None] = lambda _file: None,
) -> ImportReport:
    """Import files, folders and archives.

    Each file is one transaction: interrupted at any time, even by a power cut, the library holds every file
    that was reported, whole, and the next import goes on. A file that is known is not read again, whatever
    it is called, but by a version of camber that reads otherwise: the recordings that this finds in it take
    the place of those before, which keep their numbers and what the runner said of them.

    Parameters
    ----------
    library : Library
        The library; nobody else may write to it meanwhile.
    paths : sequence of Path
        What to import.
    limits : ReadLimits, optional
        What a file may cost.
    watch : callable, optional
        Called with each file once it is safe.

    Returns
    -------
    ImportReport
        What came of each file.

    Raises
    ------
    LibraryBusyError
        If somebody else is writing; says who.
    LibraryError
        If the library cannot be written, such as for want of space.
    """
    report = ImportReport()
    with library.held_for("import"), _Readers(limits or ReadLimits()) as readers:
        _clear_killed(library.folder)
        for path in paths:
            _import_path(library, path, readers, report, watch)
        with library.writing() as connection:
            date_by_runner(connection)
        _note_copies(library, report)
        if any(file.run is not None for file in report.files):
            note_sizes(library.connection)
    return report


def _clear_killed(folder: Path) -> None:
    """Remove what imports and repairs that were killed left half-written; while the library is held."""
    for place in (folder, *(folder / "originals").glob("*")):
        clear_unfinished(place, older_s=0.0)


def _import_path(
    library: Library,
    path: Path,
    readers: _Readers,
    report: ImportReport,
    watch: Callable[[Imported], None],
) -> None:
    try:
        recordings = find_recordings(path)
        for task in _ahead(_tasks(library, recordings, readers), readers.count):
            for file in _settle(library, task):
                report.files.append(file)
                watch(file)
    except RecordingError as error:
        report.failures.append(str(error))
        return
    _keep_notes(library, recordings.notes, report)


def _note_copies(library: Library, report: ImportReport) -> None:
    """Say of each new run whether another counts: a later file may tell more, or an earlier one be known."""
    new = {file.run for file in report.files if file.run is not None}
    query = (
        "SELECT activity_id, duplicate_of FROM activity WHERE duplicate_of IS NOT NULL ORDER BY activity_id"
    )
    counts_for: dict[int, int] = {}
    known: dict[int, int] = {}
    for run, counted in library.connection.execute(query) if new else ():
        if run in new:
            counts_for[run] = counted
        elif counted in new:
            known.setdefault(counted, run)
    report.files = [
        file if file.run is None else replace(file, duplicate_of=(counts_for | known).get(file.run))
        for file in report.files
    ]


def _tasks(library: Library, found: Iterator[Found], readers: _Readers) -> Iterator[_Task]:
    for one in found:
        laid, content = laid_sha256(one.data), content_of(one.data, largest=readers.limits.size_bytes)
        known = _known(library, one.source, laid, content)
        yield _Task(one, laid, content, known, None if known is not None else readers.submit(one))


def _ahead(tasks: Iterator[_Task], most: int) -> Iterator[_Task]:
    """Keep the readers busy while one result is written; in order, so that every import gives the same."""
    waiting: deque[_Task] = deque()
    for task in tasks:
        waiting.append(task)
        if len(waiting) > most:
            yield waiting.popleft()
    yield from waiting


def _known(library: Library, source: str, laid: str, content: Content) -> Imported | None:
    row = library.connection.execute(
        "SELECT outcome, code, message, reader FROM input WHERE laid_sha256 = ?", (laid,)
    ).fetchone()
    if row is None:
        return Imported(source, "known") if _is_read(library, content) else None
    if row["reader"] != str(READING):
        is_read = row["outcome"] == "recording" and _is_read(library, content)
        return Imported(source, "known") if is_read else None
    if row["outcome"] == "recording":
        return Imported(source, "known")
    return Imported(source, "problem", code=row["code"], reason=row["message"])


def _is_kept(library: Library, content: Content) -> bool:
    query = "SELECT 1 FROM original WHERE content_sha256 = ?"
    return library.connection.execute(query, (content.sha256,)).fetchone() is not None


def _is_read(library: Library, content: Content) -> bool:
    """Tell whether a content that is kept was read as this camber reads it."""
    query = "SELECT 1 FROM input WHERE content_sha256 = ? AND outcome = 'recording' AND reader = ?"
    return library.connection.execute(query, (content.sha256, str(READING))).fetchone() is not None


def _settle(library: Library, task: _Task) -> list[Imported]:
    """Write what came of one file, all of it or nothing."""
    if task.reading is None:
        return [_remember(library, task)]
    try:
        recordings = task.reading.result()
    except RecordingError as error:
        return _settle_error(library, task, error)
    return _keep(library, task, [(recording, *_kind_of(recording)) for recording in recordings])


def _settle_error(library: Library, task: _Task, error: RecordingError) -> list[Imported]:
    if _is_kept(library, task.content):  # what an earlier camber could read stays as it is
        return [_remember(library, task)]
    if isinstance(error, NoTrackError):
        message = _message(error, task.found)
        return _keep(library, task, [(without_track(task.found.source), "no_track", message)])
    code, message = _code(error), _message(error, task.found)
    with library.writing() as connection:
        _add_input(connection, task, "problem", code, message)
    return [Imported(task.found.source, "problem", code=code, reason=message)]


def _remember(library: Library, task: _Task) -> Imported:
    """Note a file that is known by its content under the name of its bytes, so that it is found sooner."""
    _put_back(library, task)
    query = "SELECT 1 FROM input WHERE laid_sha256 = ? AND reader = ?"
    if library.connection.execute(query, (task.laid_sha256, str(READING))).fetchone() is None:
        with library.writing() as connection:
            # An earlier file of the same run may have come to the library since this one was looked at.
            _add_input(connection, task, "recording")
    return task.known or Imported(task.found.source, "known")


def _put_back(library: Library, task: _Task) -> None:
    """Put the original of a file that is known back where that is gone or has changed."""
    name = task.content.sha256
    query = "SELECT kept_sha256 FROM original WHERE content_sha256 = ?"
    row = library.connection.execute(query, (name,)).fetchone()
    path = original_path(library.folder, name)
    if row is None or (path.is_file() and laid_sha256(path.read_bytes()) == row[0]):
        return
    kept = (keep_original(library.folder, task.found.data, task.content), name)
    with library.writing() as connection:
        connection.execute("UPDATE original SET kept_sha256 = ? WHERE content_sha256 = ?", kept)


def _keep(library: Library, task: _Task, read: list[tuple[Recording, str, str]]) -> list[Imported]:
    """Keep a file and the recordings in it, each with its kind and the reason why it is no run."""
    content = task.content
    if _is_kept(library, content):
        return [_remember(library, task)] if _is_read(library, content) else _read_anew(library, task, read)
    kept_sha256 = keep_original(library.folder, task.found.data, content)
    with library.writing() as connection:
        row = (content.sha256, content.size, kept_sha256)
        connection.execute("INSERT OR IGNORE INTO original VALUES (?, ?, ?)", row)
        _add_input(connection, task, "recording")
        runs = [
            add_recording(
                connection, recording, content.sha256, part, gear=task.found.gear, kind=kind, reason=reason
            )
            for part, (recording, kind, reason) in enumerate(read)
        ]
    return [_told(library, run, recording.source) for run, (recording, _, _) in zip(runs, read, strict=True)]


def _read_anew(library: Library, task: _Task, read: list[tuple[Recording, str, str]]) -> list[Imported]:
    """Give a file that an earlier camber read the recordings that it holds."""
    query = "SELECT activity_id FROM activity WHERE content_sha256 = ?"
    with library.writing() as connection:
        before = {row[0] for row in connection.execute(query, (task.content.sha256,))}
        _add_input(connection, task, "recording")
        runs = read_anew(connection, read, task.content.sha256, gear=task.found.gear)
    known = Imported(task.found.source, "known")
    told = zip(runs, read, strict=False)
    files = [known if run in before else _told(library, run, one.source) for run, (one, _, _) in told]
    return files or [known]


def _told(library: Library, run: int, source: str) -> Imported:
    """Say what came of a recording that is in the library."""
    row = library.connection.execute("SELECT * FROM activity WHERE activity_id = ?", (run,)).fetchone()
    likely_day, doubt = doubt_of_day(row)
    return Imported(
        source,
        row["kind"],
        run,
        row["distance_m"],
        row["fixes"],
        "no_track" if row["kind"] == "no_track" else "",
        row["reason"],
        row["duplicate_of"],
        None if row["day"] is None else date.fromisoformat(row["day"]),
        likely_day,
        doubt,
    )


def _add_input(
    connection: sqlite3.Connection, task: _Task, outcome: str, code: str = "", message: str = ""
) -> None:
    """Remember that a file was looked at, and what came of it: ``"recording"`` or ``"problem"``."""
    row = (task.laid_sha256, task.content.sha256, task.found.source, outcome, code, message, str(READING))
    connection.execute("INSERT OR REPLACE INTO input VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def _kind_of(recording: Recording) -> tuple[str, str]:
    """Tell what is to become of a recording: runs are analysed, walks and hikes too."""
    found = recording_class(recording)
    if found is SportClass.ON_FOOT:
        return "run", ""
    name = recording.sport or "no sport is named"
    if found is SportClass.VIRTUAL:
        program = recording.device or recording.name or "its file says so"
        return "other_sport", f"{name}: virtual ({program}), counted, not analysed"
    return "other_sport", f"{name}: {_WHY_NOT.get(found, 'faster than anybody on foot')}"


def _code(error: CamberError) -> str:
    """Name a problem by its error: ``DamagedFileError`` is ``damaged_file``."""
    name = type(error).__name__.removesuffix("Error")
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def _message(error: RecordingError, found: Found) -> str:
    """Take the label off a message: it is told beside it."""
    return str(error).removeprefix(f"{error.path}").removeprefix(f"{found.source}").lstrip(":, ")


def _keep_notes(library: Library, notes: ArchiveNotes, report: ImportReport) -> None:
    report.problems.extend(notes.problems)
    report.zones += add_zones(library.connection, notes.privacy_zones)
    if notes.units is not None:
        report.units = notes.units
        with library.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO preference VALUES ('units', ?)", (notes.units,))
    if notes.shoes:
        with library.writing() as connection:
            for began, name in notes.shoes:
                at_ms = int(began.timestamp() * 1000.0)
                connection.execute(_WORN, (name, at_ms - STARTED_WITHIN_MS, at_ms + STARTED_WITHIN_MS))


_WORN: Final = "UPDATE activity SET gear = ? WHERE gear IS NULL AND started_at_ms BETWEEN ? AND ?"
