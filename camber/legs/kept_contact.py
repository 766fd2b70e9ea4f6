"""What a run says of contact and tilt as bytes, and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from camber.packing import pack_columns, unpack_columns
from camber.schema import ContactPart, ContactRun

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PARTS = ("whole", "paired")


def pack_contact(run: ContactRun) -> tuple[str, bytes]:
    """Turn it into JSON of its numbers, and the bytes of its draws in single precision."""
    parts = {name: part for name in _PARTS if (part := getattr(run, name)) is not None}
    numbers = {
        name: (part.distance_m, part.information, part.score, part.freedom) for name, part in parts.items()
    }
    said = {"device": run.device, "right_pct": run.right_pct, "noise_pct": run.noise_pct, **numbers}
    drawn = pack_columns({name: part.drawn[:, None] for name, part in parts.items()})
    return json.dumps(said, ensure_ascii=False), drawn


def unpack_contact(said: str, drawn: bytes) -> ContactRun:
    """Give back what was packed."""
    numbers, draws = json.loads(said), unpack_columns(drawn)
    parts = {name: _part(numbers[name], draws[name]) for name in _PARTS if name in draws}
    return ContactRun(
        numbers["device"],
        numbers["right_pct"],
        numbers["noise_pct"],
        parts["whole"],
        parts.get("paired"),
    )


def _part(numbers: list[float], drawn: NDArray[np.float64]) -> ContactPart:
    # Earlier ones have no degrees of freedom: their noise was taken for known.
    distance_m, information, score, *freedom = numbers
    return ContactPart(distance_m, information, score, drawn[:, 0].astype(float), *freedom)
