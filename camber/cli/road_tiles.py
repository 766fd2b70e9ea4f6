"""What the commands around roads do: say which tiles runs need, get them, tell what is kept, make room."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from camber.errors import CamberError, MissingTilesError, RoadsError
from camber.roads.grid import Tile, tiles_of_keys
from camber.roads.plan import Plan, metres_by_tile, plan_tiles
from camber.roads.regions import regions_of
from camber.roads.tile_store import TileStore
from camber.roads.tiles import open_tiles, trim_opened, usable_tiles

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy as np

    from camber.cli.session import Session
    from camber.roads.overpass import Fetching
    from camber.schema import Recording, Roads

    Track = tuple[np.ndarray, np.ndarray]

OLD_DAYS: Final = 180.0
"""Age from which tiles are called old [days] (users.md section 4)."""


class OfflineError(RoadsError):
    """The network was asked for together with ``--offline``."""


def tracks_of_files(paths: Sequence[Path], session: Session) -> Iterator[Track]:
    """Give the fixes of recordings; those that cannot be read are said and left out.

    Parameters
    ----------
    paths : sequence of Path
        Recordings.
    session : Session
        Where to say it.

    Yields
    ------
    tuple of ndarray
        Longitude and latitude [deg].

    Raises
    ------
    CamberError
        The last failure, if none can be read.
    """
    from camber.recording import read_recording

    read, failure = 0, None
    for path in paths:
        try:
            fixes = read_recording(path).fixes
        except CamberError as error:
            session.say(f"skipped: {error}", at=-1)
            failure = error
            continue
        read += 1
        yield fixes["longitude_deg"].to_numpy(), fixes["latitude_deg"].to_numpy()
    if failure is not None and not read:
        raise failure


def tracks_of_library() -> Iterator[Track]:
    """Give the fixes of all runs in the library.

    Yields
    ------
    tuple of ndarray
        Longitude and latitude [deg].
    """
    from camber.library import open_library

    with open_library() as library:
        for _, longitude, latitude in library.positions():
            yield longitude, latitude


def plan_for(tracks: Iterable[Track], store: TileStore) -> Plan:
    """Plan what runs need beyond what is kept whole.

    Parameters
    ----------
    tracks : iterable of (longitude, latitude)
        Fixes of each run [deg].
    store : TileStore
        What is kept.

    Returns
    -------
    Plan
        The plan; tiles that an extract may have cut are to be fetched too.
    """
    heads = {tile: store.head(tile) for tile in store.tiles()}
    return plan_tiles(tracks, [tile for tile, head in heads.items() if head is not None and head.whole])


def plan_text(plan: Plan) -> str:
    """Say what a plan costs.

    Parameters
    ----------
    plan : Plan
        The plan.

    Returns
    -------
    str
        Some lines: area, requests, size, time, and the extracts that would do instead.
    """
    lacking = plan.lacking
    there = len(plan.tiles) - len(lacking)
    needs = f"{len(plan.tiles)} tiles of the map in {len(plan.clusters)} areas"
    lines = [f"{plan.tracks} runs need {needs}; {there} of them are there."]
    if plan.dropped:
        lines.append(f"{len(plan.dropped)} more tiles hold hardly any running and are left out.")
    if lacking:
        lines.append(
            f"To fetch: {len(lacking)} tiles, {plan.area_km2:.0f} km², {len(lacking)} requests, about "
            f"{plan.expected_mb:.0f} MB and {max(plan.expected_s / 60.0, 1.0):.0f} min."
        )
        for number, cluster in enumerate(c for c in plan.clusters if c.lacking):
            if number == 8:
                lines.append("  ...")
                break
            west, south, _, _ = cluster.tiles[0].bounds_deg
            lines.append(
                f"  around {south:.1f} N {west:.1f} E: {cluster.running_m / 1000.0:.0f} km run, "
                f"{len(cluster.lacking)} of {len(cluster.tiles)} tiles"
            )
    return "\n".join([*lines, *_instead(lacking)])


def _instead(tiles: Collection[Tile]) -> list[str]:
    """Say which extracts would cover tiles, without the network or with less of it."""
    lines = []
    for region in regions_of(tiles)[:3]:
        parts = f" (or the smallest part that covers your runs: {region.page})" if region.has_parts else ""
        lines.append(f"Instead: download {region.url}{parts}, then `camber roads add {region.file}`.")
    return lines


def fetching_of(session: Session, server: str | None = None) -> Fetching:
    """Say how a server is asked.

    Parameters
    ----------
    session : Session
        With the user's settings.
    server : str, optional
        Address of the server; without, that of the settings.

    Returns
    -------
    Fetching
        Server and limits.

    Raises
    ------
    OfflineError
        If the network must not be touched.
    RoadsError
        If the address is none.
    """
    from camber.roads.overpass import Fetching, check_server

    if session.offline:
        text = "the network is needed, which --offline forbids; leave it out, or `camber roads add` a file."
        raise OfflineError(text, path="roads")
    return Fetching(server=check_server(server or session.preferences.overpass_server))


def fetch_all(tiles: Sequence[Tile], store: TileStore, how: Fetching, session: Session) -> int:
    """Fetch tiles and say what came of it.

    Parameters
    ----------
    tiles : sequence of Tile
        The tiles, in this order.
    store : TileStore
        Where to keep them.
    how : Fetching
        Server and limits.
    session : Session
        Where to say it.

    Returns
    -------
    int
        Number of tiles that could not be had.
    """
    from camber.roads.overpass import fetch_tiles

    with session.steps("fetching roads", len(tiles)) as tell:
        failures = fetch_tiles(tiles, store, how, done=lambda *_: tell())
    for failure in failures:
        session.say(f"not fetched: {failure}", at=-1)
    session.say(f"fetched {len(tiles) - len(failures)} of {len(tiles)} tiles. © OpenStreetMap contributors")
    return len(failures)


@dataclass(frozen=True)
class TileRoads:
    """Roads for runs out of the tiles that are kept.

    Parameters
    ----------
    folder : Path
        The user's folder for roads.
    country : str or None
        Overrides the place of the roads.
    fetching : Fetching or None
        How tiles that are missing are fetched; None: they are not.
    """

    folder: Path
    country: str | None
    fetching: Fetching | None

    def of(self, recording: Recording, path: Path, session: Session) -> Roads:
        """Open the roads around a run.

        Parameters
        ----------
        recording : Recording
            The run.
        path : Path
            Its file, for the commands that would get what is missing.
        session : Session
            Where to say that something is fetched.

        Returns
        -------
        Roads
            All roads of the tiles around it.

        Raises
        ------
        MissingTilesError
            If tiles are missing and not to be fetched: which, and how to get them.
        RoadsError
            If they could not be fetched.
        """
        longitude = recording.fixes["longitude_deg"].to_numpy()
        latitude = recording.fixes["latitude_deg"].to_numpy()
        try:
            return self._open(longitude, latitude)
        except MissingTilesError as error:
            if self.fetching is None:
                raise _missing_for(path, error.tiles) from error
            plan = plan_for([(longitude, latitude)], TileStore(self.folder))
            session.say(f"{recording.source}: fetching {len(plan.lacking)} tiles of the map")
            fetch_all(plan.lacking, TileStore(self.folder), self.fetching, session)
        return self._open(longitude, latitude)

    def _open(self, longitude: np.ndarray, latitude: np.ndarray) -> Roads:
        tiles = usable_tiles(self.folder, longitude, latitude)
        return open_tiles(self.folder, tiles, country=self.country)


def _missing_for(run: Path, tiles: Collection[Tile]) -> MissingTilesError:
    names = ", ".join(tile.name for tile in sorted(tiles)[:8]) + (", ..." if len(tiles) > 8 else "")
    regions = regions_of(tiles)
    file = regions[0].file if regions else "FILE.osm.pbf"
    where = f" (from {regions[0].url})" if regions else ""
    text = (
        f"the roads around this run are not there yet ({len(tiles)} tiles: {names}). Get them with "
        f"`camber roads fetch {run}`, or without a server of map data with "
        f"`camber roads add {file} --for {run}`{where}; or name an extract with --roads."
    )
    return MissingTilesError(text, path=run, tiles=tiles)


def touched_tiles(tracks: Iterable[Track]) -> frozenset[Tile]:
    """Find all tiles that runs touch or come near.

    Parameters
    ----------
    tracks : iterable of (longitude, latitude)
        Fixes of each run [deg].

    Returns
    -------
    frozenset of Tile
        The tiles, those with hardly any running among them: from a file they cost nothing.
    """
    return frozenset().union(*(tiles_of_keys(metres_by_tile(*track)[0]) for track in tracks))


def tiles_of_box(text: str) -> frozenset[Tile]:
    """Read a box and find the tiles in it.

    Parameters
    ----------
    text : str
        West, south, east, north in degrees, with commas between.

    Returns
    -------
    frozenset of Tile
        Every tile that it overlaps.

    Raises
    ------
    RoadsError
        If it is no box, or one of more than 100 square degrees.
    """
    from camber.roads.grid import PER_DEGREE, tile_keys, tile_of_key

    try:
        west, south, east, north = map(float, text.split(","))
        right = -180.0 <= west < east <= 180.0 and -90.0 <= south < north <= 90.0
    except ValueError:
        right = False
    if not right:
        raise RoadsError(
            "is no box; give WEST,SOUTH,EAST,NORTH in degrees, such as 8.6,49.3,8.8,49.5.", path=text
        )
    if (east - west) * (north - south) > 100.0:
        problem = "is larger than 100 square degrees; use --all to keep all of an extract."
        raise RoadsError(problem, path=text)
    inside = 0.5 / PER_DEGREE / 1000.0
    first, last = (tile_of_key(int(key)) for key in tile_keys([west, east - inside], [south, north - inside]))
    rows, columns = range(first.row, last.row + 1), range(first.column, last.column + 1)
    return frozenset(Tile(row, column) for row in rows for column in columns)


def status_text(store: TileStore, *, check: bool) -> str:
    """Tell what is kept.

    Parameters
    ----------
    store : TileStore
        The folder.
    check : bool
        Whether to open every tile; damaged ones are put aside.

    Returns
    -------
    str
        Tiles, size, dates and sources.
    """
    damaged = sum(store.read(tile) is None for tile in store.tiles()) if check else 0
    heads = {tile: store.head(tile) for tile in sorted(store.tiles())}
    known = [head for head in heads.values() if head is not None]
    size = sum(head.size for head in known)
    lines = [f"{store.place}: {len(known)} tiles, {size / 1e6:.1f} MB"]
    dates = sorted(head.osm_date for head in known if head.osm_date)
    if dates:
        lines.append(f"OpenStreetMap data of {dates[0][:10]} to {dates[-1][:10]}")
    sources = Counter(head.source for head in known)
    lines += [f"  {number} tiles from {source}" for source, number in sorted(sources.items())]
    old = len(old_tiles(store, OLD_DAYS))
    if old:
        lines.append(
            f"{old} tiles are older than {OLD_DAYS:.0f} days: `camber roads refresh` fetches them anew."
        )
    cut = sum(not head.whole for head in known)
    if cut:
        lines.append(f"{cut} tiles lie at the border of an extract: `camber roads fetch` makes them whole.")
    if len(known) < len(heads):
        other = len(heads) - len(known)
        lines.append(
            f"{other} tiles are of another version or damaged: `camber roads fetch` gets them again."
        )
    if damaged:
        lines.append(f"{damaged} damaged tiles were put aside: `camber roads fetch` gets them again.")
    opened = list(store.folder.glob("*.roads")) if store.folder.is_dir() else []
    lines.append(
        f"{len(opened)} road sets opened before, {sum(p.stat().st_size for p in opened) / 1e6:.1f} MB"
    )
    aside = store.put_aside()
    if aside:
        lines.append(f"{len(aside)} damaged files put aside; `camber roads prune` removes them")
    return "\n".join([*lines, "© OpenStreetMap contributors"])


def old_tiles(store: TileStore, days: float) -> list[Tile]:
    """Find the tiles whose data are older than some days, the oldest first.

    Parameters
    ----------
    store : TileStore
        The folder.
    days : float
        Age [days]; data without a date count by when they were kept.

    Returns
    -------
    list of Tile
        The tiles.
    """
    limit = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    heads = ((store.head(tile), tile) for tile in store.tiles())
    dated = sorted((head.osm_date or head.kept_at, tile) for head, tile in heads if head is not None)
    return [tile for date, tile in dated if date < limit]


def prune(store: TileStore, *, most_bytes: float, needed: Collection[Tile] | None) -> tuple[int, int]:
    """Forget what is not needed: what can be opened again, what was put aside, tiles beyond a size.

    Parameters
    ----------
    store : TileStore
        The folder.
    most_bytes : float
        How much of the tiles may stay [B]; those kept longest ago go first.
    needed : collection of Tile or None
        Tiles that may stay; None: all.

    Returns
    -------
    tiles : int
        How many were removed.
    freed : int
        Bytes.
    """
    freed = trim_opened(store.folder, most_bytes=0)
    for path in store.put_aside():
        freed += path.stat().st_size
        path.unlink()
    heads = {tile: store.head(tile) for tile in store.tiles()}
    gone = [
        tile for tile, head in heads.items() if head is None or (needed is not None and tile not in needed)
    ]
    stay = sorted(
        ((head.kept_at, tile, head.size) for tile, head in heads.items() if head and tile not in set(gone)),
        reverse=True,
    )
    size = 0
    for _, tile, own in stay:
        size += own
        if size > most_bytes:
            gone.append(tile)
    freed += sum(store.remove(tile) for tile in gone)
    return len(gone), freed
