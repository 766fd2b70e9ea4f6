"""What was told of roads as tags of OpenStreetMap, for those who want to hand it on; nothing is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from camber.observations.answers import SidewalkAnswer, WidthAnswer
from camber.observations.evidence_of_answers import sidewalks_told

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from camber.observations.answers import Answer
    from camber.observations.way_frame import StreetWay


class Tagged(NamedTuple):
    """A way, and a tag that it could have, such as ``"sidewalk=left"``; left and right as it is drawn."""

    way_id: int
    tag: str


def tags_of(answer: Answer, ways: Sequence[StreetWay]) -> tuple[Tagged, ...]:
    """Say an answer in tags of the ways of its street; none where OpenStreetMap has no tag for it."""
    if isinstance(answer, WidthAnswer):
        key = "est_width" if answer.paced else "width"
        return tuple(Tagged(way.way_id, f"{key}={answer.width_m:g}") for way in ways)
    if not isinstance(answer, SidewalkAnswer):
        return ()
    if answer.sides == "separate":
        return tuple(Tagged(way.way_id, "sidewalk=separate") for way in ways)
    words = {(True, True): "both", (True, False): "left", (False, True): "right", (False, False): "no"}
    rows = sidewalks_told(answer, ways, 0.0)
    return tuple(Tagged(one.way_id, f"sidewalk={words[bool(one.left), bool(one.right)]}") for one in rows)


def latest_tags(answers: Iterable[Answer], ways: Sequence[StreetWay]) -> tuple[Tagged, ...]:
    """Put the tags of several answers together: of each way and key what was said last."""
    found: dict[tuple[int, str], Tagged] = {}
    for answer in sorted(answers, key=lambda one: one.on):
        for one in tags_of(answer, ways):
            found[one.way_id, one.tag.partition("=")[0].removeprefix("est_")] = one
    return tuple(found[key] for key in sorted(found))
