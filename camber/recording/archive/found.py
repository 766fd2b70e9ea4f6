"""What an export holds: recordings one at a time, and what it says about their runner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from camber.schema import Problem


@dataclass(frozen=True)
class Found:
    """A file that is, or claims to be, a recording, as it lay there.

    Parameters
    ----------
    source : str
        Where it lay, for people: path within the folder or archive, such as ``activities/123.fit.gz``; of a
        file in several archives, their names joined by ``!``.
    data : bytes
        Its bytes, still compressed where it was.
    name : str or None
        Title that the export's own list gives it.
    sport : str or None
        Sport that the export's own list gives it, lower case, in the language of the account; the file's
        own word counts more.
    gear : str or None
        Shoes, as the export's own list names them.
    """

    source: str
    data: bytes
    name: str | None = None
    sport: str | None = None
    gear: str | None = None


@dataclass(frozen=True)
class PrivacyZone:
    """A place that the runner does not want to show.

    Parameters
    ----------
    latitude_deg, longitude_deg : float
        Its middle [deg].
    radius_m : float
        Its radius [m].
    """

    latitude_deg: float
    longitude_deg: float
    radius_m: float


@dataclass(frozen=True)
class ArchiveNotes:
    """What an export says besides its recordings.

    Parameters
    ----------
    privacy_zones : tuple of PrivacyZone
        The runner's own zones (Strava).
    units : {"metric", "imperial"} or None
        The runner's choice (Strava); None where the export does not say.
    problems : tuple of Problem
        What could not be taken out of it, with ``source`` naming the entry, and what was passed over.
    """

    privacy_zones: tuple[PrivacyZone, ...] = ()
    units: Literal["metric", "imperial"] | None = None
    problems: tuple[Problem, ...] = ()
