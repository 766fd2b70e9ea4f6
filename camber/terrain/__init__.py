"""Cross sections of roads, measured in terrain models."""

from camber.terrain.measuring import measure_way

__all__ = ["measure_way"]
