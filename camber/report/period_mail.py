"""A week as a mail: text and HTML say the same, pictures are inside; camber sends nothing."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, date, datetime, time
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console

from camber.conventions import OSM_COPYRIGHT_URL
from camber.report.figures import figure_of, figure_png
from camber.report.period_answer import answer, judged_sentence, usual_sentence
from camber.report.period_contents import SIMULATED_REMARK, is_simulated, period_facts
from camber.report.period_figures import plot_answer, plot_trend
from camber.report.period_page import SHARED_REMARK, Audience, PageOptions, page_environment
from camber.report.period_tables import leg_table, street_table, suggestion_items, trend_table
from camber.report.wording import NAME_LENGTH, STANDING_NOTES, plain
from camber.versions import CAMBER

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from camber.schema import Period

_WIDTH: Final = 72
"""Columns of the text (RFC 5322 section 2.1.1 recommends 78 at most)."""

_DPI: Final = 130


def week_mail(period: Period, options: PageOptions | None = None) -> bytes:
    """Write a period as a mail without sender and recipient, for a mail program to send.

    Parameters
    ----------
    period : Period
        The period.
    options : PageOptions, optional
        The usual ones if missing.

    Returns
    -------
    bytes
        RFC 5322 with MIME: plain text, and HTML with its pictures; the same period gives the same bytes.
    """
    chosen = options or PageOptions()
    values = _values(period, chosen)
    pictures = _pictures(period)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = f"camber {plain(period.title, NAME_LENGTH)}"
    # The last day of the period, not today, so that the same period gives the same bytes.
    message["Date"] = datetime.combine(period.ends_on or date(1970, 1, 1), time(12), UTC)
    message["MIME-Version"] = "1.0"
    message.set_content(_text(values), cte="quoted-printable")
    page = (
        page_environment()
        .get_template("mail.html.j2")
        .render(
            {**values, "pictures": [(_content_id(data), words, width) for data, words, width in pictures]}
        )
    )
    message.add_alternative(page.lstrip(), subtype="html", cte="quoted-printable")
    html = message.get_payload()[1]  # type: ignore[index]
    for data, words, _ in pictures:
        html.add_related(data, "image", "png", cid=f"<{_content_id(data)}>", disposition="inline")  # type: ignore[union-attr]
        del words
    _fix_boundaries(message, period.title)
    return message.as_bytes()


def _content_id(data: bytes) -> str:
    return f"{hashlib.sha256(data).hexdigest()[:24]}@camber.invalid"


def _fix_boundaries(message: EmailMessage, title: str) -> None:
    """Name the parts by their content: the usual boundaries are drawn at random."""
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_camber_{hashlib.sha256(title.encode()).hexdigest()[:20]}_{number}")


def _values(period: Period, options: PageOptions) -> dict[str, Any]:
    total, units = period.total, options.units
    shared = options.audience is Audience.SHARED
    tables = [leg_table(total, units)] if total else []
    if period.streets and options.audience is not Audience.COACH:
        tables.append(street_table(period.streets, units))
    tables.append(trend_table(period.weeks, units, with_distance=not shared))
    own = options.audience is Audience.RUNNER and total
    return {
        "title": plain(period.title, NAME_LENGTH),
        "facts": period_facts(period, units),
        "remarks": [
            *([SIMULATED_REMARK] if is_simulated(period) else []),
            *([SHARED_REMARK] if shared else []),
        ],
        "answer": answer(period),
        "sentences": [s for s in (judged_sentence(period, units), usual_sentence(period)) if s],
        "tables": tables,
        "suggestions": suggestion_items(period, units) if own else [],
        "notes": STANDING_NOTES[:-1],
        "copyright_url": OSM_COPYRIGHT_URL,
        "version": CAMBER,
    }


def _pictures(period: Period) -> list[tuple[bytes, str, int]]:
    pictures = []
    if period.total is not None:
        words = "Bar of both legs, left on the left; the sentence above says the same."
        pictures.append((_png(plot_answer(period.total)), words, 480))
    words = "Share of the left leg week by week; the table of weeks holds the numbers."
    return [*pictures, (_png(plot_trend(period)), words, 480)]


def _png(axes: Axes) -> bytes:
    return figure_png(figure_of(axes), dpi=_DPI)


def _text(values: dict[str, Any]) -> str:
    out = io.StringIO()
    console = Console(file=out, width=_WIDTH, no_color=True, highlight=False, markup=False, emoji=False)

    def say(text: str = "") -> None:
        console.print(plain(text) if text else "")

    for text in (values["title"], values["facts"], *values["remarks"], "", values["answer"], ""):
        say(text)
    for sentence in values["sentences"]:
        say(sentence)
    for table in values["tables"]:
        say()
        say(table["caption"])
        for row in table["rows"]:
            cells = (
                f"{title}: {plain(cell)}" for title, cell in zip(table["titles"], row, strict=True) if cell
            )
            say("  " + "; ".join(cells))
    for item in values["suggestions"]:
        say()
        say(f"{item['run']}: {item['what']}")
        say(f"  where: {item['where']} ({item['distance']})")
        say(f"  left leg low {item['left']}, right leg low {item['right']}")
        say(f"  balance {item['before']} → {item['after']}; additional crossings: {item['crossings']}")
        say(f"  {item['rule']} ({item['rule_source']})")
        for cue in item["cues"]:
            say(f"  {cue}")
        for reason in item["against"]:
            say(f"  against it: {reason}")
    say()
    for note in STANDING_NOTES:
        say(note)
    return out.getvalue()
