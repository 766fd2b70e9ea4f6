"""A story as a mail: the answer in the subject, a letter as text, the same as HTML; camber sends nothing."""

from __future__ import annotations

import hashlib
import textwrap
from datetime import UTC, datetime, time
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING, Final

from camber.conventions import OSM_COPYRIGHT_URL
from camber.report.page import page_environment
from camber.report.strokes import LEFT_COLOUR, RIGHT_COLOUR
from camber.report.wording import NAME_LENGTH, plain
from camber.versions import CAMBER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from camber.report.story import RunLine, Section, Story, StreetLine, WeekLine

_WIDTH: Final = 72
"""Columns of the text (RFC 5322 section 2.1.1 recommends 78 at most)."""

_BAR: Final = 30
_LONGEST_SUBJECT: Final = 120
Row = tuple[str, str, str, str, float | None]
"""Name, distance, word, share, and the share of the left leg, 0 to 1."""


def story_mail(story: Story) -> bytes:
    """Write a story as a mail without sender and recipient, for a mail program to send.

    Parameters
    ----------
    story : Story
        The story.

    Returns
    -------
    bytes
        RFC 5322 with MIME: plain text, and HTML without pictures; the same story gives the same bytes.
    """
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject(story)
    last = story.period.ends_on
    if last is not None:
        # The last day of the period, not today, so that the same story gives the same bytes.
        message["Date"] = datetime.combine(last, time(12), UTC)
    message["MIME-Version"] = "1.0"
    message.set_content("\n".join(_letter(story)) + "\n", cte="quoted-printable")
    values = {
        "story": story,
        "subject": subject(story),
        "lists": _lists(story),
        "noted": _noted(story),
        "left": LEFT_COLOUR,
        "right": RIGHT_COLOUR,
        "copyright_url": OSM_COPYRIGHT_URL,
        "version": CAMBER,
    }
    page = page_environment().get_template("mail.html.j2").render(values)
    message.add_alternative(page.lstrip(), subtype="html", cte="quoted-printable")
    # The usual boundary is drawn at random.
    message.set_boundary(f"=_camber_{hashlib.sha256(story.headline.encode()).hexdigest()[:20]}")
    return message.as_bytes()


def subject(story: Story) -> str:
    """Put the answer into one line.

    Parameters
    ----------
    story : Story
        The story.

    Returns
    -------
    str
        Such as ``"Week 47: left leg very likely low (65 % left)"``.
    """
    low = story.low
    if low is None or low.left_share is None:
        return plain(f"{story.title}: {story.headline}", _LONGEST_SUBJECT)
    answer = f"{low.leg} leg {low.word} low" if low.leg else str(low.word)
    return plain(f"{story.title}: {answer} ({story.scale.partition(' (')[0]})", _LONGEST_SUBJECT)


def _lists(story: Story) -> tuple[tuple[str, list[Row]], ...]:
    return (
        ("Your runs", [_row(f"{line.day} {line.title}".strip(), line) for line in story.runs]),
        ("Streets that count most", [_row(line.name, line) for line in story.streets]),
        ("Week by week", [_row(line.title, line) for line in story.weeks]),
    )


def _noted(story: Story) -> list[Section]:
    return [part for part in story.details if part.key == "notes"]


def _row(name: str, line: RunLine | WeekLine | StreetLine) -> Row:
    low = getattr(line, "low", None)
    share = low.left_share.median if low is not None and low.left_share is not None else None
    return name, line.distance, line.words, line.share, getattr(line, "p_left", share)


def _letter(story: Story) -> Iterator[str]:
    """Write the text, line by line."""
    yield from _wrapped(f"{story.title}, {story.eyebrow}")
    for text in (*story.remarks, story.headline, f"{story.why} {story.usual}".strip()):
        if text:
            yield ""
            yield from _wrapped(text)
    if story.low is not None and story.low.left_share is not None:
        yield from ("", f"  {_text_bar(story.low.left_share.median)}", f"  {story.scale}")
    if story.tiles:
        yield ""
        for tile in story.tiles:
            yield from _wrapped(f"{tile.label[0].upper()}{tile.label[1:]}: {tile.value} ({tile.note}).")
    if story.tries or story.instead:
        yield from ("", "What to try next", "")
        yield from _wrapped(story.instead) if story.instead else ()
    for item in story.tries:
        where = f" ({item.where})" if item.where else ""
        yield from _wrapped(f"{item.heading[0].upper()}{item.heading[1:]}: {item.what}{where} {item.effect}")
        for step in item.steps:
            yield from _wrapped(step, "  ")
        for reason in item.against:
            yield from _wrapped(f"Against it: {reason}", "  ")
    if story.tried:
        yield from ("", "What you tried" if story.reader == "runner" else "What was tried")
        for line in story.tried:
            yield from _wrapped(line, "  ")
    for title, rows in _lists(story):
        if rows:
            yield from ("", title)
            for name, far, words, share, _ in rows:
                said = ", ".join(part for part in (far, words, share) if part)
                yield from _wrapped(f"{name}: {said}", "  ")
    for part in _noted(story):
        yield from ("", part.title)
        for text in part.sentences:
            yield from _wrapped(text, "  ")
    yield ""
    for note in story.notes:
        yield from _wrapped(note)


def _text_bar(share: float) -> str:
    """Draw the scale in text: left stands on the left."""
    half = _BAR // 2
    reach = round(abs(share - 0.5) * _BAR)
    left, right = (reach, 0) if share > 0.5 else (0, reach)
    return f"LEFT {'.' * (half - left)}{'#' * left}|{'#' * right}{'.' * (half - right)} RIGHT"


def _wrapped(text: str, indent: str = "") -> list[str]:
    whole = plain(text, 10 * NAME_LENGTH)
    return textwrap.wrap(
        whole, _WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  " if indent else ""
    )
