"""A story for the terminal: twelve lines that answer, and the rest on demand.

Every text is a `rich.text.Text` or passes as one: names never meet rich's markup, so that a street called
``[link=...]`` stays a street.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from camber.conventions import OSM_ATTRIBUTION
from camber.report.wording import NAME_LENGTH, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from camber.report.details import Grid
    from camber.report.story import RunLine, Section, Story, Try, WeekLine
    from camber.schema import Interval

LEFT_STYLE: Final = "blue"
RIGHT_STYLE: Final = "dark_orange3"
_HALF_SCALE: Final = 14
_HALF_BAR: Final = 6
_NAME: Final = 24
"""Columns of half the scale, of half a bar, and of a name: a line of a run fits into 80 (judgement)."""

_MOST_LINES: Final = 7
"""Runs or weeks that are shown without details (judgement: a week of daily runs)."""

FOOT: Final = f"An estimate of the ground, not medical advice. {OSM_ATTRIBUTION}"


def story_text(story: Story, next_steps: Sequence[str] = (), *, details: bool = False) -> RenderableType:
    """Draw a story for the terminal.

    Parameters
    ----------
    story : Story
        The story.
    next_steps : sequence of str
        What to do next, such as commands; shown at the end.
    details : bool
        Whether to show everything that stands behind the answer too.

    Returns
    -------
    rich renderable
        To be printed by a `rich.console.Console`.
    """
    parts: list[RenderableType] = [Text(f"{story.title} · {story.eyebrow}", style="dim")]
    parts += [Text(plain(remark), style="bold") for remark in story.remarks]
    if story.low is not None and story.low.left_share is not None:
        parts.append(scale_text(story.low.left_share, story.scale))
    parts.append(_coloured(story.headline, story.leg))
    because = " ".join(text for text in (story.why, story.usual) if text)
    parts += [Text(because)] if because else []
    parts += _tries(story.tries if details else story.tries[:1], details=details)
    parts += [Text(story.instead)] if story.instead else []
    parts += [Text(line) for line in (story.tried if details else story.tried[:1])]
    parts += _lines(story, details=details)
    if details:
        parts += [part for section in story.details for part in _section(section)]
    elif story.cannot_tell:
        parts += [Text(), Text(_briefly(story.cannot_tell))]
    if next_steps:
        gap = [] if story.cannot_tell and not details else [Text()]
        parts += [*gap, Text(f"Next: {' · '.join(next_steps)}")]
    notes = story.notes if details else (FOOT,)
    return Group(*parts, *([Text()] if details else []), *(Text(note, style="dim") for note in notes))


def _coloured(headline: str, leg: str) -> Text:
    text = Text(headline, style="bold")
    if leg:
        text.highlight_words([f"{leg} leg"], LEFT_STYLE if leg == "left" else RIGHT_STYLE)
    return text


def scale_text(share: Interval, label: str) -> Text:
    """Draw the diverging scale: a bar from the middle to the median, paler to the ends of the range."""
    return Text.assemble(
        ("LEFT  ", LEFT_STYLE),
        *_bar(share, _HALF_SCALE),
        ("  RIGHT", RIGHT_STYLE),
        f"   {label}",
        no_wrap=True,
    )


def _bar(share: Interval | None, half: int) -> list[tuple[str, str]]:
    """Draw a bar from the middle: full to the median, paler over the rest of the range, dots beyond."""
    if share is None:
        return [("·" * half, "dim"), ("│", ""), ("·" * half, "dim")]
    left = _half(share.median - 0.5, max(share.high - 0.5, 0.0), half)
    right = _half(0.5 - share.median, max(0.5 - share.low, 0.0), half)
    return [(left[::-1], LEFT_STYLE), ("│", ""), (right, RIGHT_STYLE)]


def _half(median: float, far: float, half: int) -> str:
    full, pale = (min(round(2.0 * max(value, 0.0) * half), half) for value in (median, far))
    return ("█" * full + "░" * (pale - full)).ljust(half, "·")


def _tries(tries: Sequence[Try], *, details: bool) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for item in tries:
        parts += [Text(), Text(f"Try {item.heading}: {item.what}", style="bold")]
        parts += [indented(Text(item.effect))] if item.effect else []
        if details:
            said = (f"where: {item.where}", *item.steps, f"{item.rule} ({item.rule_source})")
            parts += [
                indented(Text(line)) for line in (*said, *(f"against it: {one}" for one in item.against))
            ]
        elif item.steps:
            parts.append(indented(Text(f"at {item.steps[0]}")))
    return parts


def _lines(story: Story, *, details: bool) -> list[RenderableType]:
    """Draw the runs, or the weeks where there are more runs than a screen is for."""
    spans = story.period.kind not in {"week", "run", "runs"} and len(story.runs) > _MOST_LINES
    lines: Sequence[RunLine | WeekLine] = story.weeks if spans else story.runs
    if story.period.kind == "run" or not lines:
        return []
    shown = lines if details else lines[-_MOST_LINES:]
    table = line_table([(_named(line), line) for line in shown])
    more = len(lines) - len(shown)
    noun = "weeks" if spans else "runs"
    return [Text(), table, *([Text(f"and {more} {noun} before", style="dim")] if more else [])]


def _named(line: RunLine | WeekLine) -> str:
    return f"{line.day}  {_cut(line.title)}".rstrip() if hasattr(line, "day") else line.title


def line_table(lines: Iterable[tuple[str, RunLine | WeekLine]]) -> Table:
    """Draw runs or weeks one below the other: name, distance, bar and word."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, line in lines:
        bar = bar_text(line.low.left_share if line.low else None)
        table.add_row(Text(name), Text(line.distance, justify="right"), bar, Text(line.words))
    return table


def bar_text(share: Interval | None) -> Text:
    """Draw the small bar of a line, left on the left; empty without a share."""
    return Text.assemble(*_bar(share, _HALF_BAR))


def _cut(title: str) -> str:
    return title if len(title) <= _NAME else f"{title[: _NAME - 1]}…"


def _briefly(cannot_tell: Sequence[str]) -> str:
    more = len(cannot_tell) - 1
    return cannot_tell[0] if not more else f"{cannot_tell[0]} And {more} more: --details"


def _section(section: Section) -> list[RenderableType]:
    parts: list[RenderableType] = [Text(), heading(section.title), *bullets(section.sentences)]
    return [*parts, indented(grid_table(section.grid))] if section.grid else parts


def grid_table(grid: Grid) -> Table:
    """Draw a table of texts, numbers to the right."""
    table = bare_table()
    for place, title in enumerate(grid.titles):
        table.add_column(Text(title), justify="right" if place else "left")
    for row in grid.rows:
        table.add_row(*map(Text, row))
    return table


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


def heading(text: str) -> Text:
    """Draw a heading."""
    return Text(plain(text, NAME_LENGTH), style="bold underline")


def bullets(sentences: Iterable[str]) -> list[RenderableType]:
    """Draw sentences one below the other, with a dot before each."""
    grid = Table.grid(padding=(0, 1))
    for sentence in sentences:
        grid.add_row(Text("•"), Text(sentence))
    return [grid] if grid.row_count else []


def indented(renderable: RenderableType) -> Padding:
    """Move something two columns in."""
    return Padding(renderable, (0, 0, 0, 2))


def bare_table() -> Table:
    """Begin a table of columns two blanks apart, without lines."""
    return Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
