"""How a run felt and how hard it was, as runners tell a Garmin watch: in the list of an account, and in FIT.

In the list of an export (``..._summarizedActivities.json``) they are ``workoutFeel``, 0 to 100 in steps of
25, and ``workoutRpe``, 10 to 100 in tens (github.com/AGrupper/Klaus, 19-01-SUMMARY.md, by an export of 1197
activities). In a FIT file they are fields 192 and 193 of a session, "a 0-100 scale representing how a user
felt", and "0-10 RPE scale, multiplied 10x" (FIT SDK, Profile.xlsx).
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

from camber.recording.archive.garmin_lists import listed, moment, number
from camber.recording.archive.lists import PrivateNote
from camber.recording.content import open_content
from camber.recording.fit import sessions_told
from camber.recording.sports import SportClass, sport_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from camber.recording.limits import ReadLimits

GARMIN: Final = "garmin"
_FELT: Final = ("very weak", "weak", "normal", "strong", "very strong")
"""What Garmin Connect calls 0, 25, 50, 75 and 100 (github.com/DynamicsNinja/garminconnect-js,
``set_activity_feel``: "very weak to very strong"; 50 as the middle one)."""


def listed_evaluations(content: bytes) -> list[PrivateNote]:
    """Read the self-evaluations of what was done on foot in Garmin's list; nothing of another list."""
    found = []
    for row in listed(content):
        if sport_class(str(row.get("activityType") or "")) not in _OF_RUNNERS:
            continue
        text = evaluation_words(row.get("workoutFeel"), row.get("workoutRpe"))
        at, here = (moment(row.get(name)) for name in ("beginTimestamp", "startTimeLocal"))
        if text and at is not None:
            found.append(PrivateNote("", at, text, None if here is None else here.date(), GARMIN))
    return found


_OF_RUNNERS: Final = {SportClass.ON_FOOT, SportClass.INDOOR, SportClass.VIRTUAL}


def recorded_evaluations(data: bytes, label: str, limits: ReadLimits) -> Iterator[PrivateNote]:
    """Read the self-evaluations in a FIT file, packed or not; RecordingError where it cannot be opened."""
    kind, chunks, _ = open_content(BytesIO(data), label, limits)
    if kind != "fit":
        return
    for began, sport, felt, effort in sessions_told(chunks, label, limits):
        text = evaluation_words(felt, effort)
        if text and (sport is None or sport_class(sport) in _OF_RUNNERS):
            yield PrivateNote(label.rpartition("/")[2], began, text, None, GARMIN)


def evaluation_words(felt: object, effort: object) -> str:
    """Say how it felt and how hard it was: ``"felt strong, effort 7 of 10"``; "" where neither is told."""
    feeling, tenths = number(felt, 0.0, 100.0), number(effort, 10.0, 100.0)
    parts = [] if feeling is None else [f"felt {_FELT[round(feeling / 25.0)]}"]
    parts += [] if tenths is None else [f"effort {round(tenths / 10.0)} of 10"]
    return ", ".join(parts)
