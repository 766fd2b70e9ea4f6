"""``camber open``: the library in a browser on this machine, done by those who do it for the commands."""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

import camber
from camber.cli.session import Session
from camber.errors import CamberError, RoadsError, SettingsError
from camber.library.place import roads_cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import geopandas as gpd
    from rich.console import RenderableType

    from camber.cli.report import Wanted
    from camber.library import Library, Week
    from camber.library.days import Span
    from camber.observations.answers import Answer
    from camber.open.desk import Tell as TellPage
    from camber.report.story import Story
    from camber.schema import Advice, Inquiry, Period

app = typer.Typer(rich_markup_mode=None)

_SETTINGS: Final = {
    "units": ("Unit of distances", ("km", "mi")),
    "week_start": ("First day of a week", ("monday", "sunday")),
    "country": ("Country code that overrides the place of the roads, such as FI; empty for none", ()),
    "suggestion.with_traffic_limit_kmh": ("Never suggest running with traffic above this limit, in km/h", ()),
    "overpass_server": ("Server that the map is fetched from", ()),
    "overrides": ("CSV file of standards of your own, in the folder of the settings; empty for none", ()),
}
"""The settings that matter to people, in words, with their values; `camber config` has all."""


_LOOKED_AT: Final = 200
"""Runs without roads of which it is said what they need, the latest (judgement: a second of looking)."""


@app.command("open")
def open_(
    context: typer.Context,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on this machine; default: a free one.")
    ] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address; it is good once.")
    ] = False,
) -> None:
    """Look at your library in a browser on this machine, drop exports on it, and answer on its pages.

    Only this machine can reach it, and nothing is sent anywhere. Ctrl-C ends it; work that is under way
    goes on when you open it again.
    """
    session: Session = context.obj
    try:
        from camber.open.server import serve
    except ImportError:
        text = '`camber open` needs the extra "open": pip install "camber[open]"'
        raise SettingsError(text, key="open") from None
    from camber.library.place import library_folder, own_folder

    def ready(address: str) -> None:
        session.write(f"{address}\n")
        session.say("This address is good once, for one browser on this machine. Ctrl-C ends camber.")
        if not no_browser:
            typer.launch(address)

    folder = own_folder(library_folder()) / "open"
    serve(MakeDesk(session.offline), folder, port, ready, loud=session.verbosity > 1)
    session.say("ended; what was not finished goes on at the next `camber open`")


@dataclass(frozen=True)
class MakeDesk:
    """Makes desks, here and in the process for long work."""

    offline: bool

    def __call__(self, tell: "TellPage", say: "Callable[[str], None]") -> "CommandDesk":
        """Make one that says on a page what the commands say in a terminal."""
        return CommandDesk(PageSession(verbosity=0, colour=False, offline=self.offline, told=tell, line=say))


@dataclass(frozen=True, kw_only=True)
class PageSession(Session):
    """A call of the command line whose words go to a page."""

    told: "TellPage"
    line: "Callable[[str], None]"

    def say(self, text: str, *, at: int = 0) -> None:
        """Say lines on the page."""
        if self.verbosity >= at:
            self._lines(text)

    def write(self, content: str | bytes, path: Path | None = None) -> None:
        """Say data on the page, or write them to a file."""
        if path is not None:
            super().write(content, path)
        elif isinstance(content, str):
            self._lines(content)

    def show(self, renderable: "RenderableType", path: Path | None = None) -> None:
        """Say a table as plain lines."""
        from camber.report.text import rendered

        self.write(rendered(renderable), path)

    def _lines(self, text: str) -> None:
        for line in text.splitlines():
            if line.strip():
                self.line(line.rstrip())

    @contextmanager
    def steps(self, what: str, total: int | None = None, *, lines: bool = False) -> "Iterator[Any]":  # noqa: ARG002 - as a terminal has it
        """Tell the page how far it is."""
        state: dict[str, Any] = {"what": what, "done": 0.0, "total": float(total or 0)}

        def tell(what: str | None = None, done: int | None = None, total: int | None = None) -> None:
            state["what"] = what or state["what"]
            state["done"] = state["done"] + 1.0 if done is None else float(done)
            state["total"] = state["total"] if total is None else float(total)
            self.told(state["what"], state["done"], state["total"])

        self.told(what, 0.0, state["total"])
        yield tell


class CommandDesk:
    """Does for the pages what the commands do."""

    def __init__(self, session: PageSession) -> None:
        self._session = session

    # -- Looking ------------------------------------------------------------------------------------------

    def files(self) -> "Sequence[Path]":
        """List database, its log, settings and the folder of the map."""
        from camber.cli.config import settings_path
        from camber.library.database import FILE_NAME
        from camber.library.place import library_folder

        database = library_folder() / FILE_NAME
        return database, database.with_name(f"{FILE_NAME}-wal"), settings_path(), roads_cache() / "tiles"

    def library(self) -> "Library":
        """Open the runner's library."""
        return camber.open_library()

    def days_of(self, library: "Library", kind: str, name: str) -> "Week | Span":
        """Find a week, month or year."""
        from camber.cli.chosen import chosen_week
        from camber.library.days import span_named

        session = self._now()
        return (
            chosen_week(library, session, None if name == "last" else name)
            if kind == "week"
            else span_named(name)
        )

    def story(
        self, library: "Library", days: "Week | Span", advise: "Callable[[Period], Advice | None]"
    ) -> "tuple[Story, gpd.GeoDataFrame | None]":
        """Tell some days to the runner."""
        from camber.cli.report import story_of_days

        return story_of_days(self._now(), library, days, _page(), advise=advise)

    def story_of_run(
        self, library: "Library", run: int, advise: "Callable[[Period], Advice | None]"
    ) -> "tuple[Story, gpd.GeoDataFrame | None]":
        """Tell one run."""
        from camber.cli.chosen import aimed
        from camber.cli.report import basemap_of
        from camber.report import story_of

        period = aimed(self._now(), library.run_period(run, with_stretches=True))
        period = replace(period, advice=advise(period))
        return story_of(period, units=self.units(library)), basemap_of(library, period, own=True)

    def week_start(self) -> str:
        """Say on which day a week begins."""
        return self._now().preferences.week_start

    def units(self, library: "Library") -> str:
        """Choose the unit of distances."""
        from camber.cli.chosen import units_of

        return units_of(self._now(), library)

    def settings(self) -> "dict[str, tuple[str, str, tuple[str, ...]]]":
        """List the settings that people change."""
        from camber.cli.config import effective

        found = effective(self._now().preferences)
        # Of a file its name alone: a page tells no places of this machine.
        texts = {
            key: Path(str(found[key])).name if key == "overrides" else str(found[key]) for key in _SETTINGS
        }
        return {key: (texts[key], words, choices) for key, (words, choices) in _SETTINGS.items()}

    def set(self, key: str, value: str) -> None:
        """Change a setting."""
        from camber.cli.config import set_preference, settings_path

        if key not in _SETTINGS:
            raise SettingsError(f"{key!r} is set by `camber config set`", key=key)
        set_preference(settings_path(), key, value)

    def map_status(self, library: "Library") -> str:
        """Say what fetching the missing map costs."""
        from camber.cli.roads import tiles_needed
        from camber.library.overview import unanalysed_runs
        from camber.roads.tiles import TileStore

        lacking = unanalysed_runs(library.connection)
        latest = lacking[-_LOOKED_AT:]
        tracks = ((longitude, latitude) for _, longitude, latitude in library.positions(latest))
        needed = tiles_needed(tracks, TileStore(roads_cache()))
        if not needed.lacking:
            return ""
        server = self._now().preferences.overpass_server
        at_least = "" if latest == lacking else "at least "
        return (
            f"Your runs need {at_least}{len(needed.lacking)} map tiles that are not kept: "
            f"{needed.expected_mb:.0f} MB from {server}, which would learn in which cells of 0.05° you run."
        )

    def terrain_status(self, library: "Library") -> list[str]:
        """Say which terrain models are known, and which are wanted."""
        from camber.cli.terrain import kinds_of
        from camber.library.surveys import surveys

        return kinds_of(surveys(library.connection))

    # -- Answers ------------------------------------------------------------------------------------------

    def answer(self, library: "Library", asked: "Sequence[tuple[Inquiry, str]]") -> "list[Answer]":
        """Keep answers to questions."""
        from camber.cli.tell import keep

        return keep(library, asked)

    # -- Long work ----------------------------------------------------------------------------------------

    def do(self, kind: str, given: dict[str, Any]) -> Any:  # noqa: ANN401 - of each kind its own
        """Do a chore; what a command would end with is an error that says why."""
        try:
            return getattr(self, f"_do_{kind}")(**given)
        except (typer.Exit, typer.Abort) as ended:
            if getattr(ended, "exit_code", 1) == 0:
                return None
            raise CamberError("that is as far as it goes; the lines above say why") from None

    def _do_import(self, upload: str, file: str) -> None:
        from camber.cli.import_ import take_in

        take_in(self._session, [_uploaded(upload, file)])

    def _do_roads(self, upload: str, file: str) -> None:
        from camber.cli.roads import add_extracts
        from camber.roads.needed_tiles import touched_tiles

        with camber.open_library() as library:
            wanted = touched_tiles((longitude, latitude) for _, longitude, latitude in library.positions())
        if not wanted:
            raise RoadsError("there are no runs yet: drop your runs first, then the roads", path=file)
        add_extracts(self._session, [_uploaded(upload, file)], wanted)

    def _do_fetch(self) -> None:
        from camber.cli.roads import fetch_asked, tiles_needed
        from camber.roads.tiles import TileStore

        store = TileStore(roads_cache())
        with camber.open_library() as library:
            tracks = [(longitude, latitude) for _, longitude, latitude in library.positions()]
        fetch_asked(tiles_needed(tracks, store).lacking, store, self._session, None, yes=True)

    def _do_analyse(self) -> None:
        from camber.cli.analyse import analyse_all, say_what_came

        usual = self._session.preferences
        say_what_came(analyse_all(self._session, [], usual.settings, usual.country or None), self._session)

    def _do_measure(self) -> None:
        from camber.cli.terrain import measure_ways

        measure_ways(self._session)

    def _do_wanted(self) -> None:
        from camber.cli.terrain import say_wanted

        say_wanted(self._session)

    def _do_again(self, answers: list[dict[str, Any]], days: str, name: str) -> None:
        from camber.cli.tell import look_again
        from camber.observations.answers_file import answer_from

        with camber.open_library() as library:
            about = None if days == "run" else self.days_of(library, days, name)
            look_again(self._session, library, [answer_from(one) for one in answers], [], about)

    def _do_advise(self, days: str, name: str, mark: str) -> "Advice | None":  # noqa: ARG002 - the mark names it
        from camber.cli.suggest import advised

        with camber.open_library() as library:
            period = (
                library.run_period(int(name))
                if days == "run"
                else library.period(
                    self.days_of(library, days, name), week_start=self._session.preferences.week_start
                )
            )
            return advised(self._session, library, period, []).advice

    def _do_share(self, days: str, name: str, *, for_coach: bool) -> str:
        from camber.cli.report import story_of_days
        from camber.library.place import library_folder
        from camber.report import story_page
        from camber.whole_files import closed_folder, write_whole

        with camber.open_library() as library:
            wanted = replace(_page(), share=not for_coach, for_coach=for_coach)
            story, basemap = story_of_days(self._session, library, self.days_of(library, days, name), wanted)
        folder = library_folder() / "open" / "shared"
        closed_folder(folder)
        number = 1 + sum(1 for _ in folder.glob("*.html"))
        write_whole(folder / f"{number}.html", story_page(story, basemap), mode=0o600)
        return f"/shared/{number}"

    def _now(self) -> Session:
        """Take the settings as they are now."""
        return replace(self._session)


def _page() -> "Wanted":
    from camber.cli.report import Wanted

    return Wanted(html=Path("page.html"))


def _uploaded(upload: str, file: str) -> Path:
    from camber.library.place import library_folder

    path = library_folder() / "open" / "uploads" / upload / file
    if not path.is_file():
        raise RoadsError("is not there any more: drop it again", path=file)
    return path
