"""What a run was matched to, kept while a batch lasts: its second pass reads what the first worked out."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import astuple
from typing import TYPE_CHECKING, Any, Final, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from camber.errors import DamagedStoreError
from camber.packing import pack_arrays, unpack_arrays
from camber.pipeline import Placed
from camber.schema import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from camber.schema import Candidates, MatchedTrack, Roads, Track
    from camber.schema import Path as RunPath

    Array = NDArray[Any]

_FORM: Final = b"match\x00\x00\x01"
"""First bytes of a file; the last one is the version of the form."""

_TABLES: Final = ("track", "matched", "candidates", "path")


def keep_match(path: Path, placed: Placed, *, label: str) -> int:
    """Write what a run was matched to, exact to the last bit; its size [B], 0 where nothing was kept."""
    arrays: dict[str, Array] = {
        "fix_id": placed.track.index.to_numpy(),
        "xy": shapely.get_coordinates(np.asarray(placed.track.geometry.array)),
    }
    on_track = set(placed.track)
    names = {name: list(getattr(placed, name)) for name in _TABLES}
    for table in _TABLES:
        plain = pd.DataFrame(getattr(placed, table), copy=False)
        for column, values in plain.items():
            # What the matched track has of the track is there once.
            if column != "geometry" and not (table == "matched" and column in on_track):
                arrays[f"{table}.{column}"] = _plain(values)
    problems = [astuple(problem) for problem in placed.problems]
    parts = pack_arrays(_FORM, {"label": label, "names": names, "problems": problems}, arrays)
    with suppress(OSError):  # no room, or a worker on another machine: the second pass matches again
        with path.open("wb") as file:
            file.writelines(parts)
        return sum(map(len, parts))
    return 0


def kept_match(path: Path, roads: Roads, *, label: str) -> Placed | None:
    """Read what `keep_match` wrote of the same recording over the same roads; None where nothing is kept."""
    try:
        facts, arrays = unpack_arrays(_FORM, np.fromfile(path, dtype=np.uint8), label=label)
    except (OSError, DamagedStoreError):
        return None
    names = facts["names"]
    index = pd.Index(arrays["fix_id"], name="fix_id")
    points = gpd.points_from_xy(arrays["xy"][:, 0], arrays["xy"][:, 1], crs=roads.crs)
    found = {table: _columns(arrays, table) for table in _TABLES}
    whole = found["track"] | found["matched"] | {"geometry": points}
    track, matched = (
        gpd.GeoDataFrame({name: whole[name] for name in names[table]}, index=index)
        for table in ("track", "matched")
    )
    return Placed(
        cast("Track", track),
        tuple(Problem(*problem) for problem in facts["problems"]),
        cast("MatchedTrack", matched),
        cast("Candidates", pd.DataFrame(found["candidates"])),
        cast("RunPath", pd.DataFrame(found["path"])),
    )


def _plain(values: pd.Series) -> Array:
    """Numbers as they are, times as numpy has them, by the clock of UTC."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    return np.asarray(values)


def _columns(arrays: dict[str, Array], table: str) -> dict[str, Any]:
    own = {name.partition(".")[2]: values for name, values in arrays.items() if name.startswith(f"{table}.")}
    return {
        name: pd.DatetimeIndex(values).tz_localize("UTC").array if values.dtype.kind == "M" else values
        for name, values in own.items()
    }
