"""Frozen values as JSON, and back: plain values, exact to the last bit."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, TypeVar

from cattrs.preconf.json import make_converter

from camber.schema import RoadObserved, WidthObserved

_T = TypeVar("_T")
_CONVERTER = make_converter(detailed_validation=False)  # so that what is wrong is a plain error


def _known(one: RoadObserved | WidthObserved) -> dict[str, Any]:
    """Leave out what was not observed (NaN, the default): SQLite reads no JSON with NaN in it."""
    return {name: value for name, value in asdict(one).items() if value == value}  # noqa: PLR0124


for _kind in (RoadObserved, WidthObserved):
    _CONVERTER.register_unstructure_hook(_kind, _known)


def json_of(value: object) -> str:
    """Write a dataclass of plain values, times and other dataclasses; the same value gives the same text."""
    return _CONVERTER.dumps(value, ensure_ascii=False, separators=(",", ":"))


def value_from(text: str, kind: type[_T]) -> _T:
    """Read a value of a class back; a field that the text has not takes its default."""
    return _CONVERTER.loads(text, kind)
