"""Roads in: OpenStreetMap extracts and osmnx graphs to `camber.schema.Roads`, and back to osmnx."""

from camber.roads.extract import read_roads

__all__ = ["read_roads"]
