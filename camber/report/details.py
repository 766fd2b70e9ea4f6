"""What stands behind a story: tables by leg, surface and side, how sure it is, data, assumptions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from camber.conventions import LateralState, SideBasis, SurfaceKind
from camber.report import sentences
from camber.report.leg_words import bend_lines, contact_lines, note_lines
from camber.report.wording import (
    KIND_WORDS,
    LEG_WORDS,
    NAME_LENGTH,
    STATE_WORDS,
    far_text,
    plain,
    share_text,
    span_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from camber.schema import Period, RunResult, Summary

NAMELESS: Final = " (no name)"


@dataclass(frozen=True)
class Grid:
    """A table of texts: what it holds, the heads of its columns, and rows whose first cell is their name."""

    caption: str
    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


_ALL_SOURCES: Final = "`camber standards` lists all of them with their sources."

Part = tuple[str, str, tuple[str, ...], Grid | None]
"""Key, heading, sentences and table of a section of a story."""


def parts_of(period: Period, units: str, *, own: bool, streets: bool) -> tuple[Part, ...]:
    """Write all behind a story; for the runner alone what was noticed, for a coach no streets."""
    total = period.total
    parts: list[Part] = []
    if total is not None:
        draws = 0 if period.draws is None else len(period.draws.left_low_m)
        parts += [
            ("legs", "By leg", (), leg_grid(total, units)),
            ("surfaces", "On what surface", (), surface_grid(total, units)),
            ("sides", "Side of the road", _stated(sentences.facing(total)), side_grid(period, units)),
            (
                "sure",
                "How sure, and why",
                (*how_sure(total, draws), *record_lines(period, units, own=own)),
                None,
            ),
        ]
        if period.contact is not None:
            parts.append(("contact", "Ground contact", contact_lines(period.contact, units), None))
        if period.bends is not None:
            parts.append(("bends", "Running tracks", bend_lines(period.bends, units), None))
        shoes = shoe_grid(period.runs, units) if own and period.kind != "run" else None
        if shoes is not None:
            parts.append(("shoes", "Shoes", (), shoes))
        if streets and period.streets:
            parts.append(("streets", "All streets", (), street_grid(period, units)))
    noted = [note for note in period.notes if _is_within(note.day, period)]
    if noted:
        parts.append(("notes", "Your notes" if own else "Notes", note_lines(noted, own=own), None))
    if own and period.kind == "run":
        parts.append(("recording", "Recording", recording_lines(period.runs[0], units), None))
    cannot = sentences.cannot_tell(period, units)
    if cannot:
        parts.append(("cannot_tell", "What could not be told", cannot, None))
    if total is not None:
        parts.append(("data", "Data", data_lines(period, own=own), None))
        parts.append(("assumptions", "Assumptions", (_ALL_SOURCES,), assumption_grid(total, units)))
    return tuple(parts)


def _is_within(day: date, period: Period) -> bool:
    return period.starts_on is None or period.ends_on is None or period.starts_on <= day <= period.ends_on


def recording_lines(run: RunResult, units: str) -> tuple[str, ...]:
    """Say where a run comes from, and how far it is by its own positions."""
    facts = (run.source, run.sport or "no sport named", run.gear or "")
    if run.summary is None:
        return (" · ".join(plain(fact, NAME_LENGTH) for fact in facts if fact), plain(run.reason))
    longer = sentences.length_line(run.distance_m, run.recorded_m, units)
    return _stated(" · ".join(plain(fact, NAME_LENGTH) for fact in facts if fact), longer or "")


def _stated(*texts: str) -> tuple[str, ...]:
    return tuple(text for text in texts if text)


def leg_grid(summary: Summary, units: str) -> Grid:
    """Write the metres by leg, with their ranges, and for how many a program may take the leg as named."""
    verdicts = {"left_low_m": "left_low", "right_low_m": "right_low", "level_m": "level"}
    rows = []
    for field, words in LEG_WORDS.items():
        metres = getattr(summary, field)
        named = summary.verdict_m.get(verdicts.get(field, ""), None)
        rows.append(
            (
                words,
                far_text(metres.median, units),
                span_text(metres, units),
                "" if named is None else far_text(named, units),
            )
        )
    titles = ("", "median", "90 % range", "sure at 90 %")
    return Grid("Distance by leg", titles, tuple(rows))


def surface_grid(summary: Summary, units: str) -> Grid:
    """Write the expected metres by kind of surface."""
    rows = (
        (
            KIND_WORDS[SurfaceKind(item.surface_kind)],
            *(
                far_text(metres, units)
                for metres in (item.distance_m, item.left_low_m, item.right_low_m, item.level_m)
            ),
        )
        for item in summary.surfaces
    )
    return Grid("Expected distances", ("", "distance", "left low", "right low", "level"), tuple(rows))


def shoe_metres(runs: Iterable[RunResult]) -> dict[str, tuple[float, float, float]]:
    """Expect how far each pair of shoes was run, and with each leg low [m], farthest first."""
    metres: dict[str, list[float]] = {}
    for run in runs:
        if run.gear and run.draws is not None:
            legs = (run.draws.left_low_m, run.draws.right_low_m)
            add = (run.distance_m, *(float(leg.sum(axis=1).mean()) for leg in legs))
            metres[run.gear] = [a + b for a, b in zip(metres.get(run.gear, [0.0] * 3), add, strict=True)]
    ordered = sorted(metres, key=lambda name: (-metres[name][0], name))
    return {name: (metres[name][0], metres[name][1], metres[name][2]) for name in ordered}


def shoe_grid(runs: Iterable[RunResult], units: str) -> Grid | None:
    """Write how far each pair of shoes was run, and with which leg low; None where no export names any."""
    rows = tuple(
        (plain(name, NAME_LENGTH), *(far_text(metres, units) for metres in pair))
        for name, pair in shoe_metres(runs).items()
    )
    titles = ("", "distance", "left low", "right low")
    return Grid("Expected distances by pair", titles, rows) if rows else None


def side_grid(period: Period, units: str) -> Grid | None:
    """Write where across the road the runner was, and what that did to the legs."""
    if not period.sides:
        return None
    rows = (
        (
            STATE_WORDS[LateralState(side.state)],
            *(far_text(m, units) for m in (side.distance_m, side.known_m, side.left_low_m, side.right_low_m)),
        )
        for side in period.sides
        if side.distance_m > 0.0
    )
    titles = ("", "distance", "seen or mapped", "left low", "right low")
    return Grid("Expected distances, left to right", titles, tuple(rows))


def street_grid(period: Period, units: str) -> Grid:
    """Write the streets that tilt most, and how much of it went to each leg."""
    rows = (
        (
            street_words(street.total.name),
            *(
                far_text(m, units)
                for m in (street.total.distance_m, street.total.left_low_m, street.total.right_low_m)
            ),
            str(street.visits_in_year),
            basis_of_slope(street.slope_source),
        )
        for street in period.streets[:_MOST_STREETS]
    )
    titles = ("", "distance", "left low", "right low", "runs in a year", "tilt is")
    return Grid("Expected distances, those that tilt most first", titles, tuple(rows))


_MOST_STREETS: Final = 25


def record_lines(period: Period, units: str, *, own: bool) -> tuple[str, ...]:
    """Say how right camber had been where the runner told the side afterwards, by receiver."""
    lines = []
    for one in period.record if own else ():
        told, named = far_text(one.told_m, units), far_text(one.named_m, units)
        right = f", and was right on {100.0 * one.right_m / one.named_m:.0f} % of that" if one.named_m else ""
        receiver = one.receiver.replace("_", " ")
        lines.append(
            f"Of {told} whose side you told, camber had named {named} before{right} ({receiver} receiver)."
        )
    return tuple(lines)


def how_sure(summary: Summary, draws: int) -> tuple[str, ...]:
    """Say how sure a summary is, and why, in sentences."""
    total = summary.distance_m or 1.0
    basis = {name: share_text(summary.side_basis_m.get(name, 0.0) / total) for name in SideBasis}
    told = f"is as you said on {basis[SideBasis.TOLD]}, " if summary.side_basis_m.get(SideBasis.TOLD) else ""
    side = (
        f"Your side of the road was seen in the recording on {basis[SideBasis.SEEN]} of the distance, is in "
        f"the map on {basis[SideBasis.MAPPED]}, {told}is assumed from traffic, law and tags on "
        f"{basis[SideBasis.ASSUMED]}, and is not known on {basis[SideBasis.UNKNOWN]}."
    )
    sure = (
        f"For {share_text(summary.judged)} of the distance one leg, or level ground, can be named with a "
        "probability of 90 % or more; the answer adds up the rest by its probabilities."
    )
    ranges = (
        f"The ranges hold 90 % of {draws} drawn histories. They cover the error of the recording and how "
        "roads differ. If all roads here are built unlike the textbook, they are off."
    )
    return (side, sure, *_slope_sentence(summary), ranges)


def _slope_sentence(summary: Summary) -> tuple[str, ...]:
    """Say once how much of the slopes was measured, by what, and what the rest rests on."""
    slopes = [item for item in summary.assumptions if item.table.startswith("cross_slope")]
    measured = [item for item in slopes if basis_of_slope(item.applies_to) == "measured"]
    assumed = [item for item in slopes if item not in measured]
    covered = sum(item.distance_m for item in assumed)
    said = []
    if measured:
        share = share_text(sum(item.distance_m for item in measured) / (summary.distance_m or 1.0))
        by = "; ".join(
            dict.fromkeys(item.applies_to.removeprefix("measured ").strip("()") for item in measured)
        )
        said.append(f"How the ground falls was measured on {share} of the distance ({plain(by)}).")
    if covered:
        low = share_text(sum(item.distance_m for item in assumed if item.confidence == "low") / covered)
        where = "Elsewhere how" if measured else "How"
        text = f"{where} the roads tilt comes from road standards and judgement, with low confidence for"
        said.append(f"{text} {low} of those metres.")
    return tuple(said)


def problem_lines(summary: Summary) -> tuple[str, ...]:
    """List what was noticed in the recordings, each thing once with how often it was met."""
    counts: dict[str, int] = {}
    for item in (item for item in summary.problems if not item.shared):
        message = plain(item.message).rstrip(".")
        counts[message] = counts.get(message, 0) + item.count
    return tuple(f"{message} ({count})" for message, count in counts.items())


def data_lines(period: Period, *, own: bool) -> tuple[str, ...]:
    """Name the roads, the version, and for the runner alone what was noticed in the recordings."""
    roads = "; ".join(f"{plain(source)}, data of {date or 'unknown date'}" for source, date in period.roads)
    versions = ", ".join(plain(version) for version in period.model_versions)
    noticed = problem_lines(period.total) if own and period.total is not None else ()
    return (f"Roads: {roads}. Analysed by camber {versions}.", *noticed)


def assumption_grid(summary: Summary, units: str) -> Grid:
    """Write the assumptions that the result rests on."""
    rows: Iterable[tuple[str, ...]] = (
        (
            f"{item.table.replace('_', ' ')}: {plain(item.applies_to)}",
            plain(item.value),
            item.confidence,
            far_text(item.distance_m, units) if item.distance_m else "",
        )
        for item in summary.assumptions
    )
    return Grid("Used for this result", ("assumption", "value", "confidence", "distance"), tuple(rows))


def is_nameless(street: str) -> bool:
    """Tell whether what stands for the name of a street is the class of many ways without one."""
    return street.endswith(NAMELESS)


def streets_words(streets: Sequence[str]) -> str:
    """Name the streets of a change; ways without a name are no help where others have one."""
    named = [street for street in streets if not is_nameless(street)]
    return ", ".join(street_words(street) for street in named or streets)


def street_words(street: str) -> str:
    """Name a street; of ways without a name say so, such as ``"residential roads without a name"``."""
    if not is_nameless(street):
        return plain(street, NAME_LENGTH)
    kind = plain(street.removesuffix(NAMELESS), NAME_LENGTH).replace("_", " ")
    return _NAMELESS_WORDS.get(kind, f"{kind} roads without a name")


_NAMELESS_WORDS: Final = {
    "footway": "footways without a name",
    "cycleway": "cycleways without a name",
    "path": "paths without a name",
    "track": "tracks without a name",
    "steps": "steps",
    "pedestrian": "pedestrian streets without a name",
    "unclassified": "minor roads without a name",
    "service": "service roads without a name",
}


def basis_of_slope(source: str) -> str:
    """Say in one word what a cross slope rests on, by where it comes from.

    Parameters
    ----------
    source : str
        As `camber.schema.StreetVisits` has it: a row of ``standards/``, a tag or the runner.

    Returns
    -------
    str
        ``"assumed"``, ``"mapped"``, ``"measured"`` or ``"told"``; "" where nothing is known.
    """
    if not source:
        return ""
    if source.startswith("told"):
        return "told"
    if source.startswith("measured"):
        return "measured"
    return "mapped" if source.startswith("incline") else "assumed"
