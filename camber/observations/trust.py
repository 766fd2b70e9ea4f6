"""How far a runner's word goes: a setting with its reason, and what repeated answers say of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from math import isfinite
from typing import TYPE_CHECKING

from camber.observations.answers import HabitAnswer, SideAnswer, WidthAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from camber.observations.answers import Answer


@dataclass(frozen=True)
class Trust:
    """How often an answer is right.

    Parameters
    ----------
    right, wrong : float
        Answers that were right and wrong, as it were, before any was repeated (19 to 1, so 95 %: judgement.
        People mix up left and right, streets and runs; of mappers' answers about their own street that were
        asked again about one in twenty was changed, and nobody has counted runners').
    """

    right: float = 19.0
    wrong: float = 1.0

    @property
    def probability(self) -> float:
        """Probability that an answer is right."""
        return self.right / (self.right + self.wrong)


def subject_of(answer: Answer) -> tuple[object, ...]:
    """Say what an answer is about: two answers with the same subject agree, or contradict each other."""
    if isinstance(answer, HabitAnswer):
        return answer.kind, answer.habit, None if answer.town is None else answer.town.name
    street = None if answer.street is None else (answer.street.name, answer.street.ways[:1])
    if isinstance(answer, SideAnswer):
        return answer.kind, street, answer.run, repr((answer.from_m, answer.to_m))
    place = (getattr(answer, "spot", ""), getattr(answer, "side", ""))
    return answer.kind, street, place


def agree(one: Answer, other: Answer) -> bool:
    """Say whether two answers about the same say the same; measured numbers within what measuring errs."""
    if isinstance(one, WidthAnswer) and isinstance(other, WidthAnswer):
        return abs(one.width_m - other.width_m) <= 0.25 * max(one.width_m, other.width_m)
    names = ("sides", "fall", "to", "falls", "side", "place", "habit", "often", "run")
    return all(getattr(one, name, None) == getattr(other, name, None) for name in names)


def contradictions(answers: Mapping[int, Answer]) -> dict[int, tuple[int, ...]]:
    """Find the answers that contradict each other, by their numbers."""
    found: dict[int, list[int]] = {}
    for (first, one), (second, other) in combinations(sorted(answers.items()), 2):
        if subject_of(one) == subject_of(other) and not agree(one, other):
            found.setdefault(first, []).append(second)
            found.setdefault(second, []).append(first)
    return {number: tuple(others) for number, others in sorted(found.items())}


def learned_trust(answers: Sequence[Answer], before: Trust | None = None) -> Trust:
    """Learn how far a word goes from what was told more than once: of two that differ, one is wrong."""
    trust = before or Trust()
    for one, other in combinations(answers, 2):
        if subject_of(one) == subject_of(other):
            same = agree(one, other)
            trust = replace(trust, right=trust.right + (2.0 if same else 1.0), wrong=trust.wrong + (not same))
    return trust


def doubt(answer: Answer, trust: Trust) -> float:
    """Probability that an answer is wrong."""
    return 1.0 - (answer.sure if isfinite(answer.sure) else trust.probability)
