"""What a worker does: some runs of the same roads, plain values in and plain values out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from camber.errors import CamberError, RoadsError
from camber.library.outcomes import Outcome, distil
from camber.library.stored_values import json_of
from camber.pipeline import analyse, evidence_of
from camber.roads import read_roads
from camber.roads.tiles import open_tiles

if TYPE_CHECKING:
    from camber.batch.road_choice import RoadsOf
    from camber.schema import Learned, Recording, Roads, Settings


@dataclass(frozen=True)
class Answer:
    """What came of one run.

    Parameters
    ----------
    run : int
        Its number.
    outcome : Outcome or None
        What is to be kept.
    evidence : str
        JSON of what it says to the others, where only that was asked for.
    state, message : str
        Why there is nothing: ``"no_roads"`` or ``"failed"``, and a sentence.
    """

    run: int
    outcome: Outcome | None = None
    evidence: str = ""
    state: str = ""
    message: str = ""


@dataclass(frozen=True)
class Work:
    """Some runs of the same roads.

    Parameters
    ----------
    runs : tuple of int
        Their numbers.
    recordings : tuple of Recording
        What was recorded.
    roads : RoadsOf
        How to open their roads.
    settings : Settings
        Settings of every stage.
    learned : tuple of Learned or None
        What each is told by the others; without it only what each says to the others is found out.
    """

    runs: tuple[int, ...]
    recordings: tuple[Recording, ...]
    roads: RoadsOf
    settings: Settings
    learned: tuple[Learned, ...] | None

    def singly(self) -> list[Work]:
        """Give each run as work of its own.

        Returns
        -------
        list of Work
            One per run.
        """
        return [
            Work((run,), (recording,), self.roads, self.settings, self.learned and (self.learned[place],))
            for place, (run, recording) in enumerate(zip(self.runs, self.recordings, strict=True))
        ]


def do(work: Work) -> list[Answer]:
    """Analyse some runs of the same roads.

    Parameters
    ----------
    work : Work
        The runs and all that decides their results.

    Returns
    -------
    list of Answer
        One per run: what is to be kept, or why there is nothing.
    """
    try:
        roads = _opened(work.roads)
    except CamberError as error:
        return [Answer(run, state=_state_of(error), message=str(error)) for run in work.runs]
    return [
        _analysed(run, recording, roads, work.settings, None if work.learned is None else work.learned[place])
        for place, (run, recording) in enumerate(zip(work.runs, work.recordings, strict=True))
    ]


@lru_cache(maxsize=2)
def _opened(roads_of: RoadsOf) -> Roads:
    """Keep the roads open from one task to the next."""
    if roads_of.extract is not None:
        return read_roads(roads_of.extract, country=roads_of.country, cache=roads_of.folder)
    if roads_of.folder is None:
        raise RoadsError("no folder of tiles is given", path="roads")
    return open_tiles(roads_of.folder, roads_of.tiles, country=roads_of.country)


def _analysed(
    run: int, recording: Recording, roads: Roads, settings: Settings, learned: Learned | None
) -> Answer:
    try:
        if learned is None:
            return Answer(run, evidence=json_of(evidence_of(recording, roads, settings)))
        return Answer(run, distil(analyse(recording, roads, settings, learned)))
    except CamberError as error:
        return Answer(run, state=_state_of(error), message=str(error))
    except Exception as error:  # noqa: BLE001 - a run that stumbles over a bug of ours costs itself alone
        return Answer(run, state="failed", message=f"unexpected {type(error).__name__}: {error}")


def _state_of(error: CamberError) -> str:
    return "no_roads" if isinstance(error, RoadsError) else "failed"
