"""Every table and value that crosses a stage border, and its check.

Stages do not import each other: they meet here. Rows are plain (Geo)DataFrames with a written schema
(`camber.schema.tables`); single things are frozen dataclasses. Data does not know its algorithms.
"""

from camber.schema.analysis import Analysis
from camber.schema.card import card
from camber.schema.exposure import (
    Assumption,
    Draws,
    Interval,
    StreetTotal,
    Summary,
    SurfaceTotal,
    balance_of,
    interval_of,
)
from camber.schema.histories import SILENT, LateralHistories, SlopeHistories, SlopeOptions
from camber.schema.learned import Evidence, HabitCount, Learned, MapOffset
from camber.schema.period import NotJudged, Period, PeriodTotal, RunResult, StreetVisits, UsualRange
from camber.schema.recording import Problem, Recording
from camber.schema.roads import RoadGraph, Roads
from camber.schema.settings import (
    CrossSlopeSettings,
    ExposureSettings,
    LateralSettings,
    MatchingSettings,
    Settings,
    SuggestionSettings,
    TrackSettings,
)
from camber.schema.suggestions import Cue, PlannedStretch, PlanPoint, Suggestion, Suggestions, WhatIf
from camber.schema.tables import (
    Candidates,
    Crossings,
    Exposure,
    Fixes,
    LateralTrack,
    MatchedTrack,
    Path,
    SlopedTrack,
    Track,
    Ways,
    as_candidates,
    as_crossings,
    as_exposure,
    as_fixes,
    as_lateral_track,
    as_matched_track,
    as_path,
    as_sloped_track,
    as_track,
    as_ways,
)

__all__ = [
    "SILENT",
    "Analysis",
    "Assumption",
    "Candidates",
    "CrossSlopeSettings",
    "Crossings",
    "Cue",
    "Draws",
    "Evidence",
    "Exposure",
    "ExposureSettings",
    "Fixes",
    "HabitCount",
    "Interval",
    "LateralHistories",
    "LateralSettings",
    "LateralTrack",
    "Learned",
    "MapOffset",
    "MatchedTrack",
    "MatchingSettings",
    "NotJudged",
    "Path",
    "Period",
    "PeriodTotal",
    "PlanPoint",
    "PlannedStretch",
    "Problem",
    "Recording",
    "RoadGraph",
    "Roads",
    "RunResult",
    "Settings",
    "SlopeHistories",
    "SlopeOptions",
    "SlopedTrack",
    "StreetTotal",
    "StreetVisits",
    "Suggestion",
    "SuggestionSettings",
    "Suggestions",
    "Summary",
    "SurfaceTotal",
    "Track",
    "TrackSettings",
    "UsualRange",
    "Ways",
    "WhatIf",
    "as_candidates",
    "as_crossings",
    "as_exposure",
    "as_fixes",
    "as_lateral_track",
    "as_matched_track",
    "as_path",
    "as_sloped_track",
    "as_track",
    "as_ways",
    "balance_of",
    "card",
    "interval_of",
]
