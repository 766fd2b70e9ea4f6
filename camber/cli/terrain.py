"""Commands around measured slopes: ``camber terrain add|add-lines|status|measure|wanted|remove``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

import camber
from camber.cli.options import RoadFiles
from camber.cli.session import Exit, Session
from camber.errors import TerrainError

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    rich_markup_mode=None, help="Measure your streets in terrain models that agencies give away."
)

_LEAST_YEAR, _LAST_YEAR = 1990, 2100

Flown = Annotated[
    int | None,
    typer.Option(metavar="YEAR", min=_LEAST_YEAR, max=_LAST_YEAR, help="When it was flown or surveyed."),
]


@app.command()
def add(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="FOLDER|FILE...", help="GeoTIFF, ASCII or XYZ grid, VRT, LAS, LAZ, or zip."),
    ],
    flown: Flown = None,
    crs: Annotated[
        str | None,
        typer.Option(metavar="EPSG:...", help="Coordinate system of files that do not name theirs."),
    ] = None,
) -> None:
    """Take note of terrain models; they are read where they lie, and never copied."""
    from camber.library.surveys import note_survey
    from camber.terrain.headers import read_header, terrain_files

    session: Session = context.obj
    found = list(terrain_files(paths))
    new, failures = [], []
    with session.steps("looking at terrain models", len(found)) as tell:
        for path, member in found:
            tell(path.name)
            try:
                new.append(read_header(path, member, flown=flown, crs=crs))
            except TerrainError as error:
                failures.append(error)
    with camber.open_library() as library, library.writing() as connection:
        count = sum(note_survey(connection, one) for one in new)
    session.say_each([str(error) for error in failures])
    if not new:
        session.say("there is no terrain model in it that can be used", at=-1)
        raise typer.Exit(Exit.NO_INPUT)
    session.write(f"{len(new)} terrain models, {count} of them new\n")
    undated = sum(one.year is None for one in new)
    if undated:
        session.say(f"of {undated} the name tells no year: --flown YEAR does, and old ones are trusted less")
    session.say("Next: camber terrain measure, or camber analyse --all, which measures what is missing")


@app.command("add-lines")
def add_lines(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Lines in any format of vector data.")],
    slope: Annotated[
        str, typer.Option(metavar="COLUMN", help="Cross slope, > 0 falls right of the line.")
    ] = "",
    left: Annotated[str, typer.Option(metavar="COLUMN", help="Of the half left of the line.")] = "",
    right: Annotated[str, typer.Option(metavar="COLUMN", help="Of the half right of the line.")] = "",
    unit: Annotated[Literal["pct", "deg"], typer.Option(help="Unit of the columns.")] = "pct",
    unsigned: Annotated[
        bool, typer.Option("--unsigned", help="They say how steep it is, and not to which side.")
    ] = False,
    flown: Annotated[
        int | None,
        typer.Option(
            "--surveyed", metavar="YEAR", min=_LEAST_YEAR, max=_LAST_YEAR, help="When it was surveyed."
        ),
    ] = None,
) -> None:
    """Take note of cross slopes that were surveyed along lines, such as a road authority's inventory."""
    from camber.library.surveys import note_survey
    from camber.terrain.inventories import SlopeLines, read_lines

    session: Session = context.obj
    if not (slope or (left and right)):
        raise typer.BadParameter("give --slope COLUMN, or --left and --right", param_hint="--slope")
    place = file.resolve()
    if not place.is_file():
        raise TerrainError("is not there", path=file, code="moved")
    at = place.stat()
    lines = SlopeLines(
        str(place), slope, left, right, unit, unsigned, flown, size=at.st_size, changed_ns=at.st_mtime_ns
    )
    found = read_lines(lines)
    with camber.open_library() as library, library.writing() as connection:
        note_survey(connection, lines)
    session.write(f"{len(found.left_pct)} lines with a cross slope\n")
    session.say("Next: camber terrain measure, or camber analyse --all")


@app.command()
def remove(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="FOLDER|FILE...", help="What to forget.")],
) -> None:
    """Forget terrain models or inventories, and what was measured with them; the files stay."""
    from camber.library.surveys import forget_survey

    with camber.open_library() as library, library.writing() as connection:
        count = sum(forget_survey(connection, path) for path in paths)
    context.obj.write(f"{count} files forgotten\n")
    context.obj.say("Next: camber analyse --all")


@app.command()
def status(context: typer.Context) -> None:
    """Tell which terrain models are known, their cells and years, and how much of your streets they cover."""
    from camber.library.surveying import faults
    from camber.library.surveys import coverage, present, surveys

    session: Session = context.obj
    with camber.open_library() as library:
        files = surveys(library.connection)
        if not files:
            session.say(
                "no terrain model is known yet: camber terrain wanted names the tiles you need", at=-1
            )
            return
        session.write("\n".join(kinds_of(files)) + "\n")
        covered = coverage(library.connection, files)
        if covered.run_m:
            share = f"{covered.covered_m / covered.run_m:.0%} of {covered.run_m / 1000.0:.0f} km"
            measured = f"{covered.measured_m / 1000.0:.0f} km of ways are measured"
            session.write(f"they cover {share} of streets and paths that you ran; {measured}\n")
        session.say_each([*present(library.connection).problems, *faults(library)])


def kinds_of(files: "Sequence[object]") -> list[str]:
    """Write a line for each kind of file: how many, their cell and year."""
    from collections import Counter

    from camber.terrain.headers import TerrainFile

    kinds: Counter[str] = Counter()
    for one in files:
        if isinstance(one, TerrainFile):
            what = (
                f"clouds, a ground return each {one.cell_m:.1f} m"
                if one.is_cloud
                else f"grids of {one.cell_m:.2g} m"
            )
            kinds[f"{what}, {f'flown {one.year}' if one.year else 'of an unknown year'}"] += 1
        else:
            kinds["inventories"] += 1
    return [f"{count} {kind}" for kind, count in sorted(kinds.items())]


@app.command()
def measure(
    context: typer.Context,
    runs: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN...]", help="Numbers of runs, or last; default: all.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All runs.")] = False,  # noqa: ARG001 - as without
    roads: RoadFiles = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes on this machine.")] = None,
) -> None:
    """Measure the ways of your runs, each once; stop it at any time, the same command goes on."""
    measure_ways(context.obj, runs or [], roads or [], workers)


def measure_ways(
    session: Session, runs: "Sequence[str]" = (), roads: "Sequence[Path]" = (), workers: int | None = None
) -> None:
    """Measure the ways of runs, of all of them where none is named, and say what came of it."""
    from camber.cli.analyse import road_choices, watching
    from camber.cli.chosen import run_number
    from camber.library.batch import measure_library

    usual = session.preferences
    choices = road_choices(roads, usual.country or None)
    with camber.open_library() as library, session.steps("measuring", lines=True) as tell:
        wanted = {run_number(library, name) for name in runs}
        done = measure_library(
            library, choices, usual.settings, runs=wanted, workers=workers, watch=watching(session, tell)
        )
    session.write(f"{done.ways} ways: {done.measured} measured, {done.kept} measured before\n")
    session.say_each(done.problems)
    if done.measured:
        session.say("Next: camber analyse --all")


@app.command()
def wanted(context: typer.Context) -> None:
    """Name the tiles that your runs need as their agency names them, and the page that has them."""
    say_wanted(context.obj)


def say_wanted(session: Session) -> None:
    """Say which tiles are wanted, page by page."""
    from camber.library.surveys import places_without

    with camber.open_library() as library:
        longitude, latitude = places_without(library)
    from camber.terrain.agencies import tiles_at

    tiles = tiles_at(longitude, latitude) if len(longitude) else []
    if not tiles:
        nothing = "everything is covered" if not len(longitude) else "no agency is known where you run"
        session.say(f"{nothing}: camber terrain add takes any terrain model of 1 m or finer", at=-1)
        return
    for page in dict.fromkeys(tile.page for tile in tiles):
        names = [tile.name for tile in tiles if tile.page == page and tile.name]
        what = f"{len(names)} tiles" if names else "the tiles of where you run"
        session.say(f"{what} from {page}")
        session.write("".join(f"{name}\n" for name in names))
    session.say("Next: download them into one folder, then camber terrain add FOLDER")
