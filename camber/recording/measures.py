"""What a point may carry besides place and time, by the local names that devices and apps use."""

from __future__ import annotations

from typing import Final

MEASURES: Final = (
    *("elevation_m", "speed_mps", "accuracy_m", "cadence_spm", "heart_rate_bpm"),
    "stance_time_balance_pct",
)
"""Columns of the fixes that a point may fill; cadence is as written until the recording is assembled."""

DIRECT: Final = {"ele": "elevation_m", "speed": "speed_mps"}
"""Children of a GPX point; ``speed`` is that of GPX 1.0."""

EXTENDED: Final = {
    "hr": "heart_rate_bpm",
    "heartrate": "heart_rate_bpm",
    "cad": "cadence_spm",
    "cadence": "cadence_spm",
    "speed": "speed_mps",
    "hAcc": "accuracy_m",
}
"""Descendants of a point's extensions, as Garmin (TrackPointExtension), Cluetrust and Apple name them."""

TCX: Final = {
    "AltitudeMeters": "elevation_m",
    "HeartRateBpm": "heart_rate_bpm",
    "Value": "heart_rate_bpm",
    "Cadence": "cadence_spm",
    "RunCadence": "cadence_spm",
    "Speed": "speed_mps",
}
"""Descendants of a TCX trackpoint (TrainingCenterDatabase v2 and ActivityExtension v2)."""

SIGNED: Final = "elevation_m"
"""The one that may be negative; Apple writes -1 for a speed or an accuracy that it does not know."""

SHARE: Final = "stance_time_balance_pct"
"""The one that cannot be beyond 100."""


class LocalNames(dict[object, str]):
    """Local names of elements by their full names, "" for what is no element, remembered as they come."""

    def __missing__(self, tag: object) -> str:
        """Cut the namespace off."""
        self[tag] = tag.rpartition("}")[2] if isinstance(tag, str) else ""
        return self[tag]
