"""Commands around the map: ``camber roads add|fetch|status|refresh|prune``."""

from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

import camber
from camber.cli.options import DryRun, Server, Yes
from camber.cli.session import Exit, Session
from camber.errors import CamberError, MissingTilesError, RoadsError
from camber.library.place import roads_cache

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    import numpy as np

    from camber.longitudes import Bounds
    from camber.roads.grid import Tile
    from camber.roads.needed_tiles import NeededTiles
    from camber.roads.overpass import Fetching
    from camber.roads.tiles import Added, TileStore
    from camber.schema import Recording, Roads

    Track = tuple[np.ndarray, np.ndarray]
    """Longitude and latitude of the fixes of a run [deg]."""

    RoadsFor = Callable[[Recording, Path], Roads]
    """Gives the roads for a recording, which came from a file."""

app = typer.Typer(rich_markup_mode=None, help="Get and keep the map that your runs need.")

_OLD_DAYS: Final = 180.0
"""Age from which tiles are called old [days] (judgement: half a year)."""

_MOST_AREAS: Final = 8


@app.command()
def add(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="OpenStreetMap extracts of any size.")],
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
    from camber.roads.grid import tiles_of_box
    from camber.roads.needed_tiles import touched_tiles

    session: Session = context.obj
    wanted = None
    if bbox is not None:
        wanted = tiles_of_box(bbox)
    elif not everything:
        wanted = touched_tiles(_tracks(runs, session))
        if not wanted:
            session.say("there are no runs yet: import some first, or give --for RUN, --bbox or --all", at=-1)
            raise typer.Exit(Exit.NO_INPUT)
    add_extracts(session, files, wanted)


def add_extracts(session: Session, files: "Sequence[Path]", wanted: "Collection[Tile] | None") -> None:
    """Keep tiles of extracts, those that are wanted or all, and say what came of each file."""
    from camber.roads.tiles import TileStore, add_file

    for path in files:
        with session.steps(path.name) as tell:
            added = add_file(path, TileStore(roads_cache()), wanted, progress=tell)
        session.say(_added_text(path.name, added))


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
    from camber.roads.tiles import TileStore

    session: Session = context.obj
    store = TileStore(roads_cache())
    needed = tiles_needed(_tracks(runs, session), store)
    if not needed.tracks:
        session.say("there are no runs in your library yet: import some first, or give RUN", at=-1)
        raise typer.Exit(Exit.NO_INPUT)
    session.write(_needed_text(needed) + "\n")
    if not dry_run:
        fetch_asked(needed.lacking, store, session, server, yes=yes)


@app.command()
def status(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Open every tile to see whether it is sound.")
    ] = False,
) -> None:
    """Tell which parts of the map are kept, how old they are, and where they come from."""
    from camber.roads.tiles import TileStore

    context.obj.write(_status_text(TileStore(roads_cache()), check=check) + "\n")


@app.command()
def refresh(
    context: typer.Context,
    days: Annotated[
        float,
        typer.Option(
            min=0, show_default=False, help="Fetch tiles whose data are older than this; default: 180."
        ),
    ] = _OLD_DAYS,
    dry_run: DryRun = False,
    yes: Yes = False,
    server: Server = None,
) -> None:
    """Fetch anew what has become old; the old roads stay until the new ones are there."""
    from camber.roads.tiles import TileStore

    session: Session = context.obj
    store = TileStore(roads_cache())
    tiles = store.old(days)
    session.write(f"{len(tiles)} of {len(store.tiles())} tiles are older than {days:.0f} days\n")
    if not dry_run:
        fetch_asked(tiles, store, session, server, yes=yes)


@app.command()
def prune(
    context: typer.Context,
    most_mb: Annotated[float, typer.Option("--max-mb", min=0, help="Keep tiles up to this size.")] = 1e6,
    unused: Annotated[
        bool, typer.Option("--unused", help="Remove tiles that no run of your library needs.")
    ] = False,
) -> None:
    """Make room: remove what can be made again, what was damaged and, if asked for, tiles."""
    from camber.roads.needed_tiles import touched_tiles
    from camber.roads.tiles import TileStore

    session: Session = context.obj
    needed = touched_tiles(_tracks(None, session)) if unused else None
    tiles, freed = TileStore(roads_cache()).prune(most_bytes=most_mb * 1e6, needed=needed)
    session.write(f"removed {tiles} tiles; {freed / 1e6:.1f} MB freed\n")


def kept_roads(session: Session, country: str | None, *, fetch: bool = False) -> "RoadsFor":
    """Take for each recording the tiles that are kept, and fetch what is missing if that was asked for."""
    from camber.roads.tiles import TileStore, open_around

    how = _how_to_fetch(session) if fetch else None

    def around(recording: "Recording", path: Path) -> "Roads":
        track = _track(recording)
        opened = partial(open_around, roads_cache(), *track, country=country)
        try:
            return opened(run=path)
        except MissingTilesError:
            if how is None:
                raise
        store = TileStore(roads_cache())
        lacking = tiles_needed([track], store).lacking
        session.say(f"{recording.source}: fetching {len(lacking)} tiles of the map")
        _fetch(lacking, store, session, how)
        return opened()

    return around


def roads_within(
    bounds_deg: "Bounds", files: "Sequence[Path]" = (), *, country: str | None = None
) -> "Roads":
    """Open what is there of an area: of some extracts that which holds most of it, without any kept tiles.

    Raises
    ------
    RoadsError
        If nothing of the area is there.
    """
    from camber.longitudes import overlap_deg2
    from camber.roads.tiles import TileStore, open_tiles

    if files:
        extracts = [camber.read_roads(file, country=country, cache=roads_cache()) for file in files]
        return max(extracts, key=lambda roads: overlap_deg2(roads.bounds_deg, bounds_deg))
    kept = TileStore(roads_cache()).tiles()
    here = [tile for tile in kept if overlap_deg2(tile.bounds_deg, bounds_deg) > 0.0]
    if not here:
        text = "the map around your privacy zones is not kept: `camber roads fetch` gets it; or give --roads"
        raise RoadsError(text, path="roads")
    return open_tiles(roads_cache(), here, country=country)


def _track(recording: "Recording") -> "Track":
    fixes = recording.fixes
    return fixes["longitude_deg"].to_numpy(), fixes["latitude_deg"].to_numpy()


def _tracks(paths: "Sequence[Path] | None", session: Session) -> "Iterator[Track]":
    """Give the fixes of recordings, or of all runs in the library.

    Recordings that cannot be read are said and left out; if none can, the last failure is raised.
    """
    if not paths:
        with camber.open_library() as library:
            for _, longitude, latitude in library.positions():
                yield longitude, latitude
        return
    failures = []
    for path in paths:
        try:
            yield from map(_track, camber.read_recordings(path))
        except CamberError as error:
            session.say(f"skipped: {error}", at=-1)
            failures.append(error)
    if len(failures) == len(paths):
        raise failures[-1]


def tiles_needed(tracks: "Iterable[Track]", store: "TileStore") -> "NeededTiles":
    """Find what runs need beyond what is kept; tiles that an extract may have cut are to be fetched too."""
    from camber.roads.needed_tiles import find_needed_tiles

    return find_needed_tiles(tracks, [tile for tile, head in store.heads().items() if head and head.whole])


def _how_to_fetch(session: Session, server: str | None = None) -> "Fetching":
    """Name the server and its limits; RoadsError if the network is forbidden or the address is none."""
    from camber.roads.overpass import Fetching, check_server

    if session.offline:
        text = "the network is needed, which --offline forbids; leave it out, or `camber roads add` a file."
        raise RoadsError(text, path="roads")
    return Fetching(server=check_server(server or session.preferences.overpass_server))


def fetch_asked(
    tiles: "Sequence[Tile]", store: "TileStore", session: Session, server: str | None, *, yes: bool
) -> None:
    """Fetch tiles once that was agreed to."""
    if not tiles:
        return
    how = _how_to_fetch(session, server)
    if not yes:
        if not session.err.is_terminal:
            session.say("nothing was fetched: give --yes where nobody can be asked", at=-1)
            raise typer.Exit(Exit.USAGE)
        typer.confirm(f"Fetch from {how.server}?", abort=True, err=True)
    if _fetch(tiles, store, session, how):
        raise typer.Exit(Exit.NO_ROADS)


def _fetch(tiles: "Sequence[Tile]", store: "TileStore", session: Session, how: "Fetching") -> int:
    """Fetch tiles in this order and say what came of it; the number of those that could not be had."""
    from camber.roads.overpass import fetch_tiles

    with session.steps("fetching roads", len(tiles)) as tell:
        failures = fetch_tiles(tiles, store, how, done=lambda *_: tell())
    for failure in failures:
        session.say(f"not fetched: {failure}", at=-1)
    session.say(f"fetched {len(tiles) - len(failures)} of {len(tiles)} tiles. © OpenStreetMap contributors")
    return len(failures)


def _added_text(name: str, added: "Added") -> str:
    date = f", data of {added.osm_date[:10]}" if added.osm_date else ""
    lines = [f"{name}: kept {len(added.kept)} tiles with {added.ways} ways{date}"]
    for tiles, words in (
        (added.cut, "of them at its border: roads may be missing there"),
        (added.older, "tiles left as they were: what is kept of them is newer or whole"),
        (added.outside, "tiles that runs need lie outside of it: see `camber roads fetch`"),
    ):
        if tiles:
            lines.append(f"  {len(tiles)} {words}")
    return "\n".join(lines)


def _needed_text(needed: "NeededTiles") -> str:
    """Say what tiles cost: area, requests, size, time, and the extracts that would do instead."""
    from camber.roads.needed_tiles import regions_of

    lacking = needed.lacking
    needs = f"{len(needed.tiles)} tiles of the map in {len(needed.clusters)} areas"
    there = len(needed.tiles) - len(lacking)
    lines = [f"{needed.tracks} runs need {needs}; {there} of them are there."]
    if needed.dropped:
        lines.append(f"{len(needed.dropped)} more tiles hold hardly any running and are left out.")
    if lacking:
        lines.append(
            f"To fetch: {len(lacking)} tiles, {needed.area_km2:.0f} km², {len(lacking)} requests, about "
            f"{needed.expected_mb:.0f} MB and {max(needed.expected_s / 60.0, 1.0):.0f} min."
        )
    areas = [cluster for cluster in needed.clusters if cluster.lacking]
    for area in areas[:_MOST_AREAS]:
        west, south, _, _ = area.tiles[0].bounds_deg
        place = f"{abs(south):.1f} {'SN'[south >= 0.0]} {abs(west):.1f} {'WE'[west >= 0.0]}"
        lines.append(
            f"  around {place}: {area.running_m / 1000.0:.0f} km run, "
            f"{len(area.lacking)} of {len(area.tiles)} tiles"
        )
    lines += ["  ..."] if len(areas) > _MOST_AREAS else []
    for region in regions_of(lacking)[:3]:
        parts = f" (or the smallest part that covers your runs: {region.page})" if region.has_parts else ""
        lines.append(f"Instead: download {region.url}{parts}, then `camber roads add {region.file}`.")
    return "\n".join(lines)


def _status_text(store: "TileStore", *, check: bool) -> str:
    """Tell tiles, size, dates and sources; to check opens every tile, and puts damaged ones aside."""
    damaged = sum(store.read(tile) is None for tile in store.tiles()) if check else 0
    heads = store.heads()
    known = [head for head in heads.values() if head is not None]
    lines = [f"{store.place}: {len(known)} tiles, {sum(head.size for head in known) / 1e6:.1f} MB"]
    dates = sorted(head.osm_date for head in known if head.osm_date)
    if dates:
        lines.append(f"OpenStreetMap data of {dates[0][:10]} to {dates[-1][:10]}")
    sources = Counter(head.source for head in known)
    lines += [f"  {number} tiles from {source}" for source, number in sorted(sources.items())]
    opened, aside = store.opened(), store.put_aside()
    size = sum(path.stat().st_size for path in opened)
    cut, other = sum(not head.whole for head in known), len(heads) - len(known)
    old = f"are older than {_OLD_DAYS:.0f} days: `camber roads refresh` fetches them again."
    for number, words in (
        (len(store.old(_OLD_DAYS)), f"tiles {old}"),
        (cut, "tiles lie at the border of an extract: `camber roads fetch` makes them whole."),
        (other, "tiles are of another version or damaged: `camber roads fetch` gets them again."),
        (damaged, "damaged tiles were put aside: `camber roads fetch` gets them again."),
    ):
        if number:
            lines.append(f"{number} {words}")
    lines.append(f"{len(opened)} road sets opened before, {size / 1e6:.1f} MB")
    if aside:
        lines.append(f"{len(aside)} damaged files put aside; `camber roads prune` removes them")
    return "\n".join([*lines, "© OpenStreetMap contributors"])
