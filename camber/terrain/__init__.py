"""Cross sections of roads, measured in terrain models, and what they say of a way."""

from camber.terrain.measuring import measure_way
from camber.terrain.road_evidence import aged, middles_observed, roads_observed

__all__ = ["aged", "measure_way", "middles_observed", "roads_observed"]
