"""Recordings read in a process of their own, so that a crash or a hang costs one file.

The process is started once and reads file after file; after a crash the next file gets a new one. Memory
and processor time are bounded by the system on Linux; macOS bounds processor time only, Windows neither:
there the clock alone ends a file that takes too long.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Self

from camber.errors import ReaderCrashError
from camber.recording.limits import ReadLimits
from camber.recording.sports import SportClass, sport_class
from camber.recording.values import clean_text
from camber.recording.worker import error_of, unpacked

if TYPE_CHECKING:
    from types import TracebackType

    from camber.recording.archive import Found
    from camber.schema import Recording

_PROGRAM: Final = "import sys; sys.path[:] = {path!r}; from camber.recording.worker import main; main()"
_LONGEST_LABEL: Final = 600
_START_S: Final = 120.0
"""Time that the process may take to start [s]: a slow disk is no fault of the file; a judgement."""


class IsolatedReader:
    """A process that reads files; start it once for many.

    Parameters
    ----------
    limits : ReadLimits, optional
        What a file may cost.
    """

    def __init__(self, limits: ReadLimits | None = None) -> None:
        self._limits = limits or ReadLimits()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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
                    try:
                        pipe.close()
                    except OSError:  # what was not sent when it died
                        continue

    def read(self, found: Found) -> Recording:
        """Read what was found in an export.

        Parameters
        ----------
        found : Found
            The file; its title stands in where the recording has none, its sport where the recording's own
            says nothing.

        Returns
        -------
        Recording
            As `camber.read_recording` gives it.

        Raises
        ------
        RecordingError
            As `camber.read_recording`.
        ReaderCrashError
            If reading crashed, hung or went beyond a limit of memory or time.
        """
        label = clean_text(found.source, _LONGEST_LABEL) or "recording"
        with self._lock:
            facts, recording = self._asked(label, found.data)
        if recording is None:
            raise error_of(facts, label)
        name = recording.name or clean_text(found.name, self._limits.name_length)
        silent = sport_class(recording.sport) is SportClass.UNKNOWN
        return replace(recording, name=name, sport=(found.sport if silent else None) or recording.sport)

    def _asked(self, label: str, data: bytes) -> tuple[dict[str, Any], Recording | None]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = self._started()
        process = self._process
        clock = _Clock(self._limits.wall_s, process)
        try:
            return _exchange(process, label, data)
        except (OSError, EOFError, ValueError) as error:
            self.close()
            raise _crash(process.returncode, label, self._limits, is_late=clock.ended_it) from error
        except BaseException:  # interrupted: what the process still says belongs to no file
            self.close()
            raise
        finally:
            clock.cancel()

    def _started(self) -> subprocess.Popen[bytes]:
        path = [os.path.abspath(place) for place in sys.path]  # noqa: PTH100 - "" is the current folder
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", _PROGRAM.format(path=path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        clock = _Clock(_START_S, process)
        try:
            if process.stdin is not None and process.stdout is not None:
                process.stdin.write(json.dumps(asdict(self._limits)).encode() + b"\n")
                process.stdin.flush()
                process.stdout.readline()  # it says when it is ready, or ends
        except OSError:
            pass  # the first file will tell
        finally:
            clock.cancel()
        return process


class _Clock:
    """Ends a process when its time is over."""

    def __init__(self, seconds: float, process: subprocess.Popen[bytes]) -> None:
        self.ended_it = False
        self._process = process
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def _end(self) -> None:
        self.ended_it = True
        self._process.kill()

    def cancel(self) -> None:
        """Let the process live."""
        self._timer.cancel()


def read_isolated(found: Found, limits: ReadLimits | None = None) -> Recording:
    """Read what was found in an export, in the one process that this one keeps for it.

    Parameters
    ----------
    found : Found
        The file; see `IsolatedReader.read`.
    limits : ReadLimits, optional
        What the file may cost.

    Returns
    -------
    Recording
        As `camber.read_recording` gives it.

    Raises
    ------
    RecordingError
        As `camber.read_recording`.
    ReaderCrashError
        If reading crashed, hung or went beyond a limit of memory or time.
    """
    return _reader(os.getpid(), limits or ReadLimits()).read(found)


@cache
def _reader(_process: int, limits: ReadLimits) -> IsolatedReader:
    """Keep one reader for each process (a forked one must not share) and set of limits."""
    reader = IsolatedReader(limits)
    atexit.register(reader.close)
    return reader


def _exchange(
    process: subprocess.Popen[bytes], label: str, data: bytes
) -> tuple[dict[str, Any], Recording | None]:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    process.stdin.write(json.dumps({"label": label, "size": len(data)}).encode() + b"\n")
    process.stdin.write(data)
    process.stdin.flush()
    line = process.stdout.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    facts: dict[str, Any] = json.loads(line)
    return facts, unpacked(facts, process.stdout) if "length" in facts else None


def _crash(code: int | None, label: str, limits: ReadLimits, *, is_late: bool) -> ReaderCrashError:
    if is_late:
        return ReaderCrashError(f"was not read within {limits.wall_s:g} s; it was left out", path=label)
    how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
    text = (
        f"ended the process that read it ({how}): a crash, or more time or memory than a recording may take"
    )
    return ReaderCrashError(text, path=label)
