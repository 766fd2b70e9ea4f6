"""What the legs did, in sentences: measured, how sure, and nothing made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from camber.report.wording import METRES_PER_UNIT, NAME_LENGTH, day_words, far_text, of_the_runner, plain
from camber.schema import Word, target_words, word_for

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from camber.schema import ContactEffect, Interval, LowLeg, Note, TrackBends

NO_BALANCE: Final = (
    "None of these runs has the balance of ground contact. It comes from running dynamics, recorded by a "
    "chest strap, a pod or a watch and imported as FIT. Runs that were analysed before camber knew it need "
    "`camber analyse --all`."
)
ONLY_MEASURED: Final = (
    "This is what your sensor measured while the ground tilted. It says nothing of causes, of injury, or of "
    "what you should do."
)


def contact_lines(said: ContactEffect, units: str) -> tuple[str, ...]:
    """Say how ground contact went with the tilt, how sure that is, and what would make it surer."""
    if said.effect is None:
        return (NO_BALANCE,)
    runs = "1 run" if said.runs == 1 else f"{said.runs} runs"
    over = f"{runs}, {far_text(said.distance_m, units)}"
    left = 100.0 - said.right_pct
    lines = [
        _effect_line(said.effect, over, detected=said.is_detected),
        *([_more_line(said, units)] if not said.is_detected else []),
        f"On average your feet had {left:.1f} % (left) and {said.right_pct:.1f} % (right) of the time.",
    ]
    if said.paired is not None:
        lines.append(
            f"On streets that you ran in both directions alone ({far_text(said.paired_m, units)}): "
            f"{_points(said.paired.median)} ({_range(said.paired)})."
        )
    if said.devices > 1:
        lines.append(f"{said.devices} devices recorded it; how they differ is in the range.")
    return (*lines, ONLY_MEASURED)


def _effect_line(effect: Interval, over: str, *, detected: bool) -> str:
    if not detected:
        return (
            f"No effect of the tilt on your ground contact could be detected ({over}): the share of the foot "
            f"on the low side changed by {_range(effect)} points per percent of tilt."
        )
    more = "more" if effect.median > 0.0 else "less"
    low, high = sorted((abs(effect.low), abs(effect.high)))
    return (
        f"Per percent of tilt, the foot on the low side had about {abs(effect.median):.2f} points {more} of "
        f"the time on the ground ({low:.2f} to {high:.2f}; {over})."
    )


def _more_line(said: ContactEffect, units: str) -> str:
    if said.more_m is not None and said.more_m <= 0.0:
        return "An effect of 0.1 points per percent would most likely have been seen."
    if said.more_m is None or said.more_m > _NEVER_M:
        return (
            "More runs like these will not show 0.1 points per percent: the tilt changes too little in them."
        )
    more = f"{_rounded(said.more_m / METRES_PER_UNIT[units]):.0f} {units}"
    return f"About {more} more of such runs would show an effect of 0.1 points per percent."


_NEVER_M: Final = 5_000_000.0
"""Kilometres beyond which nobody waits [m] (judgement: a year of much running)."""


def _rounded(far: float) -> float:
    """Round up to what is said of a wish: tens of kilometres or miles from a hundred on, else whole ones."""
    step = 10.0 if far >= 100.0 else 1.0
    return -(-far // step) * step


def _points(value: float) -> str:
    return f"{value:+.2f}"


def _range(effect: Interval) -> str:
    return f"{_points(effect.low)} to {_points(effect.high)}"


def bend_lines(bends: TrackBends, units: str) -> tuple[str, ...]:
    """Say how far was run in bends of tracks, and which leg was on the inside there."""
    whole = far_text(bends.distance_m, units)
    left, right = (far_text(m, units) if m else "nothing" for m in (bends.left_m, bends.right_m))
    bent = f"{left} in left-hand bends, left leg inside, and {right} in right-hand bends, right leg inside"
    tilt = "A bend is another thing than tilt: a track falls to its inside by one percent at most."
    return f"Of {whole} on running tracks you ran {bent}.", tilt


NOTES_ARE_YOURS: Final = (
    "Shown to you alone, unless you ask for them on a page for your coach. camber does not score them, "
    "compare them with anything or draw advice from them."
)
NOTES_OF_RUNNER: Final = (
    "Notes of the runner, who chose to show them. camber does not score them, compare them with anything or "
    "draw advice from them."
)


def note_line(note: Note, *, year: bool = False) -> str:
    """Write a note in one line: its day, its words, and which leg and run it is of."""
    facts = [f"{note.leg} leg" if note.leg in {"left", "right"} else note.leg and "both legs"]
    facts += [f"run {note.run}" if note.run is not None else ""]
    facts += [f"from {plain(note.source, NAME_LENGTH)}" if note.source != "camber" else ""]
    of = ", ".join(fact for fact in facts if fact)
    day = f"{day_words(note.day)} {note.day.year}" if year else day_words(note.day)
    return f"{day}: {plain(note.text, _LONGEST_NOTE)}{f' ({of})' if of else ''}"


_LONGEST_NOTE: Final = 2000


def note_lines(notes: Iterable[Note], *, own: bool) -> tuple[str, ...]:
    """Write notes one by one, and that nothing is made of them."""
    return (*(note_line(note) for note in notes), NOTES_ARE_YOURS if own else NOTES_OF_RUNNER)


def notes_mark(notes: Iterable[Note], starts_on: date, ends_on: date) -> str:
    """Mark a week that has notes, such as ``"● 2 notes"``; "" where it has none."""
    count = sum(starts_on <= note.day <= ends_on for note in notes)
    return "" if not count else "● 1 note" if count == 1 else f"● {count} notes"


def target_line(target: str, low: LowLeg | None) -> str:
    """Say what the runner aims at in place of even, that it is their own, and how these days lie to it."""
    own = f"Your own target: {plain(target, NAME_LENGTH)}."
    aims = "What to try aims at it; camber does not judge it."
    return " ".join(part for part in (own, _beside_target(low), aims) if part)


def target_line_of_coach(low: LowLeg) -> str:
    """Say to a coach what the runner aims at, not from whom that is."""
    aim = f"The runner's own target is {target_words(low.target_left)}."
    return " ".join(part for part in (aim, of_the_runner(_beside_target(low))) if part)


def _beside_target(low: LowLeg | None) -> str:
    """Say on which side of the target the share likely lies; "" where it is on it, or nobody can say."""
    if low is None or low.left_share is None or low.word is Word.ON_TARGET:
        return ""
    side, p = ("left", low.p_beyond) if low.p_beyond >= 0.5 else ("right", 1.0 - low.p_beyond)
    word = word_for(p)
    return "" if word is Word.EITHER else f"You were {word} further to the {side} than that."
