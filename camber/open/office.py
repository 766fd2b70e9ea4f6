"""What all pages of a server share: who does things, the long work, the keys, and how a page is filled."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from jinja2 import ChoiceLoader, Environment, PackageLoader
from starlette.responses import HTMLResponse

from camber.open.chores import Chore, Chores
from camber.open.guard import Keys
from camber.open.kept_pages import KeptPages, state_of_files
from camber.report.page import page_environment
from camber.versions import CAMBER
from camber.whole_files import closed_folder

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from camber.open.desk import Desk, MakeDesk
    from camber.schema import Advice

_KEPT: Final = 100
"""Advice that is kept (judgement: as many weeks as somebody looks at in a sitting)."""

_SHOWN: Final = 3
"""Chores that are done and still shown (judgement: what happened just now)."""

THEN_ANALYSE: Final = frozenset({"import", "roads", "fetch"})
"""Chores after which there may be something to analyse."""

FRESH: Final = frozenset({*THEN_ANALYSE, "analyse", "again", "measure", "share"})
"""Chores after which pages may say something else."""

ANALYSING: Final = "Analysing what is new"


@dataclass
class Office:
    """One server: its desk, its chores, its keys, and what it remembers for its pages."""

    desk: Desk
    chores: Chores
    keys: Keys
    folder: Path
    environment: Environment
    kept: KeptPages
    advice: dict[tuple[str, str, str], Advice] = field(default_factory=dict)
    fresh: int = 0
    uploading: int = 0

    def look_up(self, key: tuple[str, str, str]) -> Advice | None:
        """Give what was found to try next for some days or a run, or have it looked for."""
        found = self.advice.get(key)
        if found is None:
            kind, name, mark = key
            self.chores.add(
                "advise", "Looking at your routes", lasting=False, days=kind, name=name, mark=mark
            )
        return found

    def finished(self, chore: Chore) -> None:
        """Go on after a chore: what it found is kept, what it made new is analysed."""
        given = chore.given
        if chore.kind == "advise" and chore.result is not None:
            if len(self.advice) >= _KEPT:
                self.advice.clear()
            self.advice[given["days"], given["name"], given["mark"]] = chore.result
            self.fresh += 1
        if chore.state == "done" and "upload" in given:
            shutil.rmtree(self.folder / "uploads" / given["upload"], ignore_errors=True)
        if chore.kind in THEN_ANALYSE and chore.state == "done":
            self.chores.add("analyse", ANALYSING)
        if chore.kind in FRESH:
            self.fresh += 1

    def tidy(self) -> None:
        """Remove what an earlier start left: pages that were shared, and uploads that nothing waits for."""
        shutil.rmtree(self.folder / "shared", ignore_errors=True)
        wanted = {one.given.get("upload") for one in self.chores.all()}
        for one in self.folder.glob("uploads/*"):
            if one.name not in wanted:
                shutil.rmtree(one, ignore_errors=True)


def new_office(make_desk: MakeDesk, folder: Path) -> Office:
    """Open an office over the library in a folder, and go on with what it had to do."""
    environment = page_environment().overlay(
        loader=ChoiceLoader([PackageLoader("camber.open"), PackageLoader("camber.report")])
    )
    closed_folder(folder)
    desk = make_desk(lambda *_: None, lambda _: None)
    kept = KeptPages(lambda: state_of_files(desk.files()))
    office = Office(desk, Chores(folder, make_desk), Keys(), folder, environment, kept)
    office.chores.after = office.finished
    office.tidy()
    return office


def office_of(request: Request) -> Office:
    """Give the office of a server; a page says as of when it is, by what was fresh when it was asked for."""
    found: Office = request.app.state.office
    if not hasattr(request.state, "fresh"):
        request.state.fresh = found.fresh
    return found


def _shown(office: Office) -> list[Chore]:
    """Choose the chores that a page tells of: all that are to be done, and the last ones that were."""
    lasting = [one for one in office.chores.all() if one.lasting]
    return [*(one for one in lasting if one.is_open), *[one for one in lasting if not one.is_open][:_SHOWN]]


def filled(request: Request, template: str, values: dict[str, Any], status: int = 200) -> HTMLResponse:
    """Fill a page with its values and with what every page has."""
    office = office_of(request)
    common = {
        "live": True,
        "token": office.keys.token,
        "here": request.url.path,
        "version": CAMBER,
        "chores": _shown(office),
        "today": date.today(),  # noqa: DTZ011 - the runner's own day
        "fresh": request.state.fresh,
    }
    return HTMLResponse(
        office.environment.get_template(template).render({**common, **values}).lstrip(), status
    )
