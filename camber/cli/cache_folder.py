"""Where the command line keeps what it can make again: the folder of the cache."""

from __future__ import annotations

import os
from pathlib import Path

from camber.library.place import HOME_VARIABLE


def roads_cache() -> Path:
    """Say where parsed roads are kept.

    Returns
    -------
    Path
        ``cache/roads`` in the folder that ``CAMBER_HOME`` names, else ``roads`` in the user's folder for what
        programs can make again. It need not exist.
    """
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home).expanduser() / "cache" / "roads"
    from platformdirs import user_cache_path  # noqa: PLC0415 - not needed where CAMBER_HOME is set

    return user_cache_path("camber", appauthor=False) / "roads"
