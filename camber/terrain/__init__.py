"""Cross sections of roads, measured in terrain models, and what they say of a way."""

from camber.terrain.measuring import measure_way
from camber.terrain.road_evidence import offsets_observed, roads_observed

__all__ = ["measure_way", "offsets_observed", "roads_observed"]
