"""Programs that invent the place: what they write has positions, and nobody was there."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from camber.schema import Fixes

_PROGRAMS: Final = (
    *("zwift", "rouvy", "virtualtraining", "trainerroad", "peloton", "mywhoosh", "wahoorgt", "rgtcycling"),
    *("roadgrandtours", "kinomap", "bkool", "fulgaz", "tacx", "onelap", "virtugo", "indievelo", "ictrainer"),
    *("trainingpeaksvirtual", "thesufferfest", "wahoosystm", "bigringvr", "vzfit", "holofit", "runsocial"),
    *("myetraining", "spivi", "motosumo", "cyclemasters", "treadmill"),
)
"""Letters in the names of devices and programs, such as those of FIT's manufacturers (Garmin's FIT profile,
``manufacturer``: 67 BKOOL, 89 Tacx, 260 Zwift, 281 TrainerRoad, 284 Rouvy as VirtualTraining, 315 RGT,
331 MyWhoosh) and the creators of GPX and TCX files."""

_WORDS: Final = frozenset({"rgt", "ifit", "vingo", "systm"})
"""The same where they are too short to be looked for within other names."""

_OUTSIDE_TOO: Final = frozenset({"peloton"})
"""Of these the ones that record outside as well, where the sport then says so."""

_TITLES: Final = tuple(name for name in _PROGRAMS if name not in _OUTSIDE_TOO)

_OUTSIDE: Final = ("street", "trail", "outdoor", "outside", "mountain")

_SERVICES: Final = ("strava", "garminconnect", "connectapi", "trainingpeaks", "intervals", "runalyze")
"""Sites that write files of what others have recorded, and put their own name in the place of the device."""

_WORLDS: Final = (
    (-11.76, 166.77, -11.62, 167.17),
    (-10.86, 165.75, -10.72, 165.89),
    (-10.41, 165.77, -10.37, 165.83),
)
"""South, west, north, east of worlds that Zwift has put into the sea off the Santa Cruz Islands, where no
road is mapped [deg]: Watopia, Makuri Islands, Crit City (bounds as published with open tools for Zwift)."""

_HEAD: Final = re.compile(r"(.{2,30}?)(?:\s+[-\u2013\u2014|]\s+|:\s+)")


def virtual_program(device: str | None, sport: str | None = None) -> str | None:
    """Name the program that invents the place, as it is written; None where a device was outside."""
    letters = _letters(device or "")
    found = next((name for name in _PROGRAMS if name in letters), None)
    if found is None:
        found = next((word for word in map(_letters, (device or "").split()) if word in _WORDS), None)
    if found in _OUTSIDE_TOO and any(word in (sport or "").lower() for word in _OUTSIDE):
        return None
    return device if found else None


def program_of(device: str | None, title: str | None, sport: str | None, fixes: Fixes) -> str | None:
    """Name the program by the device, by the title that it gave, or where no device is told by the place."""
    program = virtual_program(device, sport)
    if program is not None:
        return program
    head = _HEAD.match(title or "")
    if head is not None and _letters(head[1]).startswith(_TITLES):
        return head[1]
    letters = _letters(device or "")
    return "Zwift" if (not letters or letters.startswith(_SERVICES)) and _is_in_world(fixes) else None


def _is_in_world(fixes: Fixes) -> bool:
    latitude, longitude = fixes["latitude_deg"].median(), fixes["longitude_deg"].median()
    return any(s <= latitude <= n and w <= longitude <= e for s, w, n, e in _WORLDS)


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if c.isalpha())
