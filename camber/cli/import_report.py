"""What came of an import, as a table or as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from camber.report.period_json import rows_json
from camber.report.wording import distance_text, plain

if TYPE_CHECKING:
    from camber.library.importing import ImportReport


def report_text(report: ImportReport, units: str) -> RenderableType:
    """Draw what came of an import for the terminal.

    Parameters
    ----------
    report : ImportReport
        What came of it.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    rich renderable
        Counts, then every file with a problem and why.
    """
    new = [file for file in report.files if file.outcome == "run" and file.duplicate_of is None]
    copies = sum(file.duplicate_of is not None for file in report.files)
    length = distance_text(sum(file.distance_m for file in new), units)
    counts = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    counts.add_column(justify="right")
    counts.add_column()
    rows = (
        (len(new), f"new runs and walks, {length}"),
        (copies, "other recordings of the same runs, kept and not counted"),
        (report.count("other_sport"), "of other sports, indoors or virtual: kept, not analysed"),
        (report.count("no_track"), "without positions: kept, not analysed"),
        (report.count("known"), "known already"),
        (report.count("problem"), "could not be read"),
        (report.zones, "privacy zones taken over"),
    )
    for count, words in rows:
        if count or words.startswith("new"):
            counts.add_row(Text(str(count)), Text(words))
    parts: list[RenderableType] = [counts]
    problems = [file for file in report.files if file.outcome == "problem"]
    if problems:
        parts += [Text(), Text("Could not be read:", style="bold")]
        parts += [Text(f"  {plain(file.source)}: {plain(file.reason)}") for file in problems]
    if report.problems:
        parts += [Text(), Text("Noticed in the archives:", style="bold")]
        for item in report.problems:
            where = f"{plain(item.source)}: " if item.source else ""
            parts.append(Text(f"  {where}{plain(item.message)} ({item.count})"))
    if new:
        parts += [Text(), Text("Next: `camber roads fetch` for the map, then `camber analyse --all`.")]
    return Group(*parts)


def report_json(report: ImportReport) -> str:
    """Write what came of an import as JSON.

    Parameters
    ----------
    report : ImportReport
        What came of it.

    Returns
    -------
    str
        One object per file, those of the archives' own problems, and those of paths that failed.
    """
    rows = [asdict(file) | {"problem_of": "file"} for file in report.files]
    rows += [
        {
            "source": problem.source,
            "outcome": "notice",
            "code": problem.code,
            "reason": problem.message,
            "count": problem.count,
            "problem_of": "archive",
        }
        for problem in report.problems
    ]
    rows += [{"outcome": "failure", "reason": text, "problem_of": "path"} for text in report.failures]
    return rows_json("files", rows)
