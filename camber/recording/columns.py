"""Texts of points, gathered column by column, until they are read at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from camber.recording.points import Batch
from camber.recording.texts import parse_numbers, parse_times

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.recording.points import Points


class Columns:
    """What the elements of points say, as texts.

    Readers append to the lists themselves: a call for each point would cost as much as reading it.
    """

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.latitude: list[str | None] = []
        self.longitude: list[str | None] = []
        self.time: list[str | None] = []
        self.lines: list[int | None] = []
        self.begins: list[int] = []
        self.measures: dict[str, tuple[list[int], list[str]]] = {}

    def add(self, column: str, text: str | None) -> None:
        """Keep what the point that is being read says; an empty element says nothing.

        Parameters
        ----------
        column : str
            One of the measures.
        text : str or None
            Text of an element.
        """
        if text:
            rows, texts = self.measures.setdefault(column, ([], []))
            rows.append(len(self.latitude))
            texts.append(text)

    def drop_last(self) -> None:
        """Forget what was added of the point that is being read."""
        row = len(self.latitude)
        for rows, texts in self.measures.values():
            while rows and rows[-1] == row:
                rows.pop()
                texts.pop()

    def begin_part(self) -> None:
        """Let the next usable point start a new part."""
        self.begins.append(len(self.latitude))

    def flush(self, points: Points) -> None:
        """Give the points to where they are kept, and begin again.

        Parameters
        ----------
        points : Points
            Where they are kept.
        """
        length = len(self.latitude)
        if length:
            begins = np.zeros(length + 1, dtype=bool)
            begins[self.begins] = True
            measures = {name: self._measure(name, points) for name in self.measures}
            batch = Batch(
                parse_numbers(self.latitude),
                parse_numbers(self.longitude),
                parse_times(self.time),
                measures,
                begins[:length],
                self.lines,
            )
            points.extend(batch)
        if self.begins and self.begins[-1] == length:
            points.begin_part()
        self._begin()

    def _measure(self, name: str, points: Points) -> NDArray[np.float64]:
        """Read one measure; where a point says it twice, the first that can be true counts."""
        rows, texts = self.measures[name]
        numbers = parse_numbers(texts)
        points.bad_values += int(np.isnan(numbers).sum())
        usable = ~np.isnan(numbers) if name == "elevation_m" else numbers >= 0.0
        column = np.full(len(self.latitude), math.nan)
        column[np.array(rows)[usable][::-1]] = numbers[usable][::-1]
        return column
