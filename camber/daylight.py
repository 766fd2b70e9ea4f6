"""Whether it was dark, from the sun."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd
from astral import Observer
from astral.sun import elevation

if TYPE_CHECKING:
    from datetime import datetime

    from camber.schema import Recording

_DARK_DEG: Final = -6.0
"""Height of the sun below which it is dark [deg]: the end of civil twilight (US Naval Observatory)."""


def in_the_dark(recording: Recording) -> bool:
    """Tell from the sun whether a run began or ended in the dark.

    Parameters
    ----------
    recording : Recording
        The run.

    Returns
    -------
    bool
        True where the sun was below the end of civil twilight at the first or the last fix; False without
        times, as of a planned route.
    """
    if recording.started_at is None:
        return False
    ends = recording.fixes.iloc[[0, -1]]
    return any(
        is_dark(pd.Timestamp(moment).to_pydatetime(), float(latitude), float(longitude))
        for moment, latitude, longitude in zip(
            ends["time"], ends["latitude_deg"], ends["longitude_deg"], strict=True
        )
        if pd.notna(moment)
    )


def is_dark(moment: datetime, latitude_deg: float, longitude_deg: float) -> bool:
    """Tell from the sun whether it is dark.

    Parameters
    ----------
    moment : datetime
        Time with a zone.
    latitude_deg, longitude_deg : float
        Place [deg].

    Returns
    -------
    bool
        True where the sun is more than 6 degrees below the horizon.
    """
    return bool(elevation(Observer(latitude_deg, longitude_deg), moment) < _DARK_DEG)
