"""Many runs: what is missing or stale, in parallel, pooled, into the library."""

from camber.batch.passes import BatchReport, Step, analyse_library
from camber.batch.road_choice import RoadsOf, from_extracts, from_tiles

__all__ = [
    "BatchReport",
    "RoadsOf",
    "Step",
    "analyse_library",
    "from_extracts",
    "from_tiles",
]
