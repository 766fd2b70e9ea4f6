"""Recordings read in a process of their own, so that a crash or a hang costs one file.

The process is started once and reads file after file; after a crash the next file gets a new one. Memory
and processor time are bounded by the system on Linux; macOS bounds processor time only, Windows neither:
there the clock alone ends a file that takes too long.

The two talk over the process's standard input and output: a request is a line of JSON and the bytes of the
file; an answer is a line of JSON and the columns of the fixes as bytes. Nothing in an answer runs as code.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, astuple, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING, Any, Final, Self

import numpy as np
import pandas as pd

from camber import errors
from camber.recording import read_stream
from camber.recording.clock import listed
from camber.recording.limits import ReadLimits
from camber.recording.sports import sport_with
from camber.recording.texts import clean_text
from camber.schema import Problem, Recording
from camber.schema.tables import FIXES, Fixes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from camber.recording.archive import Found

_PROGRAM: Final = "import sys; sys.path[:] = {path!r}; from camber.recording.isolated import serve; serve()"
_LONGEST_LABEL: Final = 600
_START_S: Final = 120.0
"""Time that the process may take to start [s]: a slow disk is no fault of the file; a judgement."""
_TIME_IS_UP: Final = getattr(signal, "SIGXCPU", 0)  # Windows has none

_FACTS: Final = ("source", "format", "sport", "device", "name", "time_zone")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TYPES: Final = {"time": "datetime64[us]", "int": "int64", "float": "float64"}
_ERRORS: Final = {
    kind.__name__: kind
    for kind in (
        errors.RecordingError,
        errors.UnsupportedFormatError,
        errors.DamagedFileError,
        errors.NoTrackError,
        errors.ReaderCrashError,
    )
}


class IsolatedReader:
    """A process that reads files; start it once for many."""

    def __init__(self, limits: ReadLimits | None = None) -> None:
        self._limits = limits or ReadLimits()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self.close()

    def close(self) -> None:
        """End the process; another read starts a new one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):  # what was not sent when it died
                        pipe.close()

    def read(self, found: Found) -> tuple[Recording, ...]:
        """Read what was found in an export, or raise what `read_recordings` does, or a `ReaderCrashError`.

        Its title stands in where a recording has none, its sport where the recording's own says nothing or it
        was indoors.
        """
        label = clean_text(found.source, _LONGEST_LABEL) or "recording"
        with self._lock:
            answer = self._asked(label, found.data)
        if isinstance(answer, errors.RecordingError):
            raise answer
        return tuple(self._named(one, found) for one in answer)

    def _named(self, one: Recording, found: Found) -> Recording:
        name = one.name or clean_text(found.name, self._limits.name_length)
        return listed(replace(one, name=name, sport=sport_with(one.sport, found.sport)), found.at)

    def _asked(
        self, label: str, data: bytes, *, is_again: bool = False
    ) -> tuple[Recording, ...] | errors.RecordingError:
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = self._started()
        process = self._process
        begin = time.monotonic()
        try:
            with _ended_after(self._limits.wall_s, process):
                return _exchange(process, label, data)
        except (OSError, EOFError, ValueError) as error:
            is_late = time.monotonic() - begin >= self._limits.wall_s
            self.close()
            # Something else may have ended the process; a file that did so does it again.
            if not (is_again or is_late or process.returncode == -_TIME_IS_UP):
                return self._asked(label, data, is_again=True)
            raise _crash(process.returncode, label, self._limits, is_late=is_late) from error
        except BaseException:  # interrupted: what the process still says belongs to no file
            self.close()
            raise

    def _started(self) -> subprocess.Popen[bytes]:
        path = [os.path.abspath(place) for place in sys.path]  # noqa: PTH100 - "" is the current folder
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", _PROGRAM.format(path=path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        with _ended_after(_START_S, process), suppress(OSError):  # the first file will tell
            if process.stdin is not None and process.stdout is not None:
                _send(process.stdin, asdict(self._limits))
                process.stdout.readline()  # it says when it is ready, or ends
        return process


@contextmanager
def _ended_after(seconds: float, process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End a process when its time is over."""
    timer = threading.Timer(seconds, process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def read_isolated(found: Found, limits: ReadLimits | None = None) -> tuple[Recording, ...]:
    """Read what was found in an export, as `IsolatedReader.read`, in one process that is kept for it."""
    return _reader(os.getpid(), limits or ReadLimits()).read(found)


@cache
def _reader(_process: int, limits: ReadLimits) -> IsolatedReader:
    """Keep one reader for each process (a forked one must not share) and set of limits."""
    reader = IsolatedReader(limits)
    atexit.register(reader.close)
    return reader


def _exchange(
    process: subprocess.Popen[bytes], label: str, data: bytes
) -> tuple[Recording, ...] | errors.RecordingError:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    _send(process.stdin, {"label": label, "size": len(data)}, [data])
    line = process.stdout.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    facts: dict[str, Any] = json.loads(line)
    if "error" in facts:
        return _ERRORS[facts["error"]](facts["message"], path=label, offset=facts["offset"])
    body = process.stdout
    return tuple(_unpacked(one, body) for one in facts["recordings"])


def _crash(code: int | None, label: str, limits: ReadLimits, *, is_late: bool) -> errors.ReaderCrashError:
    if is_late:
        text = f"was not read within {limits.wall_s:g} s; it was left out"
    else:
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        why = "a crash, or more time or memory than a recording may take"
        text = f"ended the process that read it ({how}): {why}"
    return errors.ReaderCrashError(text, path=label)


def _unpacked(facts: dict[str, Any], body: IO[bytes]) -> Recording:
    """Put a recording together again; an answer that ends too early is an `EOFError`."""
    length = facts["length"]
    columns = {}
    for column in FIXES:
        raw = body.read(8 * length)
        if len(raw) < 8 * length:
            raise EOFError
        columns[column.name] = np.frombuffer(bytearray(raw), dtype=_TYPES[column.kind])
    times = pd.Series(columns["time"], copy=False).dt.tz_localize("UTC")
    known = times.dropna()
    index = pd.RangeIndex(length, name="fix_id")
    likely_s = facts["likely_s"]
    return Recording(
        **{name: facts[name] for name in _FACTS},
        started_at=None if known.empty else known.iloc[0].to_pydatetime(),
        fixes=Fixes(pd.DataFrame({**columns, "time": times.array}, index=index, copy=False)),
        problems=tuple(Problem(*problem) for problem in facts["problems"]),
        likely_started_at=None if likely_s is None else _EPOCH + timedelta(seconds=likely_s),
    )


def _send(pipe: IO[bytes], facts: dict[str, Any], parts: Iterable[bytes] = ()) -> None:
    pipe.write(json.dumps(facts).encode() + b"\n")
    for part in parts:
        pipe.write(part)
    pipe.flush()


def serve() -> None:
    """Read file after file until the other process ends, in the one that was started for it."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is kept out of the answers
    limits = ReadLimits(**json.loads(sys.stdin.buffer.readline()))
    _limit("RLIMIT_AS", limits.memory_bytes)
    _limit("RLIMIT_DATA", limits.memory_bytes)
    requests: SimpleQueue[tuple[str, bytes]] = SimpleQueue()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, requests), daemon=True).start()
    _send(answers, {"ready": True})
    while True:
        label, data = requests.get()
        times = os.times()
        _limit("RLIMIT_CPU", int(times.user + times.system + limits.cpu_s) + 1)
        try:
            found = read_stream(BytesIO(data), label, limits)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not cost the other files
            _send(answers, _told(error))
        else:
            _send_recordings(answers, found)


def _receive(pipe: IO[bytes], requests: SimpleQueue[tuple[str, bytes]]) -> None:
    """Take requests until the pipe ends, as it does on every system once the other process has ended."""
    while line := pipe.readline():
        request = json.loads(line)
        requests.put((request["label"], pipe.read(request["size"])))
    os._exit(0)  # nobody waits for what is being read


def _told(error: Exception) -> dict[str, Any]:
    """Put an error into words that the other process makes it again from."""
    if isinstance(error, errors.RecordingError):
        where = str(error.path) if error.offset is None else f"{error.path}, line {error.offset}"
        text = str(error).removeprefix(f"{where}: ")
        kind = next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in _ERRORS)
        return {"error": kind, "message": text, "offset": error.offset}
    if isinstance(error, MemoryError):
        text = "needs more memory than a recording may; it was left out"
    else:
        fault = f"{type(error).__name__}: {error}"[:300]
        text = f"could not be read because of a fault in the reader ({fault}); please report it"
    return {"error": "ReaderCrashError", "message": text, "offset": None}


def _limit(name: str, most: int) -> None:
    """Bound what this process may use, where the system can (macOS does not hold a bound of memory)."""
    try:
        import resource  # noqa: PLC0415 - Windows has none

        kind = getattr(resource, name)
        resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))
    except (ImportError, AttributeError, ValueError, OSError):
        return


def _send_recordings(answers: IO[bytes], found: Iterable[Recording]) -> None:
    found = tuple(found)
    _send(answers, {"recordings": [_facts_of(one) for one in found]})
    for one in found:
        for column in FIXES:
            values = one.fixes[column.name]
            plain = values.dt.tz_localize(None) if column.kind == "time" else values
            answers.write(np.ascontiguousarray(plain.to_numpy(_TYPES[column.kind])).view(np.uint8).data)
    answers.flush()


def _facts_of(recording: Recording) -> dict[str, Any]:
    facts = {name: getattr(recording, name) for name in _FACTS}
    likely = recording.likely_started_at
    facts["likely_s"] = None if likely is None else (likely - _EPOCH).total_seconds()
    problems = [astuple(problem) for problem in recording.problems]
    return facts | {"length": len(recording.fixes), "problems": problems}
