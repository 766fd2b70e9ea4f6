"""Which leg reached down on a cambered road, how steeply and for how long, and how sure that is.

The public names load when they are first used, so that ``import camber`` and ``camber --help`` are quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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
    "Analysis": "camber.schema",
    "CamberError": "camber.errors",
    "Library": "camber.library",
    "Period": "camber.schema",
    "Recording": "camber.schema",
    "Roads": "camber.schema",
    "Settings": "camber.schema",
    "Suggestions": "camber.schema",
    "Summary": "camber.schema",
    "add_summaries": "camber.adding",
    "analyse": "camber.pipeline",
    "assign_cross_slope": "camber.cross_slope",
    "from_gpxpy": "camber.recording",
    "locate": "camber.lateral",
    "match": "camber.matching",
    "measure_exposure": "camber.exposure",
    "open_library": "camber.library",
    "plot_map": "camber.report",
    "prepare_track": "camber.track",
    "read_recording": "camber.recording",
    "read_recordings": "camber.recording",
    "read_roads": "camber.roads",
    "roads_from_osmnx": "camber.roads",
    "roads_to_osmnx": "camber.roads",
    "story_of": "camber.report",
    "suggest": "camber.suggestions",
    "summarise": "camber.summary",
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


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute may be anything
    if name not in _HOME:
        raise AttributeError(f"module 'camber' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
