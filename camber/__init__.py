"""Which leg reached down on a cambered road, how steeply and for how long, and how sure that is.

The public names load when they are first used, so that ``import camber`` and ``camber --help`` are quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camber.lazy_names import lazy_names
from camber.versions import CAMBER

if TYPE_CHECKING:
    from camber.adding import add_summaries
    from camber.cross_slope import assign_cross_slope
    from camber.errors import CamberError
    from camber.exposure import measure_exposure
    from camber.lateral import locate
    from camber.library import Library, open_library
    from camber.matching import match
    from camber.pipeline import analyse
    from camber.recording import from_gpxpy, read_recording, read_recordings
    from camber.report import plot_map, story_of
    from camber.roads import read_roads, roads_from_osmnx, roads_to_osmnx
    from camber.schema import Analysis, Period, Recording, Roads, Settings, Suggestions, Summary
    from camber.suggestions import suggest
    from camber.summary import summarise
    from camber.track import prepare_track

__version__ = CAMBER

_HOME = {
    "Analysis": "schema",
    "CamberError": "errors",
    "Library": "library",
    "Period": "schema",
    "Recording": "schema",
    "Roads": "schema",
    "Settings": "schema",
    "Suggestions": "schema",
    "Summary": "schema",
    "add_summaries": "adding",
    "analyse": "pipeline",
    "assign_cross_slope": "cross_slope",
    "from_gpxpy": "recording",
    "locate": "lateral",
    "match": "matching",
    "measure_exposure": "exposure",
    "open_library": "library",
    "plot_map": "report",
    "prepare_track": "track",
    "read_recording": "recording",
    "read_recordings": "recording",
    "read_roads": "roads",
    "roads_from_osmnx": "roads",
    "roads_to_osmnx": "roads",
    "story_of": "report",
    "suggest": "suggestions",
    "summarise": "summary",
}

__all__ = [
    "Analysis",
    "CamberError",
    "Library",
    "Period",
    "Recording",
    "Roads",
    "Settings",
    "Suggestions",
    "Summary",
    "add_summaries",
    "analyse",
    "assign_cross_slope",
    "from_gpxpy",
    "locate",
    "match",
    "measure_exposure",
    "open_library",
    "plot_map",
    "prepare_track",
    "read_recording",
    "read_recordings",
    "read_roads",
    "roads_from_osmnx",
    "roads_to_osmnx",
    "story_of",
    "suggest",
    "summarise",
]

__getattr__, __dir__ = lazy_names(__name__, _HOME, "__version__")
