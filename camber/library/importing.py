"""From whatever a runner has to the library: each file once, each in one transaction, a bad one alone."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, Self

from camber.errors import CamberError, NoTrackError, RecordingError
from camber.library.activities import (
    Entry,
    add_input,
    add_original,
    add_recording,
    add_without_track,
)
from camber.library.originals import content_of, keep_original, laid_sha256
from camber.library.zones import add_zones
from camber.recording.archive import find_recordings
from camber.recording.isolated import IsolatedReader
from camber.recording.limits import ReadLimits
from camber.versions import READING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path
    from types import TracebackType

    from camber.library.library import Library
    from camber.recording.archive import ArchiveNotes, Found
    from camber.schema import Problem, Recording

_MOST_READERS: Final = 4
"""Files read at the same time, at most (judgement: reading is most of the work, but one process writes)."""


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
    """

    source: str
    outcome: str
    run: int | None = None
    distance_m: float = 0.0
    fixes: int = 0
    code: str = ""
    reason: str = ""
    duplicate_of: int | None = None


@dataclass(frozen=True)
class ImportReport:
    """What came of an import.

    Parameters
    ----------
    files : tuple of Imported
        One per file, in the order in which they were found.
    problems : tuple of Problem
        Of the archives themselves.
    failures : tuple of str
        Paths of which nothing could be read, with the reason.
    zones : int
        Privacy zones that are new.
    units : str or None
        The runner's choice of units, where an export says it.
    """

    files: tuple[Imported, ...] = ()
    problems: tuple[Problem, ...] = ()
    failures: tuple[str, ...] = ()
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


@dataclass
class _Running:
    files: list[Imported] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    zones: int = 0
    units: str | None = None


@dataclass(frozen=True)
class _Task:
    found: Found
    entry: Entry
    known: Imported | None
    reading: Future[Recording] | None


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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes; what they were reading when something went wrong is not waited for."""
        if kind is not None:
            self._close()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._close()

    def submit(self, found: Found) -> Future[Recording]:
        """Read a file as soon as a process is free."""
        return self._threads.submit(self._read, found)

    def _read(self, found: Found) -> Recording:
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
    watch: Callable[[Imported], None] | None = None,
) -> ImportReport:
    """Import files, folders and archives.

    Each file is one transaction: interrupted at any time, even by a power cut, the library holds every file
    that was reported, whole, and the next import goes on. A file that is known is not read again, whatever
    it is called; one that could not be read is tried again by another version of camber only.

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
    running = _Running()
    with library.held_for("import"), _Readers(limits or ReadLimits()) as readers:
        for path in paths:
            _import_path(library, path, readers, running, watch)
        if any(file.run is not None for file in running.files):
            library.connection.execute("PRAGMA analysis_limit = 1000")
            library.connection.execute("ANALYZE")
    return ImportReport(
        tuple(running.files), tuple(running.problems), tuple(running.failures), running.zones, running.units
    )


def _import_path(
    library: Library,
    path: Path,
    readers: _Readers,
    running: _Running,
    watch: Callable[[Imported], None] | None,
) -> None:
    try:
        recordings = find_recordings(path)
        for task in _ahead(_tasks(library, recordings, readers), readers.count):
            file = _settle(library, task)
            running.files.append(file)
            if watch is not None:
                watch(file)
    except RecordingError as error:
        running.failures.append(str(error))
        return
    _keep_notes(library, recordings.notes, running)


def _tasks(library: Library, found: Iterator[Found], readers: _Readers) -> Iterator[_Task]:
    for one in found:
        laid = laid_sha256(one.data)
        entry = Entry(laid, content_of(one.data, largest=readers.limits.size_bytes), one.source, str(READING))
        known = _known(library, entry)
        reading = None if known is not None else readers.submit(one)
        yield _Task(one, entry, known, reading)


def _ahead(tasks: Iterator[_Task], most: int) -> Iterator[_Task]:
    """Keep the readers busy while one result is written; in order, so that every import gives the same."""
    waiting: deque[_Task] = deque()
    for task in tasks:
        waiting.append(task)
        if len(waiting) > most:
            yield waiting.popleft()
    yield from waiting


def _known(library: Library, entry: Entry) -> Imported | None:
    row = library.connection.execute(
        "SELECT outcome, code, message, reader FROM input WHERE laid_sha256 = ?", (entry.laid_sha256,)
    ).fetchone()
    if row is None:
        kept = library.connection.execute(
            "SELECT 1 FROM original WHERE content_sha256 = ?", (entry.content.sha256,)
        ).fetchone()
        return None if kept is None else Imported(entry.source, "known")
    if row["outcome"] == "recording":
        return Imported(entry.source, "known")
    if row["reader"] != entry.reader:
        return None
    return Imported(entry.source, "problem", code=row["code"], reason=row["message"])


def _settle(library: Library, task: _Task) -> Imported:
    """Write what came of one file, all of it or nothing."""
    if task.reading is None:
        return _remember(library, task)
    try:
        recording = task.reading.result()
    except NoTrackError as error:
        return _keep_without_track(library, task, _message(error, task.found))
    except RecordingError as error:
        code, message = _code(error), _message(error, task.found)
        with library.writing() as connection:
            add_input(connection, task.entry, "problem", code, message)
        return Imported(task.found.source, "problem", code=code, reason=message)
    return _keep(library, task, recording)


def _remember(library: Library, task: _Task) -> Imported:
    """Note a file that is known by its content under the name of its bytes, so that it is found sooner."""
    file = task.known or Imported(task.found.source, "known")
    there = library.connection.execute(
        "SELECT 1 FROM input WHERE laid_sha256 = ?", (task.entry.laid_sha256,)
    ).fetchone()
    if there is None:
        with library.writing() as connection:
            # An earlier file of the same run may have come to the library since this one was looked at.
            add_input(connection, task.entry, "recording")
    return file


def _keep(library: Library, task: _Task, recording: Recording) -> Imported:
    content = task.entry.content
    if _is_kept(library, content.sha256):
        return _remember(library, task)
    kept = keep_original(library.folder, task.found.data, content)
    with library.writing() as connection:
        add_original(connection, content, kept)
        add_input(connection, task.entry, "recording")
        run, kind = add_recording(connection, recording, content, part=0, gear=task.found.gear)
    row = library.connection.execute(
        "SELECT distance_m, fixes, reason, duplicate_of FROM activity WHERE activity_id = ?", (run,)
    ).fetchone()
    return Imported(
        task.found.source,
        kind,
        run,
        row["distance_m"],
        row["fixes"],
        reason=row["reason"],
        duplicate_of=row["duplicate_of"],
    )


def _keep_without_track(library: Library, task: _Task, reason: str) -> Imported:
    content, source = task.entry.content, task.found.source
    if _is_kept(library, content.sha256):
        return _remember(library, task)
    kept = keep_original(library.folder, task.found.data, content)
    with library.writing() as connection:
        add_original(connection, content, kept)
        add_input(connection, task.entry, "recording")
        run = add_without_track(connection, source, content, gear=task.found.gear, reason=reason)
    return Imported(source, "no_track", run, code="no_track", reason=reason)


def _is_kept(library: Library, content_sha256: str) -> bool:
    found = library.connection.execute(
        "SELECT 1 FROM original WHERE content_sha256 = ?", (content_sha256,)
    ).fetchone()
    return found is not None


def _code(error: CamberError) -> str:
    """Name a problem by its error: ``DamagedFileError`` is ``damaged_file``."""
    name = type(error).__name__.removesuffix("Error")
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def _message(error: RecordingError, found: Found) -> str:
    """Take the label off a message: it is told beside it."""
    return str(error).removeprefix(f"{error.path}").removeprefix(f"{found.source}").lstrip(":, ")


def _keep_notes(library: Library, notes: ArchiveNotes, running: _Running) -> None:
    running.problems.extend(notes.problems)
    running.zones += add_zones(library, notes.privacy_zones)
    if notes.units is not None:
        running.units = notes.units
        with library.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO preference VALUES ('units', ?)", (notes.units,))
