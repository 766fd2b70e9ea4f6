"""The process that reads files on behalf of another, within limits that it sets on itself.

Talks over its standard input and output: a request is a line of JSON and the bytes of the file; an answer is
a line of JSON, and the columns of the fixes as bytes. Nothing in an answer can run as code.
"""

from __future__ import annotations

import json
import os
import sys
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from camber import errors
from camber.recording.files import read_stream
from camber.recording.limits import ReadLimits
from camber.schema import Problem, Recording
from camber.schema.tables import FIXES, Fixes

if TYPE_CHECKING:
    from collections.abc import Sequence

_ERRORS: Final = {
    kind.__name__: kind
    for kind in (
        errors.RecordingError,
        errors.UnsupportedFormatError,
        errors.DamagedFileError,
        errors.NoTrackError,
    )
}
_TIME: Final = "time"


def serve(requests: IO[bytes], answers: IO[bytes], limits: ReadLimits) -> None:
    """Read file after file until there are no more.

    Parameters
    ----------
    requests, answers : binary files
        Where requests come from and answers go to.
    limits : ReadLimits
        What a file may cost.
    """
    limit_memory(limits)
    _send(answers, {"ready": True}, ())
    while line := requests.readline():
        request = json.loads(line)
        data = requests.read(request["size"])
        limit_time(limits)
        try:
            recording = read_stream(BytesIO(data), request["label"], limits)
        except errors.RecordingError as error:
            facts = {"error": type(error).__name__, "message": str(error), "offset": error.offset}
            _send(answers, facts, ())
        except MemoryError:
            _send(answers, {"memory": True}, ())
        except Exception as error:  # noqa: BLE001 - a fault of ours must not cost the other files
            _send(answers, {"fault": f"{type(error).__name__}: {error}"[:300]}, ())
        else:
            _send(answers, *_packed(recording))


def main() -> None:
    """Serve, with what libraries print kept out of the answers."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers, ReadLimits(**json.loads(sys.stdin.buffer.readline())))


def limit_memory(limits: ReadLimits) -> None:
    """Bound the memory of this process, where the system can (Linux; macOS takes it but does not hold it).

    Parameters
    ----------
    limits : ReadLimits
        Gives the bound.
    """
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return
    for name in ("RLIMIT_AS", "RLIMIT_DATA"):
        kind = getattr(resource, name, None)
        if kind is not None:
            try:
                resource.setrlimit(kind, (limits.memory_bytes, resource.getrlimit(kind)[1]))
            except (ValueError, OSError):
                continue


def limit_time(limits: ReadLimits) -> None:
    """Let this process use so much more processor time before it is ended, where the system can.

    Parameters
    ----------
    limits : ReadLimits
        Gives the time.
    """
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + limits.cpu_s) + 1
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    except (ValueError, OSError):
        return


def _send(answers: IO[bytes], facts: dict[str, Any], columns: Sequence[np.ndarray[Any, Any]]) -> None:
    answers.write(json.dumps(facts).encode() + b"\n")
    for column in columns:
        answers.write(column.tobytes())
    answers.flush()


def _packed(recording: Recording) -> tuple[dict[str, Any], list[np.ndarray[Any, Any]]]:
    fixes = recording.fixes
    facts = {
        "length": len(fixes),
        "source": recording.source,
        "format": recording.format,
        "sport": recording.sport,
        "device": recording.device,
        "name": recording.name,
        "time_zone": recording.time_zone,
        "problems": [[problem.code, problem.message, problem.count] for problem in recording.problems],
    }
    time = fixes[_TIME].dt.tz_localize(None).to_numpy("datetime64[us]").view(np.int64)
    others = [fixes[column.name].to_numpy() for column in FIXES if column.name != _TIME]
    return facts, [time, *others]


def unpacked(facts: dict[str, Any], body: IO[bytes]) -> Recording:
    """Put an answer together again.

    Parameters
    ----------
    facts : dict
        The line of JSON.
    body : binary file
        Where the columns come from.

    Returns
    -------
    Recording
        The recording.

    Raises
    ------
    EOFError
        If the answer ends too early.
    """
    length = facts.pop("length")
    columns: dict[str, Any] = {}
    for name in (_TIME, *(column.name for column in FIXES if column.name != _TIME)):
        raw = body.read(8 * length)
        if len(raw) < 8 * length:
            raise EOFError
        if name == _TIME:
            stamps = pd.Series(np.frombuffer(raw, dtype="datetime64[us]"), copy=False)
            columns[name] = stamps.dt.tz_localize("UTC").array
        else:
            columns[name] = np.frombuffer(bytearray(raw), dtype=np.int64 if name == "part" else np.float64)
    index = pd.RangeIndex(length, name="fix_id")
    frame = pd.DataFrame({column.name: columns[column.name] for column in FIXES}, index=index, copy=False)
    known = frame["time"].dropna()
    problems = tuple(Problem(code, message, count) for code, message, count in facts.pop("problems"))
    return Recording(
        **facts,
        started_at=None if known.empty else known.iloc[0].to_pydatetime(),
        fixes=Fixes(frame),
        problems=problems,
    )


def error_of(facts: dict[str, Any], label: str) -> errors.RecordingError:
    """Put an error together again.

    Parameters
    ----------
    facts : dict
        The line of JSON.
    label : str
        The file.

    Returns
    -------
    RecordingError
        The error, to be raised.
    """
    if "error" in facts:
        kind = _ERRORS.get(facts["error"], errors.RecordingError)
        offset = facts["offset"]
        where = label if offset is None else f"{label}, line {offset}"
        return kind(facts["message"].removeprefix(f"{where}: "), path=label, offset=offset)
    if "memory" in facts:
        return errors.ReaderCrashError("needs more memory than a recording may; it was left out", path=label)
    text = f"could not be read because of a fault in the reader ({facts['fault']}); please report it"
    return errors.ReaderCrashError(text, path=label)
