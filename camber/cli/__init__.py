"""The command line: each command reads its options, calls the library, and prints.

Data go to standard output, everything else to standard error. What is heavy loads inside the commands, so
that ``camber --help`` is quick.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from camber.cli.exits import Exit, error_line, exit_code
from camber.cli.exporting import app as export_app
from camber.cli.exporting import zones as zones_app
from camber.cli.formats import ListFormat, ReportFormat, format_of, write_report
from camber.cli.importing import app as import_app
from camber.cli.reporting import app as reporting_app
from camber.cli.roads import app as roads_app
from camber.cli.session import Session
from camber.cli.suggesting import app as suggest_app
from camber.cli.weeks import app as weeks_app

# ruff: noqa: PLC0415 - what is heavy loads inside the commands

app = typer.Typer(
    name="camber",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
config = typer.Typer(rich_markup_mode=None, help="Show or change your settings: one TOML file.")
app.add_typer(config, name="config")
app.add_typer(roads_app, name="roads")
app.add_typer(import_app)
app.add_typer(weeks_app)
app.add_typer(reporting_app)
app.add_typer(suggest_app)
app.add_typer(export_app)
app.add_typer(zones_app, name="zones")

_ANYWHERE = re.compile(r"-v+|-q|--verbose|--quiet|--no-color|--offline")

OutputPath = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="PATH", help="Write to this file instead of the terminal."),
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the name of the program; those of the process if missing.

    Returns
    -------
    int
        The exit code, one of `camber.cli.exits.Exit`.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        app(args=_front(given), prog_name="camber")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else Exit.DONE
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one place where errors become exit codes
        if any(re.fullmatch("-vv+", argument) for argument in given):
            import traceback

            traceback.print_exception(error)
        Session().say(f"camber: {error_line(error)}", at=-1)
        return exit_code(error)
    return Exit.DONE


def _front(arguments: list[str]) -> list[str]:
    """Let the options of the program stand behind a command too, as people write them."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    moved = [a for a in arguments[:end] if _ANYWHERE.fullmatch(a)]
    return [*moved, *(a for a in arguments[:end] if a not in moved), *arguments[end:]]


def _version(asked: bool) -> None:  # noqa: FBT001 - typer passes it by place
    if asked:
        import platform

        import pyproj
        import shapely

        import camber

        versions = (
            f"Python {platform.python_version()}, shapely {shapely.__version__} (GEOS "
            f"{shapely.geos_version_string}), pyproj {pyproj.__version__} (PROJ {pyproj.proj_version_str})"
        )
        typer.echo(f"camber {camber.__version__}\n{versions}")
        raise typer.Exit


@app.callback()
def program(
    context: typer.Context,
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="Say more; -vv shows tracebacks.")
    ] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,  # noqa: FBT002
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours; NO_COLOR works too.")] = False,  # noqa: FBT002
    offline: Annotated[bool, typer.Option("--offline", help="Never touch the network.")] = False,  # noqa: FBT002
    version: Annotated[  # noqa: ARG001, FBT002 - the callback does the work
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show versions and leave.")
    ] = False,
) -> None:
    """Which leg was low on a cambered road, how steeply and for how long, and how sure that is."""
    context.obj = Session(verbosity=-1 if quiet else verbose, colour=not no_color, offline=offline)


@app.command()
def demo(
    context: typer.Context,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the page and the maps.")
    ] = Path("camber-demo"),
) -> None:
    """Analyse the sample week: simulated recordings on real streets. Works offline."""
    from camber.cli.cache_folder import roads_cache
    from camber.cli.runs import analyse_files
    from camber.cli.sample import EXTRACTS, SIMULATED, map_files, sample_folder, true_totals, truth_beside

    session: Session = context.obj
    folder = sample_folder()
    outcome = analyse_files(
        sorted((folder / "week").glob("*.gpx")),
        [folder / name for name in EXTRACTS],
        session,
        settings=session.preferences.settings,
        cache=roads_cache(),
        remarks=(SIMULATED,),
    )
    write_report(outcome.report, ReportFormat.TEXT, None, session)
    for part in truth_beside(outcome.report, true_totals(folder / "week" / "truth.csv")):
        session.show(part, None)
    write_report(outcome.report, ReportFormat.HTML, output / "week.html", session)
    for path in map_files(outcome.report, output):
        session.say(f"wrote {path}")


@app.command()
def analyse(
    context: typer.Context,
    runs: Annotated[
        list[Path] | None, typer.Argument(metavar="RUN...", help="Recordings (GPX, TCX or FIT).")
    ] = None,
    roads: Annotated[
        list[Path] | None,
        typer.Option(
            "--roads", metavar="FILE", help="OpenStreetMap extract, or several; default: what is kept."
        ),
    ] = None,
    kind: Annotated[
        ReportFormat | None, typer.Option("--format", help="Default: by the suffix of PATH, else text.")
    ] = None,
    output: OutputPath = None,
    country: Annotated[
        str | None,
        typer.Option(metavar="CC", help="Country code that overrides the place of the roads."),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the draws.")] = None,
    draws: Annotated[int | None, typer.Option(min=20, max=10_000, help="Number of draws.")] = None,
    fetch: Annotated[  # noqa: FBT002
        bool, typer.Option("--fetch", help="Fetch roads that are not there yet from a server.")
    ] = False,
    everything: Annotated[  # noqa: FBT002
        bool, typer.Option("--all", help="Every run of your library that is new or out of date.")
    ] = False,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="With --all: on a Dask cluster (extra: dask).")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="With --all: processes on this machine.")] = None,
    no_cache: Annotated[  # noqa: FBT002
        bool, typer.Option("--no-cache", help="Read the roads anew, and keep nothing of them.")
    ] = False,
    strict: Annotated[  # noqa: FBT002
        bool, typer.Option("--strict", help="Exit with 5 if any file could not be used.")
    ] = False,
) -> None:
    """Analyse one recording or several, or with --all every run of your library.

    The roads are those that `camber roads` keeps, or those of the extracts that are given.

    What was read of an extract is kept in your cache folder, so that it opens at once the next time.
    """
    from dataclasses import replace

    from camber.cli.cache_folder import roads_cache
    from camber.cli.road_tiles import TileRoads, fetching_of
    from camber.cli.runs import analyse_files

    session: Session = context.obj
    usual = session.preferences.settings
    settings = replace(
        usual,
        seed=usual.seed if seed is None else seed,
        draws=usual.draws if draws is None else draws,
    )
    place = country or session.preferences.country or None
    if everything:
        from camber.cli.analysing import analyse_all

        raise typer.Exit(
            analyse_all(
                session,
                roads or [],
                settings,
                country=place,
                cache=roads_cache(),
                dask=dask,
                workers=workers,
                strict=strict,
            )
        )
    if not runs:
        raise typer.BadParameter("give recordings, or --all for your library", param_hint="RUN...")
    kept = TileRoads(roads_cache(), place, fetching_of(session) if fetch else None)
    outcome = analyse_files(
        runs,
        roads or [],
        session,
        settings=settings,
        country=place,
        kept=kept,
        cache=None if no_cache else roads_cache(),
    )
    write_report(outcome.report, format_of(kind, output), output, session)
    if strict and outcome.failures:
        raise typer.Exit(Exit.PARTIAL)


@app.command()
def standards(
    context: typer.Context,
    kind: Annotated[ListFormat, typer.Option("--format", help="How to write them.")] = ListFormat.TEXT,
    output: OutputPath = None,
) -> None:
    """List every assumption with its reference."""
    from camber.cli.catalogue import catalogue_csv, catalogue_json, catalogue_text

    session: Session = context.obj
    overrides = session.preferences.settings.overrides
    if kind is ListFormat.TEXT:
        session.show(catalogue_text(overrides), output)
    else:
        write = catalogue_json if kind is ListFormat.JSON else catalogue_csv
        session.write(write(overrides), output)


@app.command()
def simulate(
    context: typer.Context,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the files.")],
    seed: Annotated[int | None, typer.Option(min=0, help="Default: the seed of the sample.")] = None,
) -> None:
    """Write a week of simulated recordings on the real streets of the sample, with its truth."""
    from camber.cli.sample import EXTRACTS, sample_folder
    from camber.report.files import write_whole
    from camber.roads import read_roads
    from camber.simulate import WEEK_SEED, sample_week, week_files

    session: Session = context.obj
    kouvola, helsinki = (read_roads(sample_folder() / name) for name in EXTRACTS)
    week = sample_week(kouvola, helsinki, seed=WEEK_SEED if seed is None else seed)
    for name, content in week_files(week).items():
        session.say(f"wrote {write_whole(output / name, content)}")


@config.command("path")
def config_path() -> None:
    """Say where the settings file is, or would be."""
    from camber.cli.settings_file import settings_path

    typer.echo(settings_path())


@config.command("show")
def config_show(context: typer.Context) -> None:
    """Show every setting, and which of them differ from their default."""
    from camber.cli.settings_file import defaults, effective

    session: Session = context.obj
    usual = defaults()
    for key, value in effective(session.preferences).items():
        note = "" if value == usual[key] else f"   (default {usual[key]!r})"
        typer.echo(f"{key} = {value!r}{note}")


@config.command("set")
def config_set(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="Such as units, or suggestion.with_traffic_limit_kmh.")],
    value: Annotated[str, typer.Argument(help="The value; '' takes the key out.")],
) -> None:
    """Change one setting; other keys of the file are kept."""
    from camber.cli.settings_file import set_preference, settings_path

    set_preference(settings_path(), key, value)
    context.obj.say(f"wrote {settings_path()}")
