"""What the commands around roads do: say which tiles runs need, get them, tell what is kept, make room."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from camber.errors import CamberError, MissingTilesError, RoadsError
from camber.roads.needed_tiles import find_needed_tiles, regions_of
from camber.roads.tiles import TileStore, open_around

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy as np

    from camber.cli.session import Session
    from camber.roads.grid import Tile
    from camber.roads.needed_tiles import NeededTiles
    from camber.roads.overpass import Fetching
    from camber.schema import Recording, Roads

    Track = tuple[np.ndarray, np.ndarray]

OLD_DAYS: Final = 180.0
"""Age from which tiles are called old [days] (judgement: half a year)."""


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


def needed_tiles(tracks: Iterable[Track], store: TileStore) -> NeededTiles:
    """Find what runs need beyond what is kept; tiles that an extract may have cut are to be fetched too."""
    return find_needed_tiles(tracks, [tile for tile, head in store.heads().items() if head and head.whole])


def needed_text(needed: NeededTiles) -> str:
    """Say what the tiles that runs need cost.

    Parameters
    ----------
    needed : NeededTiles
        What they need.

    Returns
    -------
    str
        Some lines: area, requests, size, time, and the extracts that would do instead.
    """
    lacking = needed.lacking
    there = len(needed.tiles) - len(lacking)
    needs = f"{len(needed.tiles)} tiles of the map in {len(needed.clusters)} areas"
    lines = [f"{needed.tracks} runs need {needs}; {there} of them are there."]
    if needed.dropped:
        lines.append(f"{len(needed.dropped)} more tiles hold hardly any running and are left out.")
    if lacking:
        lines.append(
            f"To fetch: {len(lacking)} tiles, {needed.area_km2:.0f} km², {len(lacking)} requests, about "
            f"{needed.expected_mb:.0f} MB and {max(needed.expected_s / 60.0, 1.0):.0f} min."
        )
        for number, cluster in enumerate(c for c in needed.clusters if c.lacking):
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
            return open_around(self.folder, longitude, latitude, country=self.country, run=path)
        except MissingTilesError:
            if self.fetching is None:
                raise
            needed = needed_tiles([(longitude, latitude)], TileStore(self.folder))
            session.say(f"{recording.source}: fetching {len(needed.lacking)} tiles of the map")
            fetch_all(needed.lacking, TileStore(self.folder), self.fetching, session)
        return open_around(self.folder, longitude, latitude, country=self.country)


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
    heads = store.heads()
    known = [head for head in heads.values() if head is not None]
    size = sum(head.size for head in known)
    lines = [f"{store.place}: {len(known)} tiles, {size / 1e6:.1f} MB"]
    dates = sorted(head.osm_date for head in known if head.osm_date)
    if dates:
        lines.append(f"OpenStreetMap data of {dates[0][:10]} to {dates[-1][:10]}")
    sources = Counter(head.source for head in known)
    lines += [f"  {number} tiles from {source}" for source, number in sorted(sources.items())]
    old = len(store.old(OLD_DAYS))
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
    opened = store.opened()
    lines.append(
        f"{len(opened)} road sets opened before, {sum(p.stat().st_size for p in opened) / 1e6:.1f} MB"
    )
    aside = store.put_aside()
    if aside:
        lines.append(f"{len(aside)} damaged files put aside; `camber roads prune` removes them")
    return "\n".join([*lines, "© OpenStreetMap contributors"])
