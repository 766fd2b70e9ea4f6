"""``camber import``: takes recordings into the library, and says what came of each file."""

import zipfile
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

import camber
from camber.cli.options import AsJson, Strict
from camber.cli.session import Exit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import RenderableType

    from camber.cli.session import Session
    from camber.library.importing import Imported, ImportReport

app = typer.Typer(rich_markup_mode=None)

_MOST_LINES: Final = 10
"""Runs with an uncertain day that are named one by one (judgement: more are one fault)."""


@app.command("import")
def import_(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH", help="Export archives (zip), folders, or GPX, TCX and FIT files."),
    ],
    as_json: AsJson = False,
    strict: Strict = False,
) -> None:
    """Add recordings to your library: exports as they are, folders or files.

    Files that are in it already are skipped, so you can give the same command each week. You can stop at
    any time; run it again to continue.
    """
    report = take_in(context.obj, paths, as_json=as_json)
    if strict and (report.count("problem") or report.failures):
        raise typer.Exit(Exit.PARTIAL)


def take_in(session: "Session", paths: "Sequence[Path]", *, as_json: bool = False) -> "ImportReport":
    """Take recordings in, and say what came of each file; ends where none could be read."""
    from camber.library.importing import import_paths

    with camber.open_library() as library, counting(session, guess_files(paths)) as count:
        report = import_paths(library, paths, watch=count)
    if as_json:
        session.write(_report_json(report))
    else:
        session.show(_report_text(report, session.preferences.units))
    for failure in report.failures:
        session.say(f"camber: {failure}", at=-1)
    if report.count("problem") == len(report.files):
        raise typer.Exit(Exit.NO_INPUT)
    return report


def guess_files(paths: "Sequence[Path]") -> int:
    """Guess how many files an import will look at; entries of archives count, whatever they are."""
    total = 0
    for path in paths:
        if path.is_dir():
            total += sum(each.is_file() for each in path.rglob("*"))
            continue
        total += 1
        # Whatever is wrong with an archive, it is for the import to say.
        with suppress(Exception), zipfile.ZipFile(path) as archive:
            total += max(len(archive.infolist()) - 1, 0)
    return max(total, 1)


@contextmanager
def counting(session: "Session", total: int) -> "Iterator[Callable[[Imported], None]]":
    """Count the files that are safe and say so: while it goes on, and if it is interrupted."""
    files = runs = 0
    metres = 0.0

    def line() -> str:
        return f"{files} files, {runs} new runs, {metres / 1000.0:.1f} km"

    with session.steps("importing", total, lines=True) as tell:

        def count(file: "Imported") -> None:
            nonlocal files, runs, metres
            files += 1
            if file.outcome == "run" and file.duplicate_of is None:
                runs, metres = runs + 1, metres + file.distance_m
            tell(line(), files, max(total, files))
            session.say(f"{file.outcome}: {file.source}", at=1)

        try:
            yield count
        except KeyboardInterrupt:
            again = "they are in the library; give the same command again to go on"
            session.say(f"{line()}: {again}", at=-1)
            raise


def _report_text(report: "ImportReport", units: str) -> "RenderableType":
    """Draw counts, then every file with a problem and why."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from camber.report.sentences import day_lines
    from camber.report.wording import distance_text, is_virtual, plain

    new = [file for file in report.files if file.outcome == "run" and file.duplicate_of is None]
    copies = sum(file.duplicate_of is not None for file in report.files)
    virtual = sum(is_virtual(file.outcome, file.reason) for file in report.files)
    length = distance_text(sum(file.distance_m for file in new), units)
    counts = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    counts.add_column(justify="right")
    counts.add_column()
    rows = (
        (len(new), f"new runs and walks, {length}{' along the recorded positions' if new else ''}"),
        (copies, "other recordings of the same runs, kept and not counted"),
        (virtual, "virtual: counted, not analysed"),
        (report.count("other_sport") - virtual, "of other sports or indoors: kept, not analysed"),
        (report.count("no_track"), "without positions: kept, not analysed"),
        (report.count("known"), "known already"),
        (report.count("problem"), "could not be read"),
        (report.zones, "privacy zones taken over"),
    )
    for count, words in rows:
        if count or words.startswith("new"):
            counts.add_row(Text(str(count)), Text(words))
    parts: list[RenderableType] = [counts]
    days = [
        line
        for file in report.files
        if file.outcome == "run" and file.run is not None
        for line in day_lines(file.run, file.day, file.likely_day, file.doubt)
    ]
    if days:
        parts += [Text(), Text("Days that are not sure:", style="bold")]
        parts += [Text(f"  {plain(line)}") for line in days[:_MOST_LINES]]
        if len(days) > _MOST_LINES:
            parts.append(Text(f"  and {len(days) - _MOST_LINES} more: camber runs lists those without a day"))
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


def _report_json(report: "ImportReport") -> str:
    """Write one object per file, those of the archives' own problems, and those of paths that failed."""
    from camber.report.json_document import rows_json

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
