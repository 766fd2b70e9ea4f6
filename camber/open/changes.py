"""What a page changes: answers told and taken back, zones, settings, and long work begun."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
from starlette.responses import RedirectResponse, Response

from camber.conventions import NO_WAY
from camber.errors import AnswerError, LibraryError
from camber.library.asking import question_named
from camber.library.privacy import add_zone, remove_zone
from camber.observations.answers_file import fields_of
from camber.observations.phrases import Where
from camber.open.guard import FORM
from camber.open.office import ANALYSING, office_of
from camber.report.page_map import heading_words
from camber.report.wording import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from camber.library import Library
    from camber.observations.answers import Answer
    from camber.open.office import Office

_HERE: Final = re.compile(r"/(?!/)[\x21-\x5b\x5d-\x7e]*")
"""A place on this server, to which a change leads back."""

_POINTS: Final = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
_MOST_PASSES: Final = 60
"""Passes of which one tap tells (judgement: a street that was run twice a day for a month)."""

_KINDS: Final = ("week", "month", "year", "run")
_TO_BEGIN: Final = {
    "fetch": "Fetching the map",
    "measure": "Measuring your streets",
    "wanted": "Looking for the tiles of terrain models that you need",
    "analyse": ANALYSING,
}
_TO_WRITE: Final = {"share": "to be shared", "coach": "for a coach"}
_REANALYSED: Final = ("country", "suggestion.", "overrides")


def answer_question(request: Request) -> Response:
    """Keep the answer to a question, or never ask it again."""
    office, form = office_of(request), request.scope[FORM]
    name = form.get("question", "")
    with office.desk.library() as library:
        if form.get("never"):
            library.pass_over(name)
            return _back(form)
        inquiry = question_named(library.connection, name)
        keys = form.get("keys") or "".join(form.get(f"part-{n}", "?") for n in range(len(inquiry.choices)))
        _look_again(office, form, office.desk.answer(library, [(inquiry, keys)]))
    return _back(form)


def tell_street(request: Request) -> Response:
    """Tell something of a street, in the phrases of `camber tell`."""
    office, form = office_of(request), request.scope[FORM]
    where = Where(date.today(), instrument=form.get("instrument", "phone"))  # noqa: DTZ011 - the runner's own day
    with office.desk.library() as library:
        number = library.tell(form.get("street", ""), form.get("phrase", ""), where=where)
        _look_again(office, form, [library.answers()[number]])
    return _back(form)


def tell_stretch(request: Request) -> Response:
    """Tell where the runner was on a stretch that was tapped, in each run that came there, or its tilt."""
    office, form = office_of(request), request.scope[FORM]
    passes = _passes(form.get("where", ""))
    with office.desk.library() as library:
        if form.get("tilt", "").strip():
            number = _tell_tilt(library, passes[0], form)
            told = [library.answers()[number]]
        else:
            told = [_tell_side(library, one, form.get("side", "")) for one in passes]
        _look_again(office, form, told)
    return _back(form)


def take_back(request: Request) -> Response:
    """Take an answer back."""
    office, form = office_of(request), request.scope[FORM]
    with office.desk.library() as library:
        _look_again(office, form, [library.take_back(_number(form.get("number", "")))])
    return _back(form)


def _look_again(office: Office, form: dict[str, str], answers: Sequence[Answer]) -> None:
    """Have the runs analysed again that answers speak of; the chore says what changed for the page's days."""
    if answers:
        rows = json.loads(json.dumps([fields_of(one) for one in answers], default=str))
        days, _, name = form.get("days", "").partition(" ")
        title = "Analysing again the runs that your answer speaks of"
        days, name = days if days in _KINDS else "week", name or "last"
        office.chores.add("again", title, join="answers", answers=rows, days=days, name=name)


def _passes(text: str) -> list[tuple[int, int, int]]:
    """Read where a line on the map lies: number of a run, first and last of its intervals."""
    try:
        found = [(int(run), int(first), int(last)) for run, first, last in json.loads(text)]
    except (ValueError, TypeError, RecursionError):
        found = []
    if not 0 < len(found) <= _MOST_PASSES:
        raise AnswerError("tap a line on the map first: it says where that is")
    return found


def _tell_side(library: Library, where: tuple[int, int, int], side: str) -> Answer:
    run, first, last = where
    table = library.exposure(run)
    along = np.r_[0.0, table["distance_m"].to_numpy().cumsum()]
    here = np.flatnonzero(((table["block"] >= first) & (table["block"] <= last)).to_numpy())
    if not len(here):
        raise AnswerError("the run was analysed again since the page was loaded: load it again")
    day = date.today()  # noqa: DTZ011 - the runner's own day
    stretch = Where(day, from_m=round(along[here[0]], 1), to_m=round(along[here[-1] + 1], 1))
    number = library.tell(side, run=run, where=stretch)
    return library.answers()[number]


def _tell_tilt(library: Library, where: tuple[int, int, int], form: dict[str, str]) -> int:
    """Tell a tilt by number, to the left or right of travel there; the street gets it by the compass."""
    run, first, last = where
    stretches = library.stretches([run])
    here = stretches[(stretches["block"] >= first) & (stretches["block"] <= last)]
    here = here[(here["way_id"] != NO_WAY) & (here["street"] != "")]
    if here.empty:
        raise AnswerError("the map has no name for this way: its tilt cannot be told")
    row = here.iloc[len(here) // 2]
    line = np.asarray(row.geometry.coords)
    ahead = _POINTS.index(heading_words(line))
    beside = {"left": _POINTS[(ahead - 2) % 8], "right": _POINTS[(ahead + 2) % 8]}
    spot = form.get("spot", "")
    side, _, place = spot.partition(" ")
    at = "middle" if spot == "middle" else f"{beside.get(side, side)} {place or 'edge'}"
    falls = form.get("falls", "")
    phrase = f"tilt {form['tilt'].strip().rstrip('%')}% {beside.get(falls, falls)} at {at}"
    told = Where(date.today(), instrument=form.get("instrument", "phone"))  # noqa: DTZ011 - the runner's own day
    longitude, latitude = line[len(line) // 2]
    return library.tell(row["street"], phrase, near=(float(latitude), float(longitude)), where=told)


def change_zones(request: Request) -> Response:
    """Add a privacy zone, or remove one."""
    form = request.scope[FORM]
    with office_of(request).desk.library() as library:
        if form.get("remove"):
            remove_zone(library.connection, _number(form["remove"]))
        else:
            north, east, radius_m = (_decimal(form.get(k, "")) for k in ("latitude", "longitude", "radius"))
            add_zone(library.connection, north, east, radius_m, plain(form.get("name", ""), 60))
    return _back(form)


def change_settings(request: Request) -> Response:
    """Change settings; those that change results have what they concern analysed again."""
    office, form = office_of(request), request.scope[FORM]
    for key, (value, _, _) in office.desk.settings().items():
        given = form.get(key, value)
        if given != value:
            office.desk.set(key, given)
            if key.startswith(_REANALYSED):
                office.chores.add("analyse", ANALYSING)
    return _back(form)


def begin(request: Request) -> Response:
    """Begin long work: fetch the map, measure, analyse, write a page to be shared; or forget what is done."""
    office, form = office_of(request), request.scope[FORM]
    what = form.get("what", "")
    if what in _TO_BEGIN:
        office.chores.add(what, _TO_BEGIN[what])
    elif what in _TO_WRITE:
        days, _, name = form.get("days", "").partition(" ")
        if days not in _KINDS or days == "run":
            raise LibraryError("only a week, a month or a year can be shared", path="share")
        title = f"Writing {days} {name} {_TO_WRITE[what]}"
        office.chores.add("share", title, days=days, name=name, for_coach=what == "coach")
    elif what == "dismiss":
        office.chores.dismiss()
    return _back(form)


def _back(form: dict[str, str]) -> Response:
    back = form.get("back", "/")
    return RedirectResponse(back if _HERE.fullmatch(back) else "/", 303)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise AnswerError(f"{plain(text, 40)!r} is no number")
    return int(text)


def _decimal(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise LibraryError(f"{plain(text, 40)!r} is no number", path="zones") from None
