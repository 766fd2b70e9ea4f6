"""The whole line for one recording: every intermediate result, so that a notebook can stop anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camber.schema.advice import Suggestions
    from camber.schema.inputs import Recording, Roads
    from camber.schema.learned import Evidence
    from camber.schema.observed import Observed
    from camber.schema.settings import Settings
    from camber.schema.tables import (
        Candidates,
        Exposure,
        LateralTrack,
        MatchedTrack,
        Path,
        SlopedTrack,
        Track,
    )
    from camber.schema.totals import Draws, LateralHistories, SlopeHistories, Summary


@dataclass(frozen=True, eq=False)
class Analysis:
    """Everything that `camber.analyse` found out about one recording.

    Parameters
    ----------
    recording : Recording
        What was read.
    roads : Roads
        The roads it was matched to.
    settings : Settings
        The settings used.
    track : Track
        Cleaned, projected and cut into sections.
    matched : MatchedTrack
        Way, chainage, direction and signed offset of each fix.
    candidates : Candidates
        What else each fix could have been on.
    path : Path
        One row per traversal of a way.
    lateral : LateralTrack
        Where across the street, with probabilities.
    lateral_histories : LateralHistories
        Drawn histories of the lateral state.
    sloped : SlopedTrack
        Cross slope under the runner, as a mixture.
    slope_histories : SlopeHistories
        Drawn histories of the cross slope.
    exposure : Exposure
        One row per interval: metres by leg.
    draws : Draws
        Drawn totals per surface kind.
    summary : Summary
        Totals with intervals.
    suggestions : Suggestions or None
        What could be changed; None where it was not asked for.
    evidence : Evidence
        What this run says about the runner's habits and the map, for `camber.lateral.pool_evidence`.
    observed : Observed or None
        What was told or measured of single roads, as it was given.
    """

    recording: Recording
    roads: Roads
    settings: Settings
    track: Track
    matched: MatchedTrack
    candidates: Candidates
    path: Path
    lateral: LateralTrack
    lateral_histories: LateralHistories
    sloped: SlopedTrack
    slope_histories: SlopeHistories
    exposure: Exposure
    draws: Draws
    summary: Summary
    suggestions: Suggestions | None
    evidence: Evidence
    observed: Observed | None = None

    def __repr__(self) -> str:
        """Say what it is, without its tables."""
        return f"<Analysis of {self.recording!r} on {self.roads!r}>"

    def _repr_html_(self) -> str:
        return self.summary._repr_html_()
