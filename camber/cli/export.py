"""Commands about what leaves the library: ``camber export`` and ``camber zones``."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import camber

if TYPE_CHECKING:
    from camber.cli.session import Session

app = typer.Typer(rich_markup_mode=None)
zones = typer.Typer(rich_markup_mode=None, help="Places that no export shows, such as your home.")


class ExportFormat(StrEnum):
    """How an export is written."""

    CSV = "csv"
    PARQUET = "parquet"
    GPKG = "gpkg"
    GEOJSON = "geojson"


@app.command()
def export(
    context: typer.Context,
    kind: Annotated[ExportFormat, typer.Option("--format", help="How to write it.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="PATH", help="Default: camber.FORMAT here.")
    ] = None,
    run: Annotated[
        list[int] | None, typer.Option("--run", metavar="RUN", help="Only this run; may be repeated.")
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="For yourself: with what your privacy zones hide.")
    ] = False,
) -> None:
    """Write all intervals of your runs to one file; what your privacy zones hide is left out."""
    from camber.library.privacy import list_zones
    from camber.report.stretches_file import write_stretches

    session: Session = context.obj
    with camber.open_library() as library:
        frame = library.runs()
        chosen = run or [int(n) for n in frame.index[frame["state"] == "analysed"]] if len(frame) else []
        stretches = library.stretches(chosen, public=not whole)
        hidden = bool(list_zones(library.connection))
    for path in write_stretches(stretches, output or Path(f"camber.{kind}"), kind):
        session.say(f"wrote {path}")
    if not whole and not hidden:
        session.say("there are no privacy zones: the file shows where you start (`camber zones add`)")


@zones.command("list")
def zones_list(context: typer.Context) -> None:
    """List your privacy zones."""
    from camber.library.privacy import list_zones

    with camber.open_library() as library:
        found = list_zones(library.connection)
    for zone in found:
        place = f"{zone.latitude_deg:.5f} {zone.longitude_deg:.5f}"
        typer.echo(f"{zone.zone}  {place}  {zone.radius_m:.0f} m  {zone.source}  {zone.name}".rstrip())
    if not found:
        context.obj.say("there are none; `camber zones add LATITUDE LONGITUDE` adds one")


@zones.command("add", context_settings={"ignore_unknown_options": True})
def zones_add(
    context: typer.Context,
    latitude: Annotated[float, typer.Argument(metavar="LATITUDE", help="In degrees.")],
    longitude: Annotated[float, typer.Argument(metavar="LONGITUDE", help="In degrees.")],
    radius: Annotated[float, typer.Option("--radius", metavar="M", help="In metres, 200 to 1600.")] = 400.0,
    name: Annotated[str, typer.Option("--name", help="For yourself.")] = "",
) -> None:
    """Add a place that no export shows. What is cut is larger, and cut where roads meet."""
    from camber.library.privacy import add_zone
    from camber.report.wording import plain

    with camber.open_library() as library:
        add_zone(library.connection, latitude, longitude, radius, plain(name, 60))
    context.obj.say("added")


@zones.command("remove")
def zones_remove(
    context: typer.Context, zone: Annotated[int, typer.Argument(help="Its number in the list.")]
) -> None:
    """Remove a privacy zone."""
    from camber.library.privacy import remove_zone

    with camber.open_library() as library:
        remove_zone(library.connection, zone)
    context.obj.say("removed")
