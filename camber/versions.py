"""What results, roads and readings are numbered by: stored ones with another number are made anew.

`tests/golden.json` holds what each number stands for, and a test says which is to be raised. A comment, a
name or a faster kernel raises none.
"""

from __future__ import annotations

from typing import Final

CAMBER: Final = "0.1.0"
"""Of the program, as `pyproject.toml` has it."""

MODEL: Final = 16
"""Raised when the analysis of a recording on given roads with given settings comes out otherwise."""

ROADS: Final = 2
"""Raised when an extract or an answer of a map server is parsed otherwise."""

READING: Final = 4
"""Raised when a file is read otherwise: an import of the same file then reads it anew."""

TERRAIN: Final = 7
"""Raised when a way comes out otherwise of the same terrain model: all ways are then measured anew."""
