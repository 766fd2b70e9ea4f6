"""The report for the terminal.

Every text is a `rich.text.Text` or passes as one: names never meet rich's markup, so that a street called
``[link=...]`` stays a street.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from camber.conventions import SideBasis, SurfaceKind
from camber.report.contents import (
    cues_to_do,
    facts,
    how_sure,
    leg_cells,
    problem_lines,
    roads_of,
    surface_cells,
)
from camber.report.wording import (
    BASIS_WORDS,
    KIND_WORDS,
    NAME_LENGTH,
    STANDING_NOTES,
    balance_text,
    change_text,
    distance_text,
    longer_text,
    plain,
    share_text,
    tilt_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camber.report.contents import Report
    from camber.schema import Assumption, Interval, Suggestion, Suggestions, Summary

LEFT_STYLE: Final = "blue"
RIGHT_STYLE: Final = "dark_orange3"
_HALF_BAR: Final = 24
_STREETS: Final = 5
_SUGGESTIONS: Final = 3


def text_report(report: Report) -> RenderableType:
    """Draw a report for the terminal: each run, the total, how sure and why, and the standing notes.

    Parameters
    ----------
    report : Report
        One run or several.

    Returns
    -------
    rich renderable
        To be printed by a `rich.console.Console`.
    """
    parts: list[RenderableType] = [Text(plain(remark), style="bold") for remark in report.remarks]
    for analysis in report.analyses:
        parts += [Text(), *_totals(analysis.summary, report.units, whole=report.is_single)]
        parts += _suggestions(analysis.suggestions, report.units)
    if not report.is_single:
        parts += [Text(), *_totals(report.total, report.units, whole=True)]
    draws = report.analyses[0].settings.draws
    parts += [Text(), heading("How sure, and why"), *bullets(how_sure(report.total, draws))]
    parts += [*_problems(report.total), *_sources(report)]
    parts += [Text(), *(Text(note, style="dim") for note in STANDING_NOTES)]
    return Group(*parts)


def rendered(renderable: RenderableType, width: int = 100) -> str:
    """Render to plain text, without colours or control codes, for a file.

    Parameters
    ----------
    renderable : rich renderable
        What to draw.
    width : int
        Columns.

    Returns
    -------
    str
        Lines without blanks at their ends.
    """
    console = Console(width=width, color_system=None, force_terminal=False, legacy_windows=False)
    with console.capture() as captured:
        console.print(renderable)
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


def _totals(summary: Summary, units: str, *, whole: bool) -> list[RenderableType]:
    facing = (
        f"Facing traffic on {share_text(summary.facing_traffic)} of the metres at the edge of two-way roads."
    )
    tables = [surface_table, _basis_table, *([_street_table] if summary.streets else [])]
    return [
        heading(summary.title),
        Text(facts(summary, units), style="dim"),
        bar_text(summary),
        indented(leg_table(summary, units)),
        Text(
            f"Balance {balance_text(summary.balance)}, from \u22121 all left to +1 all right; "
            f"weighted by tilt {balance_text(summary.tilt_balance)}."
        ),
        *([] if summary.facing_traffic is None else [Text(facing)]),
        *([indented(table(summary, units)) for table in tables] if whole else _short(summary, units)),
    ]


def _short(summary: Summary, units: str) -> list[RenderableType]:
    """Write surfaces, basis of the side and streets in a line each, where tables are too much."""
    surfaces = (
        f"{_kind(item.surface_kind)} {distance_text(item.distance_m, units)}" for item in summary.surfaces
    )
    basis = (f"{name} {distance_text(summary.side_basis_m.get(name, 0.0), units)}" for name in SideBasis)
    streets = (
        f"{plain(item.name, NAME_LENGTH)} {tilt_text(item.net_tilt_pct_km)}"
        for item in summary.streets[:_STREETS]
    )
    lines = {"On": surfaces, "Side of the road": basis, "Streets that tilt most": streets}
    listed = {title: ", ".join(items) for title, items in lines.items()}
    return [Text(f"{title}: {items}.") for title, items in listed.items() if items]


def _kind(kind: str) -> str:
    return KIND_WORDS[SurfaceKind(kind)].partition(" (")[0]


def bar_text(summary: Summary) -> Text:
    """Draw the bar of a summary: left leg low to the left of the middle, right leg low to the right.

    Parameters
    ----------
    summary : Summary
        The totals.

    Returns
    -------
    Text
        Full blocks up to the low end of the 90 % interval, dense ones up to the median, light ones up to the
        high end; one scale for both sides, the whole half for the whole distance.
    """
    scale = _HALF_BAR / (summary.distance_m or 1.0)
    left, right = _half(summary.left_low_m, scale), _half(summary.right_low_m, scale)
    return Text.assemble(
        "LEFT leg low ",
        (left[::-1].rjust(_HALF_BAR), LEFT_STYLE),
        "┃",
        (right.ljust(_HALF_BAR), RIGHT_STYLE),
        " RIGHT leg low",
        overflow="crop",
        no_wrap=True,
    )


def _half(interval: Interval, scale: float) -> str:
    low, median, high = (round(metres * scale) for metres in (interval.low, interval.median, interval.high))
    return "█" * low + "▓" * (median - low) + "░" * (high - median)


def leg_table(summary: Summary, units: str) -> Table:
    """Draw the metres by leg, level, and what is not known."""
    return _filled(leg_cells(summary, units), "", "median", "90 % interval", "named at ≥ 90 %")


def surface_table(summary: Summary, units: str) -> Table:
    """Draw the metres by kind of surface."""
    titles = ("by surface", "distance", "left low", "right low", "level")
    return _filled(surface_cells(summary, units), *titles)


def _basis_table(summary: Summary, units: str) -> Table:
    table = _table("side of the road", "distance")
    for basis, words in BASIS_WORDS.items():
        table.add_row(words, distance_text(summary.side_basis_m.get(basis, 0.0), units))
    return table


def _street_table(summary: Summary, units: str) -> Table:
    table = _table("streets that tilt most", "distance", "left low", "right low", "net tilt")
    for item in summary.streets[:_STREETS]:
        metres = (item.distance_m, item.left_low_m, item.right_low_m)
        tilt = tilt_text(item.net_tilt_pct_km)
        name = Text(plain(item.name, NAME_LENGTH))
        table.add_row(name, *(distance_text(value, units) for value in metres), tilt)
    return table


def _suggestions(suggestions: Suggestions, units: str) -> list[RenderableType]:
    parts: list[RenderableType] = [Text("Suggestion", style="bold"), Text(plain(suggestions.explanation))]
    items = suggestions.items[:_SUGGESTIONS]
    parts += [indented(Group(*_suggestion(item, units))) for item in items]
    return [*parts, Text(plain(suggestions.conclusion))]


def _suggestion(item: Suggestion, units: str) -> list[Text]:
    left = change_text(item.left_low_before_m, item.left_low_after_m, units)
    right = change_text(item.right_low_before_m, item.right_low_after_m, units)
    streets = ", ".join(plain(name, NAME_LENGTH) for name in item.where)
    return [
        Text(plain(item.what), style="bold"),
        Text(f"where: {streets} ({distance_text(item.distance_m, units)})"),
        Text(f"expected: left leg low {left}, right leg low {right}"),
        Text(f"balance {balance_text(item.balance_before)} → {balance_text(item.balance_after)}"),
        Text(f"additional crossings: {item.crossings}; rule: {plain(item.rule)} ({plain(item.rule_source)})"),
        *([Text(f"the run gets {longer_text(item.detour_m, units)}")] if item.detours else []),
        *(Text(f"at {distance_text(cue.at_m, units)}: {plain(cue.text, 160)}") for cue in cues_to_do(item)),
        *(Text(f"against it: {plain(reason)}") for reason in item.against),
    ]


def _problems(summary: Summary) -> list[RenderableType]:
    if not summary.problems:
        return []
    return [Text(), heading("Noticed in the data"), *bullets(problem_lines(summary))]


def _sources(report: Report) -> list[RenderableType]:
    roads = (f"{plain(source)}, data of {date or 'unknown date'}" for source, date in roads_of(report))
    listed = (_assumption(item, report.units) for item in report.total.assumptions)
    title = heading("Assumptions and their sources")
    return [Text(), title, *bullets(listed), Text(), Text(f"Roads: {'; '.join(roads)}")]


def _assumption(item: Assumption, units: str) -> str:
    under = f", under {distance_text(item.distance_m, units)}" if item.distance_m else ""
    source = f"{item.confidence}; {plain(item.reference)}"
    return f"{item.table}, {plain(item.applies_to)}: {plain(item.value)} [{source}]{under}"


def heading(text: str) -> Text:
    """Draw a heading."""
    return Text(plain(text, NAME_LENGTH), style="bold underline")


def bullets(sentences: Iterable[str]) -> list[RenderableType]:
    """Draw sentences one below the other, with a dot before each."""
    grid = Table.grid(padding=(0, 1))
    for sentence in sentences:
        grid.add_row(Text("•"), Text(sentence))
    return [grid]


def indented(renderable: RenderableType) -> Padding:
    """Move something two columns in."""
    return Padding(renderable, (0, 0, 0, 2))


def bare_table() -> Table:
    """Begin a table of columns two blanks apart, without lines."""
    return Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))


def _table(first: str, *others: str) -> Table:
    table = bare_table()
    table.add_column(Text(first))
    for title in others:
        table.add_column(Text(title), justify="right", no_wrap=True)
    return table


def _filled(rows: Iterable[Iterable[str]], first: str, *others: str) -> Table:
    table = _table(first, *others)
    for row in rows:
        table.add_row(*map(Text, row))
    return table
