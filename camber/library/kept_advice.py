"""What was found to try after some days, kept under a name of all that it hangs on: each is planned once."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from camber.errors import LibraryError
from camber.library.place import FILE_MODE
from camber.library.stored_values import json_of, value_from
from camber.schema import Advice, Question, Suggestions
from camber.versions import CAMBER, MODEL
from camber.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from camber.library.library import Library
    from camber.schema import Period

_FILE: Final = "advice.json"
_MOST: Final = 24
"""Days whose advice is kept, those asked last (judgement: half a year of weeks, of 50 kB each)."""

_DECIDED_BY: Final = (
    "SELECT activity_id, version FROM evidence ORDER BY activity_id",
    "SELECT activity_id, version, learned_version FROM result ORDER BY activity_id",
    "SELECT activity_id, day, started_at_ms, duplicate_of, title FROM activity ORDER BY activity_id",
    "SELECT way_id, version, asked, middles FROM measured_way ORDER BY number",
)
"""What plans are made of, beside settings and roads: versions stand for values."""


def name_of_advice(library: Library, period: Period, settings: object, roads: Iterable[Path]) -> str:
    """Name all that the advice on some days hangs on; of road files their size and when they were written."""
    rows = [[tuple(row) for row in library.connection.execute(query).fetchall()] for query in _DECIDED_BY]
    files = [(str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in roads]
    days = period.kind, period.starts_on, period.ends_on, [run.run for run in period.runs]
    return sha256(repr((CAMBER, MODEL, settings, files, days, rows)).encode()).hexdigest()[:32]


def with_kept_advice(library: Library, period: Period, name: str) -> Period | None:
    """Add the advice that is kept under a name; None where none is, or it cannot be read."""
    found = _kept(library).get(name)
    if found is None:
        return None
    with suppress(ValueError, KeyError, TypeError, LibraryError):
        made = {int(run): value_from(text, Suggestions) for run, text in found["routes"]}
        routes = tuple(replace(library.run(run), suggestions=made[run]) for run in made)
        question = None if found["question"] is None else value_from(found["question"], Question)
        runs = tuple(replace(run, suggestions=made.get(run.run)) for run in period.runs)
        return replace(period, runs=runs, advice=Advice(routes, found["conclusion"], question))
    return None


def keep_advice(library: Library, advice: Advice, name: str) -> None:
    """Keep advice under a name, where it can be kept; without a route it is looked for again."""
    if not advice.routes:
        return
    question = None if advice.question is None else json_of(advice.question)
    routes = [(run.run, json_of(run.suggestions)) for run in advice.routes]
    kept = _kept(library)
    kept.pop(name, None)
    kept[name] = {"routes": routes, "conclusion": advice.conclusion, "question": question}
    latest = dict(list(kept.items())[-_MOST:])
    # A report is not to fail since the library can only be read.
    with suppress(OSError):
        write_whole(library.folder / _FILE, json.dumps(latest), mode=FILE_MODE)


def _kept(library: Library) -> dict[str, dict[str, Any]]:
    with suppress(OSError, ValueError):
        found = json.loads((library.folder / _FILE).read_text("utf-8"))
        return found if isinstance(found, dict) else {}
    return {}
