"""The formats of a report, and which one a file name asks for."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from camber.cli.session import Session
    from camber.report.contents import Report


class ReportFormat(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    GEOJSON = "geojson"
    HTML = "html"


class ListFormat(StrEnum):
    """How a list is written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


def format_of(asked: ReportFormat | None, path: Path | None) -> ReportFormat:
    """Choose the format of a report.

    Parameters
    ----------
    asked : ReportFormat or None
        What was asked for by name; it wins.
    path : Path or None
        The file; its suffix decides where nothing was asked for.

    Returns
    -------
    ReportFormat
        Text where nothing says otherwise.
    """
    if asked is not None:
        return asked
    by_suffix = {".htm": ReportFormat.HTML, ".txt": ReportFormat.TEXT}
    by_suffix |= {f".{kind}": kind for kind in ReportFormat}
    return by_suffix.get(path.suffix.lower() if path else "", ReportFormat.TEXT)


def write_report(report: Report, kind: ReportFormat, path: Path | None, session: Session) -> None:
    """Write a report to standard output or a file.

    Parameters
    ----------
    report : Report
        One run or several.
    kind : ReportFormat
        How.
    path : Path or None
        The file; None for standard output.
    session : Session
        Where to print.
    """
    import camber.report as write  # noqa: PLC0415 - each name loads what it needs, when it is used

    if kind is ReportFormat.TEXT:
        session.show(write.text_report(report), path)
    elif kind is ReportFormat.JSON:
        session.write(write.summary_json(report), path)
    elif kind is ReportFormat.CSV:
        session.write(write.intervals_csv(report.analyses), path)
    elif kind is ReportFormat.GEOJSON:
        session.write(write.intervals_geojson(report.analyses), path)
    else:
        session.write(write.html_page(report), path)
