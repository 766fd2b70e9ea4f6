"""Files in a folder or an archive, as things that can be read but have no place of their own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from camber.errors import DamagedFileError, RecordingError
from camber.recording.values import clean_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_CHUNK: Final = 1 << 16
_LABEL: Final = 500


@dataclass(frozen=True)
class Item:
    """A file that can be read.

    Parameters
    ----------
    label : str
        Its name for people, with ``/`` between folders; is never used as a path.
    chunks : callable
        Gives its bytes, piece by piece; raises `RecordingError` where they cannot be had.
    refused : str or None
        Why it is not read, if it is not.
    """

    label: str
    chunks: Callable[[], Iterator[bytes]]
    refused: str | None = None

    def read(self, most: int) -> bytes:
        """Give all its bytes.

        Parameters
        ----------
        most : int
            How many there may be [bytes].

        Returns
        -------
        bytes
            The bytes.

        Raises
        ------
        RecordingError
            If they cannot be had, or are too many.
        """
        pieces, total = [], 0
        for piece in self.chunks():
            total += len(piece)
            if total > most:
                text = f"is larger than {most / 2**20:.0f} MiB"
                raise DamagedFileError(text, path=self.label)
            pieces.append(piece)
        return b"".join(pieces)

    def head(self) -> bytes:
        """Give its first bytes, up to 64 KiB.

        Returns
        -------
        bytes
            The bytes; empty for an empty file.

        Raises
        ------
        RecordingError
            If they cannot be had.
        """
        return next(self.chunks(), b"")


def label_of(name: str) -> str:
    """Make a name from an archive safe to show: what climbs out of a folder is left out.

    Parameters
    ----------
    name : str
        The name.

    Returns
    -------
    str
        The label.
    """
    parts = (clean_text(part, _LABEL) for part in name.split("/"))
    return "/".join(part for part in parts if part and part not in {".", ".."})[:_LABEL] or "unnamed"


def folder_items(folder: Path) -> Iterator[Item]:
    """Give the files of a folder and the folders in it, in order of their names.

    Links to folders are not followed, and what is no file (a pipe, a device) is passed over.

    Parameters
    ----------
    folder : Path
        The folder.

    Yields
    ------
    Item
        The files.
    """
    for place, folders, names in os.walk(folder):
        folders.sort()
        base = os.path.relpath(place, folder).replace(os.sep, "/")
        for name in sorted(names):
            path = os.path.join(place, name)  # noqa: PTH118 - a name that is no UTF-8 stays as it is
            if os.path.isfile(path):  # noqa: PTH113
                yield file_item(path, label_of(name if base == "." else f"{base}/{name}"))


def file_item(path: str | Path, label: str) -> Item:
    """Give one file.

    Parameters
    ----------
    path : str or Path
        Where it is.
    label : str
        Its name for people.

    Returns
    -------
    Item
        The file.
    """

    def chunks() -> Iterator[bytes]:
        try:
            with open(path, "rb") as file:  # noqa: PTH123
                while piece := file.read(_CHUNK):
                    yield piece
        except OSError as error:
            text = f"cannot be read: {error.strerror or type(error).__name__}; check the permissions"
            raise RecordingError(text, path=label) from error

    return Item(label, chunks)
