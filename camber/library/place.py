"""Where the library lies, and who may see it: one folder that belongs to its owner alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from camber.errors import LibraryError
from camber.whole_files import closed_folder

HOME_VARIABLE: Final = "CAMBER_HOME"
"""Environment variable that moves everything that camber keeps."""

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700

_MOUNTS: Final = Path("/proc/self/mounts")
_NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "afs", "9p", "ceph", "davfs"}
)
"""File systems on which processes of several machines may meet, where SQLite's shared memory does not work
(sqlite.org/wal.html, "WAL does not work over a network filesystem")."""


def library_folder() -> Path:
    """Say where the library is kept: in what ``CAMBER_HOME`` names, else with the user's data."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home).expanduser() / "library"
    from platformdirs import user_data_path  # noqa: PLC0415 - not needed where CAMBER_HOME is set

    return user_data_path("camber", appauthor=False) / "library"


def roads_cache() -> Path:
    """Say where roads are kept: where ``CAMBER_HOME`` says, else in the user's folder for caches."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home).expanduser() / "cache" / "roads"
    from platformdirs import user_cache_path  # noqa: PLC0415 - not needed where CAMBER_HOME is set

    return user_cache_path("camber", appauthor=False) / "roads"


def own_folder(folder: Path) -> Path:
    """Make a folder that only its owner can look into, whatever the umask, and close one that is open."""
    try:
        closed_folder(folder)
        found = folder.stat()
        if hasattr(os, "getuid") and found.st_uid != os.getuid():
            raise LibraryError("belongs to another user; choose a folder of your own", path=folder)
        if stat.S_IMODE(found.st_mode) != FOLDER_MODE:
            folder.chmod(FOLDER_MODE)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        text = f"cannot be used as a folder ({reason}); set {HOME_VARIABLE} to another place"
        raise LibraryError(text, path=folder) from error
    return folder


def is_on_network(folder: Path, mounts: Path = _MOUNTS) -> bool:
    """Tell whether a folder lies on a file system that machines share; False where nobody can tell."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    place = folder.resolve()
    entries = [line.split() for line in lines]
    held = {Path(e[1].replace("\\040", " ")): e[2] for e in entries if len(e) > 2}
    holder = next((part for part in (place, *place.parents) if part in held), None)
    return holder is not None and held[holder] in _NETWORK
