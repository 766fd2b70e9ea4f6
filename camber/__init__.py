"""Which leg reached down on a cambered road, how steeply and for how long, and how sure that is.

The public names load when they are first used, so that ``import camber`` and ``camber --help`` are quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from camber.versions import CAMBER

if TYPE_CHECKING:
    from camber.errors import CamberError
    from camber.library import Library, open_library
    from camber.pipeline import analyse
    from camber.recording import from_gpxpy, read_recording, read_recordings
    from camber.report import plot_map
    from camber.roads import read_roads, roads_from_osmnx, roads_to_osmnx
    from camber.schema import Analysis, Period, Recording, Roads, Settings, Suggestions, Summary
    from camber.summary import add_summaries

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
    "add_summaries": "camber.summary",
    "analyse": "camber.pipeline",
    "from_gpxpy": "camber.recording",
    "open_library": "camber.library",
    "plot_map": "camber.report",
    "read_recording": "camber.recording",
    "read_recordings": "camber.recording",
    "read_roads": "camber.roads",
    "roads_from_osmnx": "camber.roads",
    "roads_to_osmnx": "camber.roads",
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
    "from_gpxpy",
    "open_library",
    "plot_map",
    "read_recording",
    "read_recordings",
    "read_roads",
    "roads_from_osmnx",
    "roads_to_osmnx",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute may be anything
    if name not in _HOME:
        raise AttributeError(f"module 'camber' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
