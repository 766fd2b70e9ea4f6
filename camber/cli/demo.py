"""``camber demo`` and ``camber simulate``: simulated recordings on real streets, and their truth."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

import camber
from camber.cli.options import NoOpen
from camber.errors import RoadsError
from camber.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from camber.cli.session import Session
    from camber.schema import Analysis

app = typer.Typer(rich_markup_mode=None)

SIMULATED: Final = (
    "Simulated recordings on real streets: nobody ran these. Streets from OpenStreetMap, runner and "
    "positioning errors from camber.simulate."
)
"""Said wherever the sample is shown."""

EXTRACTS: Final = ("kouvola.osm.pbf", "helsinki.osm.pbf")


@app.command()
def demo(
    context: typer.Context,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for all that is written.")
    ] = Path("camber-demo"),
    no_open: NoOpen = False,
    check: Annotated[
        bool, typer.Option("--check", help="Hold six other runs against the simulated truth instead.")
    ] = False,
) -> None:
    """Show ten weeks of a simulated runner, in a few lines and as a page.

    Real streets, no network.
    """
    if check:
        _check(context.obj, output)
        return
    from camber.cli.analyse import say_if_compiling
    from camber.cli.start import How, begin
    from camber.simulate import Season, season_files, simulate_season

    session: Session = context.obj
    say_if_compiling(session)
    streets = sample_folder() / EXTRACTS[0]
    recordings = output / "recordings"
    with session.at_home(output / "library"):
        for name, content in season_files(simulate_season(camber.read_roads(streets), Season())).items():
            write_whole(recordings / name, content)
        how = How(no_open=no_open, asks=False, next_step="camber start EXPORT for your own runs")
        begin(session, [recordings], [streets], output, how)


def _check(session: "Session", output: Path) -> None:
    """Analyse the sample week file by file, and print each run and the total beside the truth."""
    from camber.cli.analyse import analyse_files, write_files
    from camber.cli.outputs import Outputs
    from camber.library.place import roads_cache

    folder = sample_folder()
    found = analyse_files(
        sorted((folder / "week").glob("*.gpx")),
        [folder / name for name in EXTRACTS],
        session,
        settings=session.preferences.settings,
        cache=roads_cache(),
        remarks=(SIMULATED,),
    )
    write_files(found, Outputs(), session)
    for part in truth_beside(
        found.analyses, session.preferences.units, true_totals(folder / "week" / "truth.csv")
    ):
        session.show(part)
    write_files(found, Outputs(output=output / "week.html"), session)
    for name, picture in _pictures(found.analyses, session.preferences.units):
        session.say(f"wrote {write_whole(output / name, picture)}")


@app.command()
def simulate(
    context: typer.Context,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the files.")],
    seed: Annotated[int | None, typer.Option(min=0, help="Default: the seed of the sample.")] = None,
) -> None:
    """Write a week of simulated recordings on real streets, with its truth."""
    from camber.simulate import WEEK_SEED, sample_week, week_files

    kouvola, helsinki = (camber.read_roads(sample_folder() / name) for name in EXTRACTS)
    week = sample_week(kouvola, helsinki, seed=WEEK_SEED if seed is None else seed)
    for name, content in week_files(week).items():
        context.obj.say(f"wrote {write_whole(output / name, content)}")


def sample_folder() -> Path:
    """Find the sample, in the installed package or in a checkout beside it; RoadsError if in neither."""
    package = Path(camber.__file__).resolve().parent
    places = (package / "sample", package.parent / "data")
    for place in places:
        if all((place / name).is_file() for name in EXTRACTS):
            return place
    message = "the sample that comes with camber is missing: install camber again"
    raise RoadsError(message, path=places[0])


def true_totals(path: Path) -> dict[str, dict[str, float]]:
    """Read the true metres [m] of ``truth.csv``, by file name and column; empty without such a file."""
    from camber.report.wording import LEG_WORDS

    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["file"]: {name: float(row[name]) for name in ("distance_m", *LEG_WORDS)} for row in rows}


def truth_beside(
    analyses: "Sequence[Analysis]", units: str, truth: dict[str, dict[str, float]]
) -> tuple["RenderableType", ...]:
    """Draw a table of truth and 90 % interval, one row per run and leg, and say how often it holds."""
    from rich.text import Text

    from camber.report.text import bare_table
    from camber.report.wording import LEG_WORDS, distance_text, range_text, start_text

    table = bare_table()
    for title, side in (("simulated run", "left"), ("", "left"), ("truth", "right"), ("median", "right"),
                        ("90 % interval", "right"), ("truth in it", "left")):  # fmt: skip
        table.add_column(Text(title), justify="right" if side == "right" else "left")
    inside = []
    for analysis in analyses:
        known = truth.get(analysis.recording.source)
        for place, field in enumerate(("left_low_m", "right_low_m") if known else ()):
            interval, true_m = getattr(analysis.summary, field), known[field] if known else 0.0
            inside.append(interval.low <= true_m <= interval.high)
            day = start_text(analysis.summary.started_at, analysis.summary.time_zone).rpartition(" ")[0]
            table.add_row(day if place == 0 else "", LEG_WORDS[field], distance_text(true_m, units),
                          distance_text(interval.median, units), range_text(interval, units),
                          "yes" if inside[-1] else "no")  # fmt: skip
    return table, Text(f"The truth lies in {sum(inside)} of {len(inside)} intervals of 90 %.")


def _pictures(analyses: "Sequence[Analysis]", units: str) -> "Iterator[tuple[str, bytes]]":
    """Draw a map of each run and bars of all, as PNG, with the names of their files."""
    from camber.report.figures import figure_of, figure_png, plot_shares
    from camber.report.wording import plain

    for analysis in analyses:
        axes = camber.plot_map(analysis, units=units)
        axes.set_title(plain(analysis.summary.title, 60), parse_math=False)
        yield f"map_{Path(analysis.recording.source).stem}.png", figure_png(figure_of(axes))
    bars = plot_shares([a.summary for a in analyses])
    yield "bars.png", figure_png(figure_of(bars))
