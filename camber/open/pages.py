"""What is looked at: days, runs, streets, what to try next, the library, zones and settings."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from markupsafe import Markup
from starlette.responses import FileResponse, RedirectResponse, Response, StreamingResponse

from camber.errors import UnknownRunError
from camber.library.days import Week, span_named, week_of
from camber.library.overview import (
    first_and_last_day,
    latest_runs,
    outlines,
    results_mark,
    runs_on_street,
    runs_without_day,
    street_bases,
    unread_files,
)
from camber.library.privacy import LARGEST_M, SMALLEST_M, list_zones
from camber.library.tellings import read_told, runs_by_fingerprint
from camber.observations.phrases import in_words
from camber.open.office import filled, office_of
from camber.report.details import basis_of_slope, is_nameless, street_words
from camber.report.lanes import street_sides
from camber.report.page import page_values
from camber.report.page_map import packed_line, script_json
from camber.report.story import run_line
from camber.report.wording import NAME_LENGTH, far_text, plain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

    from camber.library import Library
    from camber.library.days import Span
    from camber.open.office import Office
    from camber.schema import Advice

_LOOK_S: Final = 0.25
_QUIET_S: Final = 15.0
"""How often it is looked whether something is new, and how long nothing may be said [s] (judgement)."""

_MOST_RUNS: Final = 400
"""Runs on one page (judgement: a year of a run every day)."""

_OF_STREETS: Final = ("runs", "distance_m", "net_tilt_pct_km")
_OF_RUNS: Final = ("title", "source", "day", "state", "reason")

_STREET_RUNS: Final = 40
"""Runs whose side on a street is told (judgement: what fits on a page, the latest)."""

_LAST_TOLD: Final = 5

_ZONE_RUNS: Final = 30
"""Runs that are drawn where a zone is set (judgement: home is near the latest ones)."""


def days_page(request: Request) -> Response:
    """Show a week, a month or a year; the days beside it are made ahead."""
    office, kind, name = office_of(request), request.path_params["kind"], request.path_params["name"]
    with office.desk.library() as library:
        if library.last_run() is None:
            return RedirectResponse("/library", 303)
        days = office.desk.days_of(library, kind, name)
        key = kind, days.starts_on.isoformat(), results_mark(library.connection)
        found = office.look_up(key) if _is_analysed(library, days) else None
    values = _kept_values(office, kind, days, found)
    for way in ("before", "after") if kind == "week" else ():
        if link := values["links"][way]:
            beside = week_of(date.fromisoformat(link.rpartition("/")[2]), office.desk.week_start())
            office.kept.make_ahead(*_to_make(office, kind, beside, None))
    seeking = found is None and values["story"].period.total is not None
    return filled(request, "live.html.j2", values | {"seeking": seeking})


def _kept_values(office: Office, kind: str, days: Week | Span, found: Advice | None) -> dict[str, Any]:
    """Give what the page of some days is filled with, made where it is not kept."""
    return office.kept.get(*_to_make(office, kind, days, found))


def _to_make(
    office: Office, kind: str, days: Week | Span, found: Advice | None
) -> tuple[tuple[str, str, bool], Callable[[], dict[str, Any]]]:
    """Name the page of some days, with or without advice, and say how it is made."""
    name = kind, days.starts_on.isoformat(), found is not None
    return name, partial(_days_values, office, kind, days, found)


def _days_values(office: Office, kind: str, days: Week | Span, found: Advice | None) -> dict[str, Any]:
    """Gather what the page of some days is filled with."""
    with office.desk.library() as library:
        story, basemap = office.desk.story(library, days, lambda _: found)
        values = _neighbours(kind, days, library) | {"told": _told(library)[:_LAST_TOLD]}
    values |= page_values(story, basemap, places=True)
    return values | {"live": True, "days": (kind, days.starts_on.isoformat())}


def run_page(request: Request) -> Response:
    """Show one run."""
    office, run = office_of(request), int(request.path_params["run"])
    with office.desk.library() as library:
        known = library.run(run)
        key = ("run", str(run), results_mark(library.connection))
        found = office.look_up(key) if known.summary is not None else None
        story, basemap = office.desk.story_of_run(library, run, lambda _: found)
        values: dict[str, Any] = {"told": _told(library)[:_LAST_TOLD]}
    links = {"week": "" if known.day is None else f"/week/{known.day}"}
    values |= page_values(story, basemap, places=True)
    values |= {"live": True, "days": ("run", str(run)), "links": links}
    seeking = found is None and known.summary is not None
    return filled(request, "live.html.j2", values | {"seeking": seeking})


def _is_analysed(library: Library, days: Week | Span) -> bool:
    """Tell whether something was analysed in some days; the rest needs no advice."""
    return any(run.summary is not None for run in library.results(days.starts_on, days.ends_on))


def _told(library: Library) -> list[tuple[int, date, str]]:
    """List what was told, the last first: number, day, and words."""
    runs = {mark: f"run {run}" for mark, run in runs_by_fingerprint(library.connection).items()}
    told = reversed(read_told(library.connection))
    return [(one.number, one.answer.on, in_words(one.answer, runs)) for one in told]


def _neighbours(kind: str, days: Week | Span, library: Library) -> dict[str, Any]:
    """Name the days before and after, and the month and year that these are in; "" beyond the last run."""
    known = first_and_last_day(library.connection)
    last = None if known is None else known[1]
    before, after = days.starts_on - timedelta(days=1), days.ends_on + timedelta(days=1)
    pattern = {"week": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}[kind]
    links = {
        "before": f"/{kind}/{before:{pattern}}",
        "after": f"/{kind}/{after:{pattern}}" if last is not None and after <= last else "",
        "week": f"/week/{days.ends_on if last is None else min(days.ends_on, last)}"
        if kind != "week"
        else "",
        "month": f"/month/{days.starts_on:%Y-%m}" if kind != "month" else "",
        "year": f"/year/{days.starts_on:%Y}" if kind != "year" else "",
    }
    return {"links": links}


def runs_page(request: Request) -> Response:
    """List runs, of a year or by a word in their title."""
    office, words = office_of(request), request.query_params.get("words", "")[:100]
    with office.desk.library() as library:
        today = date.today()  # noqa: DTZ011 - the runner's own day
        first, last = first_and_last_day(library.connection) or (today, today)
        years = list(range(last.year, first.year - 1, -1))
        asked = request.query_params.get("year", "")
        year = span_named(asked if asked in map(str, years) else str(last.year))
        units = office.desk.units(library)
        found = library.results(year.starts_on, year.ends_on)
        dayless = runs_without_day(library.connection)
    wanted = [run for run in (*dayless, *reversed(found)) if words.casefold() in run.title.casefold()]
    rows = [run_line(run, units, named=True) for run in wanted[:_MOST_RUNS]]
    values = {"rows": rows, "years": years, "year": year.title, "words": words, "count": len(wanted)}
    return filled(request, "runs.html.j2", values)


def streets_page(request: Request) -> Response:
    """Show streets with their tilt and where that is from, the questions that are left, and what was told."""
    office, words = office_of(request), request.query_params.get("words", "")[:100]
    with office.desk.library() as library:
        units = office.desk.units(library)
        frame = library.streets()
        named = np.array([words.casefold() in name.casefold() for name in frame.index], dtype=bool)
        rows = frame[named].head(_MOST_RUNS)
        bases = street_bases(library.connection)
        told = _told(library)
        days = office.desk.days_of(library, "week", "last")
    story = _kept_values(office, "week", days, None)["story"]
    streets = [
        {
            "name": name,
            "shown": street_words(name),
            "runs": runs,
            "far": far_text(metres, units),
            "tilt": 1000.0 * net / metres if metres else 0.0,
            "basis": basis_of_slope(bases.get(name, "")),
        }
        for name, runs, metres, net in zip(
            rows.index, *(rows[one].tolist() for one in _OF_STREETS), strict=True
        )
    ]
    values = {"streets": streets, "told": told, "story": story, "words": words}
    return filled(request, "streets.html.j2", values | {"days": ("week", days.starts_on.isoformat())})


def street_page(request: Request) -> Response:
    """Show one street: on which side each run was, its tilt, and what can be told of it."""
    office, name = office_of(request), request.query_params.get("name", "")[:300]
    with office.desk.library() as library:
        found = runs_on_street(library.connection, name, _STREET_RUNS)
        if not found:
            raise UnknownRunError("none of your analysed runs was on a street of that name", path="library")
        stretches = library.stretches([run for run, _ in found])
        here = stretches[stretches["street"] == name]
        basis = basis_of_slope(street_bases(library.connection).get(name, ""))
        units = office.desk.units(library)
        told = [one for one in _told(library) if name in one[2]]
    rows = []
    for run, day in found:
        part = here[here["run"] == run]
        side = "" if part.empty else street_sides(part).get(plain(name, NAME_LENGTH), "")
        rows.append(
            (run, day or "no day", side or "side not known", far_text(part["distance_m"].sum(), units))
        )
    known = here["cross_slope_pct"].abs()
    tilt = float(np.average(known.fillna(0.0), weights=here["distance_m"])) if len(here) else 0.0
    values = {"name": name, "shown": street_words(name), "rows": rows, "basis": basis, "tilt": tilt}
    return filled(request, "street.html.j2", values | {"told": told, "can_tell": not is_nameless(name)})


def next_page(request: Request) -> Response:
    """Show what to try next, on the routes of the last week with runs."""
    office = office_of(request)
    with office.desk.library() as library:
        if library.last_analysed_day() is None:
            return RedirectResponse("/library", 303)
        days = office.desk.days_of(library, "week", str(library.last_analysed_day()))
        found = office.look_up(("week", days.starts_on.isoformat(), results_mark(library.connection)))
    story = _kept_values(office, "week", days, found)["story"]
    values = {"story": story, "seeking": found is None, "days": ("week", days.starts_on.isoformat())}
    return filled(request, "next.html.j2", values)


def library_page(request: Request) -> Response:
    """Show what is in the library, what could not be used and why, and what the map lacks."""
    office = office_of(request)
    with office.desk.library() as library:
        frame = library.runs()
        counts = frame["state"].value_counts().to_dict()
        left = frame[~frame["state"].isin(["analysed", "duplicate"])].tail(_MOST_RUNS)
        problems = unread_files(library.connection)
        needed = office.desk.map_status(library)
        terrain = office.desk.terrain_status(library)
    rows = [
        (run, plain(title or source, 60), day or "no day", state, plain(reason, 300))
        for run, title, source, day, state, reason in zip(
            left.index, *(left[column].tolist() for column in _OF_RUNS), strict=True
        )
    ]
    values = {"counts": counts, "rows": rows, "problems": problems, "needed": needed, "terrain": terrain}
    return filled(request, "library.html.j2", values)


def zones_page(request: Request) -> Response:
    """Show privacy zones on a map of the latest runs."""
    office = office_of(request)
    with office.desk.library() as library:
        zones = list_zones(library.connection)
        latest = latest_runs(library.connection, _ZONE_RUNS)
        lines = [packed_line(line) for line in outlines(library.connection, latest)]
    circles = [[one.latitude_deg, one.longitude_deg, one.radius_m] for one in zones]
    data = Markup(script_json({"lines": lines, "zones": circles}))  # noqa: S704 - escaped for where it stands
    values = {"zones": zones, "data": data, "least": int(SMALLEST_M), "most": int(LARGEST_M)}
    return filled(request, "zones.html.j2", values)


def settings_page(request: Request) -> Response:
    """Show the settings that people change."""
    return filled(request, "settings.html.j2", {"rows": office_of(request).desk.settings()})


def chores_part(request: Request) -> Response:
    """Show how far the long work is: a part of every page."""
    return filled(request, "chores.html.j2", {"here": request.query_params.get("on", "/")})


def shared_file(request: Request) -> Response:
    """Give a page that was written to be shared, to be saved."""
    path = office_of(request).folder / "shared" / f"{int(request.path_params['number'])}.html"
    if not path.is_file():
        raise UnknownRunError("this page is not there any more: have it written again", path="shared")
    return FileResponse(path, media_type="text/html", filename="camber-shared.html")


async def events(request: Request) -> Response:
    """Say as it happens that the long work went on, or that pages may say something else."""
    office = office_of(request)

    async def lines() -> AsyncIterator[str]:
        told, quiet = (-1, -1), 0.0
        while not (office.chores.stopping or await request.is_disconnected()):
            now = office.chores.turn, office.fresh
            quiet += _LOOK_S
            if now != told or quiet > _QUIET_S:
                told, quiet = now, 0.0
                data = {"turn": now[0], "fresh": now[1]}
                yield f"data: {json.dumps(data)}\n\n"
            await asyncio.sleep(_LOOK_S)

    return StreamingResponse(lines(), media_type="text/event-stream")


def first_page(_: Request) -> Response:
    """Lead to the last week."""
    return RedirectResponse("/week/last", 303)
