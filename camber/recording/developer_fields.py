"""Fields that apps add to the records of a FIT file themselves: the balance of ground contact, and no other.

What they mean is in no profile, so that only those are read which a source that can be opened describes.
"""

from __future__ import annotations

from typing import Any, Final

from fitdecode.types import DevField

BALANCE: Final = 84
"""Field ``stance_time_balance`` of a record: the left foot's share of the time on the ground [%]."""

_LEFT_AND_RIGHT: Final = (("GCT_L", "GCT_R"), ("RS_ContactTime_L", "RS_ContactTime_R"))
"""Contact times of each foot [ms] of RunScribe's pods: as their maker's own data field names them, with the
labels "Contact Time Left" and "Contact Time Right" (github.com/ScribeLabs/garmin-connect-iq-runscribe-light,
source/RunScribeDataField.mc and resources/strings.xml), and as an earlier one did, by the reader of FIT of
github.com/Runalyze/Runalyze (``stance_time_left`` and ``stance_time_right``)."""


def left_share_pct(fields: list[Any]) -> float | None:
    """Find the left foot's share [%] in what an app added to a record; None where it has nothing of it.

    An app may say that its field stands for one of the profile (``native_field_num``: Garmin's FIT cookbook,
    "Working With Developer Data Fields"); else the share is that of two contact times.
    """
    own = {}
    for field in fields:
        kind, value = field.field, field.value
        if type(kind) is DevField and isinstance(value, int | float):
            if kind.native_field_num == BALANCE:
                return float(value)
            own[kind.name] = float(value)
    for left, right in _LEFT_AND_RIGHT:
        # A foot whose pod is silent is written as 0.
        if own.get(left, 0.0) > 0.0 and own.get(right, 0.0) > 0.0:
            return 100.0 * own[left] / (own[left] + own[right])
    return None
