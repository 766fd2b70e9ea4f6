"""The folder of tiles: each one file, written whole or not at all, checked whole when it is opened."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.errors import RoadsError
from camber.packing import read_head
from camber.roads.cache import QUARANTINE
from camber.roads.grid import Tile
from camber.roads.tile_form import FORM, TileWays, pack_tile, unpack_tile
from camber.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SUFFIX: Final = ".tile"
_NAME: Final = re.compile(r"([sn])(\d{4})([we])(\d{5})")


@dataclass(frozen=True)
class Kept:
    """What the head of a stored tile says; its content is not looked at.

    Parameters
    ----------
    osm_date : str or None
        Date of the OpenStreetMap data, ISO 8601.
    source : str
        Base name of an extract, or the address of a server.
    kept_at : str
        When it was kept, ISO 8601 in UTC.
    whole : bool
        False for a tile that an extract may have cut.
    ways : int
        Number of ways.
    size : int
        Bytes of the file.
    checksum : bytes
        What the tile was written with.
    """

    osm_date: str | None
    source: str
    kept_at: str
    whole: bool
    ways: int
    size: int
    checksum: bytes


@dataclass(frozen=True)
class TileStore:
    """Tiles in a folder.

    Parameters
    ----------
    folder : Path
        The user's folder for roads; tiles lie in ``tiles`` in it, those that could not be trusted in
        ``tiles/quarantine``. It need not exist.
    """

    folder: Path

    @property
    def place(self) -> Path:
        """Folder in which the tiles lie.

        Returns
        -------
        Path
            It need not exist.
        """
        return self.folder / "tiles"

    def path(self, tile: Tile) -> Path:
        """Say where a tile lies, or would lie.

        Parameters
        ----------
        tile : Tile
            The tile.

        Returns
        -------
        Path
            Its file.
        """
        return self.place / f"{tile.name}{_SUFFIX}"

    def tiles(self) -> frozenset[Tile]:
        """List the tiles that are kept.

        Returns
        -------
        frozenset of Tile
            By the names of the files.
        """
        names = [path.stem for path in self.place.glob(f"*{_SUFFIX}")] if self.place.is_dir() else []
        return frozenset(tile for tile in map(_tile_of_name, names) if tile is not None)

    def head(self, tile: Tile) -> Kept | None:
        """Read what the head of a tile says; None where there is none of this form."""
        head = read_head(self.path(tile), FORM)
        try:
            return head and Kept(
                **{field.name: head.facts[field.name] for field in fields(Kept)[:-2]},
                size=head.size,
                checksum=head.checksum,
            )
        except KeyError:
            return None

    def read(self, tile: Tile) -> TileWays | None:
        """Open a tile; one that cannot be trusted is put aside.

        Parameters
        ----------
        tile : Tile
            The tile.

        Returns
        -------
        TileWays or None
            None where there is none that can be trusted.
        """
        path = self.path(tile)
        try:
            return unpack_tile(np.fromfile(path, dtype=np.uint8), label=tile.name)
        except FileNotFoundError:
            return None
        except Exception:  # noqa: BLE001 - whatever is wrong with it, it can be got again
            self._put_aside(path)
            return None

    def prepare(self) -> None:
        """Make the folder where it is missing.

        Raises
        ------
        RoadsError
            If that is not possible.
        """
        try:
            self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._refused(error) from error

    def write(self, tile: Tile, ways: TileWays) -> None:
        """Keep a tile, in place of the one that was.

        Parameters
        ----------
        tile : Tile
            The tile.
        ways : TileWays
            Its content.

        Raises
        ------
        RoadsError
            If the folder cannot be written to.
        """
        self.prepare()
        try:
            write_whole(self.path(tile), pack_tile(ways, label=tile.name), mode=0o600)
        except OSError as error:
            raise self._refused(error) from error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let one process at a time fetch into the folder: a server is asked one thing at a time.

        Yields
        ------
        None
            While no other process is inside.

        Raises
        ------
        RoadsError
            If another one is.
        """
        self.prepare()
        with (self.place / ".fetching").open("w", encoding="ascii") as file:
            try:
                _lock(file.fileno())
            except OSError as error:
                text = "another `camber roads fetch` is going on; wait for it to end, and repeat."
                raise RoadsError(text, path=self.place) from error
            yield

    def remove(self, tile: Tile) -> int:
        """Forget a tile.

        Parameters
        ----------
        tile : Tile
            The tile.

        Returns
        -------
        int
            Bytes that this freed.
        """
        path = self.path(tile)
        with suppress(OSError):
            size = path.stat().st_size
            path.unlink()
            return size
        return 0

    def put_aside(self) -> tuple[Path, ...]:
        """List the tiles that could not be trusted.

        Returns
        -------
        tuple of Path
            Files.
        """
        folder = self.place / QUARANTINE
        return tuple(sorted(folder.iterdir())) if folder.is_dir() else ()

    def _refused(self, error: OSError) -> RoadsError:
        reason = error.strerror or type(error).__name__
        text = f"roads cannot be kept there ({reason}); make room or give the right to write, and repeat."
        return RoadsError(text, path=self.place)

    def _put_aside(self, path: Path) -> None:
        with suppress(OSError):
            (self.place / QUARANTINE).mkdir(mode=0o700, exist_ok=True)
            path.replace(self.place / QUARANTINE / path.name)


def _lock(handle: int) -> None:
    """Lock an open file until it is closed; systems without such locks go on without."""
    try:
        import fcntl  # noqa: PLC0415 - not on every system
    except ImportError:
        return
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _tile_of_name(name: str) -> Tile | None:
    found = _NAME.fullmatch(name)
    if not found:
        return None
    south = int(found[2]) * (1 if found[1] == "n" else -1)
    west = int(found[4]) * (1 if found[3] == "e" else -1)
    tile = Tile((south + 9000) // 5, (west + 18000) // 5)
    return tile if tile.name == name else None
