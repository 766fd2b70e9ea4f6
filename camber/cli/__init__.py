"""The command line: each command reads its options, calls the library, and prints.

Data go to standard output, everything else to standard error. What is heavy loads inside the commands, so
that ``camber --help`` is quick.
"""

import re
import sys
from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from camber.cli import (
    analyse,
    ask,
    compare,
    config,
    demo,
    export,
    import_,
    legs,
    note,
    open_,
    report,
    roads,
    runs,
    standards,
    start,
    suggest,
    tell,
    terrain,
)
from camber.cli.session import Exit, Session, error_line, exit_code

_PANELS: Final = {
    "Begin": ("start", "open", "demo", "import", "analyse"),
    "Reports": ("week", "month", "year", "report", "suggest"),
    "Runs and streets": ("runs", "show", "weeks", "compare", "ask", "tell", "note", "legs"),
    "Sharing": ("export", "zones"),
    "Map and ground": ("roads", "terrain"),
    "Behind the scenes": ("config", "check", "standards", "simulate"),
}


class Panels(TyperGroup):
    """The commands in the order in which a runner meets them, under headings."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - typer may bring its own click
        """Write one list per heading; what no heading names comes last."""
        found = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        shown = {name: one for name, one in found.items() if one is not None and not one.hidden}
        named = [name for names in _PANELS.values() for name in names]
        panels = {**_PANELS, "More": tuple(name for name in shown if name not in named)}
        for title, names in panels.items():
            rows = [(name, shown[name].get_short_help_str(200)) for name in names if name in shown]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows, col_max=12)


app = typer.Typer(
    name="camber",
    cls=Panels,
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for commands in (start, demo, analyse, standards):
    app.add_typer(commands.app)
app.add_typer(config.app, name="config")
app.add_typer(roads.app, name="roads")
app.add_typer(terrain.app, name="terrain")
for commands in (open_, import_, runs, report, compare, legs, note, tell, suggest, ask, export):
    app.add_typer(commands.app)
app.add_typer(export.zones, name="zones")

_ANYWHERE = re.compile(r"-v+|-q|--verbose|--quiet|--no-color|--offline")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line with these arguments, or those of the process; gives the exit code."""
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
    rest = [a for a in arguments[:end] if a not in moved]
    # "week -1" is a week, and no option.
    back = [a for a in rest[1:] if rest[0] in {"week", "month", "year"} and re.fullmatch(r"-\d+", a)]
    behind = ["--", *back] if back else []
    return [
        *moved,
        *(a for a in rest if a not in back),
        *(behind or arguments[end : end + 1]),
        *arguments[end + 1 :],
    ]


def _version(asked: bool) -> None:
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
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours; NO_COLOR works too.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Never touch the network.")] = False,
    version: Annotated[  # noqa: ARG001 - the callback does the work
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show versions and leave.")
    ] = False,
) -> None:
    """Which leg was low on a cambered road, how steeply and for how long, and how sure that is."""
    context.obj = Session(verbosity=-1 if quiet else verbose, colour=not no_color, offline=offline)
    if context.invoked_subcommand is None:
        start.say_where(context.obj)
