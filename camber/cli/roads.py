"""Commands around the map: ``camber roads add|fetch|status|refresh|prune``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camber.cli.options import DryRun, Server, Yes
from camber.cli.session import Exit, Session, roads_cache

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camber.roads.grid import Tile
    from camber.roads.large_file import Added
    from camber.roads.tiles import TileStore

app = typer.Typer(rich_markup_mode=None, help="Get and keep the map that your runs need.")


@app.command()
def add(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="OpenStreetMap extracts of any size.")
    ],
    runs: Annotated[
        list[Path] | None,
        typer.Option("--for", metavar="RUN", help="Keep what this recording needs; default: your library."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Keep all of the extract.")] = False,
    bbox: Annotated[str | None, typer.Option(metavar="W,S,E,N", help="Keep this box, in degrees.")] = None,
) -> None:
    """Take roads from extracts (.osm.pbf, .osm, .osm.gz, .osm.bz2), without the network.

    Only the tiles of the map that your runs touch are kept.
    """
    from camber.cli.road_tiles import tracks_of_files, tracks_of_library
    from camber.roads.grid import tiles_of_box
    from camber.roads.large_file import add_file
    from camber.roads.needed_tiles import touched_tiles
    from camber.roads.tiles import TileStore

    session: Session = context.obj
    store = TileStore(roads_cache())
    wanted = None
    if bbox is not None:
        wanted = tiles_of_box(bbox)
    elif not everything:
        wanted = touched_tiles(tracks_of_files(runs, session) if runs else tracks_of_library())
        if not wanted:
            session.say("there are no runs yet: import some first, or give --for RUN, --bbox or --all", at=-1)
            raise typer.Exit(Exit.NO_INPUT)
    for path in files:
        with session.steps(path.name) as tell:
            added = add_file(path, store, wanted, progress=tell)
        session.say(added_text(path.name, added))


def added_text(name: str, added: "Added") -> str:
    """Say what came of an extract.

    Parameters
    ----------
    name : str
        Its base name.
    added : Added
        What came of it.

    Returns
    -------
    str
        Some sentences.
    """
    date = f", data of {added.osm_date[:10]}" if added.osm_date else ""
    lines = [f"{name}: kept {len(added.kept)} tiles with {added.ways} ways{date}"]
    if added.cut:
        lines.append(f"  {len(added.cut)} of them at its border: roads may be missing there")
    if added.older:
        lines.append(f"  {len(added.older)} tiles left as they were: what is kept of them is newer or whole")
    if added.outside:
        lines.append(
            f"  {len(added.outside)} tiles that runs need lie outside of it: see `camber roads fetch`"
        )
    return "\n".join(lines)


@app.command()
def fetch(
    context: typer.Context,
    runs: Annotated[
        list[Path] | None, typer.Argument(metavar="[RUN...]", help="Recordings; default: your library.")
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    server: Server = None,
) -> None:
    """Fetch the roads that your runs need from an Overpass server, one tile at a time.

    It says first how much that is, and asks. What is there is not fetched again; after an interruption the
    same command goes on where it was.
    """
    from camber.cli.road_tiles import needed_text, needed_tiles, tracks_of_files, tracks_of_library
    from camber.roads.tiles import TileStore

    session: Session = context.obj
    store = TileStore(roads_cache())
    needed = needed_tiles(tracks_of_files(runs, session) if runs else tracks_of_library(), store)
    if not needed.tracks:
        session.say("there are no runs in your library yet: import some first, or give RUN", at=-1)
        raise typer.Exit(Exit.NO_INPUT)
    session.write(needed_text(needed) + "\n", None)
    _fetch(needed.lacking, store, session, server, dry_run=dry_run, yes=yes)


def _fetch(
    tiles: "Sequence[Tile]",
    store: "TileStore",
    session: Session,
    server: str | None,
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    from camber.cli.road_tiles import fetch_all, fetching_of

    if dry_run or not tiles:
        return
    how = fetching_of(session, server)
    if not yes:
        if not session.err.is_terminal:
            session.say("nothing was fetched: give --yes where nobody can be asked", at=-1)
            raise typer.Exit(Exit.USAGE)
        typer.confirm(f"Fetch from {how.server}?", abort=True, err=True)
    if fetch_all(tiles, store, how, session):
        raise typer.Exit(Exit.NO_ROADS)


@app.command()
def status(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Open every tile to see whether it is sound.")
    ] = False,
) -> None:
    """Tell which parts of the map are kept, how old they are, and where they come from."""
    from camber.cli.road_tiles import status_text
    from camber.roads.tiles import TileStore

    session: Session = context.obj
    session.write(status_text(TileStore(roads_cache()), check=check) + "\n", None)


@app.command()
def refresh(
    context: typer.Context,
    days: Annotated[
        float | None, typer.Option(min=0, help="Fetch tiles whose data are older than this; default: 180.")
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    server: Server = None,
) -> None:
    """Fetch anew what has become old; the old roads stay until the new ones are there."""
    from camber.cli.road_tiles import OLD_DAYS
    from camber.roads.tiles import TileStore

    session: Session = context.obj
    store = TileStore(roads_cache())
    age = OLD_DAYS if days is None else days
    tiles = store.old(age)
    session.write(f"{len(tiles)} of {len(store.tiles())} tiles are older than {age:.0f} days\n", None)
    _fetch(tiles, store, session, server, dry_run=dry_run, yes=yes)


@app.command()
def prune(
    context: typer.Context,
    most_mb: Annotated[float, typer.Option("--max-mb", min=0, help="Keep tiles up to this size.")] = 1e6,
    unused: Annotated[
        bool, typer.Option("--unused", help="Remove tiles that no run of your library needs.")
    ] = False,
) -> None:
    """Make room: remove what can be made again, what was damaged and, if asked for, tiles."""
    from camber.cli.road_tiles import tracks_of_library
    from camber.roads.needed_tiles import touched_tiles
    from camber.roads.tiles import TileStore

    session: Session = context.obj
    needed = touched_tiles(tracks_of_library()) if unused else None
    tiles, freed = TileStore(roads_cache()).prune(most_bytes=most_mb * 1e6, needed=needed)
    session.write(f"removed {tiles} tiles; {freed / 1e6:.1f} MB freed\n", None)
