"""What a person or a program gets to see: text, tables, JSON, figures and one HTML page.

The names load when they are first used, so that a table does not wait for the drawing library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from camber.report.contents import Report
    from camber.report.figures import plot_bar
    from camber.report.files import write_whole
    from camber.report.html import html_page
    from camber.report.json_document import summary_document, summary_json, summary_schema
    from camber.report.map import plot_map
    from camber.report.tables import (
        interval_table,
        intervals_csv,
        intervals_geojson,
        write_csv,
        write_geojson,
    )
    from camber.report.text import text_report

_HOME = {
    "Report": "contents",
    "html_page": "html",
    "interval_table": "tables",
    "intervals_csv": "tables",
    "intervals_geojson": "tables",
    "plot_bar": "figures",
    "plot_map": "map",
    "plot_tornado": "figures",
    "summary_document": "json_document",
    "summary_json": "json_document",
    "summary_schema": "json_document",
    "text_report": "text",
    "write_csv": "tables",
    "write_geojson": "tables",
    "write_whole": "files",
}

__all__ = [
    "Report",
    "html_page",
    "interval_table",
    "intervals_csv",
    "intervals_geojson",
    "plot_bar",
    "plot_map",
    "plot_tornado",
    "summary_document",
    "summary_json",
    "summary_schema",
    "text_report",
    "write_csv",
    "write_geojson",
    "write_whole",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute may be anything
    if name not in _HOME:
        raise AttributeError(f"module 'camber.report' has no attribute {name!r}")
    return getattr(import_module(f"camber.report.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
