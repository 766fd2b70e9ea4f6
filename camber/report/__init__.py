"""What a person or a program gets to see: text, tables, JSON, figures and one HTML page.

The names load when they are first used, so that a table does not wait for the drawing library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camber.lazy_names import lazy_names

if TYPE_CHECKING:
    from camber.report.figures import plot_shares, plot_tornado
    from camber.report.intervals import (
        interval_table,
        intervals_csv,
        intervals_geojson,
        write_csv,
        write_geojson,
    )
    from camber.report.json_document import story_document, story_json, story_schema
    from camber.report.map import plot_map
    from camber.report.page import story_page
    from camber.report.profile_figures import plot_profile, surface_across
    from camber.report.story import Reader, Story, story_of
    from camber.report.text import story_text

_HOME = {
    "Reader": "story",
    "Story": "story",
    "interval_table": "intervals",
    "intervals_csv": "intervals",
    "intervals_geojson": "intervals",
    "plot_map": "map",
    "plot_profile": "profile_figures",
    "plot_shares": "figures",
    "plot_tornado": "figures",
    "story_of": "story",
    "story_page": "page",
    "story_document": "json_document",
    "story_json": "json_document",
    "story_schema": "json_document",
    "surface_across": "profile_figures",
    "story_text": "text",
    "write_csv": "intervals",
    "write_geojson": "intervals",
}

__all__ = [
    "Reader",
    "Story",
    "interval_table",
    "intervals_csv",
    "intervals_geojson",
    "plot_map",
    "plot_profile",
    "plot_shares",
    "plot_tornado",
    "story_document",
    "story_json",
    "story_of",
    "story_page",
    "story_schema",
    "story_text",
    "surface_across",
    "write_csv",
    "write_geojson",
]

__getattr__, __dir__ = lazy_names(__name__, _HOME)
