"""Roads in: OpenStreetMap extracts and osmnx graphs to `camber.schema.Roads`, and back to osmnx."""

from camber.roads.cache import read_roads
from camber.roads.osmnx_graph import roads_from_osmnx, roads_to_osmnx

__all__ = ["read_roads", "roads_from_osmnx", "roads_to_osmnx"]
