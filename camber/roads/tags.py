"""OpenStreetMap tags of ways to the columns of `camber.schema.tables.WAYS`, and back.

The only place that knows how mappers spell things. Sides and signs stay in the way frame, as drawn. A value
that cannot be understood is left out and counted; nothing here raises for any tag.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from camber.roads import quantities
from camber.schema import Problem
from camber.schema.tables import WAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Tags = Mapping[str, str]

NOT_FOR_RUNNING: Final = frozenset(
    {
        *("motorway", "motorway_link", "bus_guideway", "raceway", "escape", "emergency_bay"),
        *("construction", "proposed", "planned", "abandoned", "disused", "razed", "demolished", "removed"),
        *("platform", "elevator", "ladder", "via_ferrata", "rest_area", "services", "no"),
    }
)
"""Values of ``highway`` that are left out: closed to runners, not there, or no line to run on (judgement)."""

MAX_WIDTH_M: Final = 100.0
"""Wider than any street [m] (the widest avenues have about 100 m; judgement)."""

MAX_LANES: Final = 30.0
"""More lanes than any street has (judgement)."""

MAX_SPEED_KMH: Final = 200.0
"""Above any posted limit [km/h] (judgement)."""

_YES: Final = {"yes": "yes", "both": "yes", "no": "no", "none": "no"}
_SIDEWALK: Final = _YES | {"separate": "separate", "seperate": "separate", "lane": "yes"}
_SHOULDER: Final = _YES | {"paved": "yes", "unpaved": "yes", "lane": "yes"}
_ONEWAY: Final = {
    **dict.fromkeys(("yes", "true", "1"), 1),
    **dict.fromkeys(("-1", "reverse"), -1),
    **dict.fromkeys(("no", "false", "0", "reversible", "alternating"), 0),
}
_ROUNDABOUTS: Final = {"roundabout", "circular"}
_FOOTWAYS: Final = {"footway", "path", "cycleway", "pedestrian", "steps", "bridleway", "track", "corridor"}
_PARKED_ON_LANE: Final = {"parallel", "diagonal", "perpendicular", "marked"}
_NO_PARKING: Final = {"no", "none", "no_parking", "no_stopping", "fire_lane"}
_OLD_PLACES: Final = {"on_street": "lane", "lay_by": "street_side", "painted_area_only": "lane"}
_TEXTS: Final = ("surface", "footway", "service", "junction", "leisure", "foot", "access", "lit")
_SIDES: Final = ("left", "right")
_LIMIT: Final = (quantities.kilometres_per_hour, (1.0, MAX_SPEED_KMH))
_AT_TIMES: Final = tuple(f"{key}:conditional" for key in ("maxspeed", "access", "foot", "oneway"))
_PLACEMENTS: Final = ("placement", "placement:forward", "placement:backward")
"""Where on the road the line is drawn: not used yet, so it is counted. The spread of the
error of the map (1.5 m) covers half a lane."""

_KINDS: Final = {column.name: column.kind for column in WAYS}
_TYPES: Final = {"float": np.float64, "int": np.int64, "bool": np.bool_}
_NAMES: Final = {"name": "name", "is_sidepath:of:name": "beside"}
_ZONES: Final = ("maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic")


_READ: Final = frozenset(
    {
        *("highway", "name", "surface", "footway", "path", "service", "junction", "leisure", "sport", "foot"),
        *("access", "lit", "motorroad", "area", "bridge", "tunnel", "layer", "driving_side", "est_width"),
        *("crossing_ref", "traffic_calming", "refuge_island", "source:maxspeed"),
    }
)
_READ_FAMILIES: Final = frozenset(
    {
        *("oneway", "lanes", "width", "maxspeed", "zone", "sidewalk", "shoulder", "parking", "cycleway"),
        *("is_sidepath", "incline", "crossing", "placement"),
    }
)
"""Keys of which the sub-keys are read too, such as ``sidewalk:left``."""


def is_read(key: str) -> bool:
    """Tell whether camber looks at a key of a way such as ``sidewalk:left``."""
    return key in _READ or key in _AT_TIMES or key.partition(":")[0] in _READ_FAMILIES


@dataclass
class _Unread:
    """Values of one reading that could not be understood: how many by key, and one example of each.

    ``times`` is the number of ways that have the tags being read.
    """

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    times: int = 1

    def note(self, key: str, value: str) -> None:
        self.counts[key] += self.times
        self.examples.setdefault(key, value)

    def problems(self) -> tuple[Problem, ...]:
        return tuple(
            Problem(
                "unsettled_sign" if key.startswith("incline:across:") else "unread_tag",
                f"`{key}` was ignored, for example {self.examples[key][:40]!r}"
                + (": its sign is not settled." if key.startswith("incline:across:") else "."),
                number,
            )
            for key, number in sorted(self.counts.items())
        )


def is_for_running(tags: Tags) -> bool:
    """Tell whether a way is one on which a person can run, as far as its kind tells.

    Every ``highway`` but those of `NOT_FOR_RUNNING`, and running tracks (``leisure=track``; without a
    ``sport`` it is taken as one: judgement, others mostly name theirs).
    """
    if "highway" in tags:
        return tags["highway"] not in NOT_FOR_RUNNING
    sports = tags.get("sport", "")
    return tags.get("leisure") == "track" and (not sports or "running" in sports or "athletics" in sports)


def parse_tags(tags: Sequence[Tags]) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    """Read the tags of many ways; values that could not be understood are one problem per key.

    Returns the columns of `camber.schema.tables.WAYS` that come from tags, and three that only the reader
    uses: ``zone`` ("urban", "rural" or ""), from zone values of the speed tags; ``driving_side`` ("left",
    "right" or ""); ``beside`` (name of the street that a sidepath accompanies, or "").
    """
    # Names differ from way to way, the rest is the same for very many: each combination is read once.
    distinct: dict[tuple[tuple[str, str], ...], int] = {}
    which = np.array(
        [
            distinct.setdefault(
                tuple([(key, "" if key in _NAMES else value) for key, value in way.items()]), len(distinct)
            )
            for way in tags
        ],
        dtype=np.int64,
    )
    unread = _Unread()
    rows = []
    for combination, times in zip(distinct, np.bincount(which).tolist(), strict=True):
        unread.times = times
        rows.append(_row(dict(combination), unread))
    frame = pd.DataFrame(
        {
            name: pd.Series(_typed(name, [row[name] for row in rows]).array.take(which))
            for name in _row({}, _Unread())
        }
    )
    for key, name in _NAMES.items():
        frame[name] = pd.Series([way.get(key, "").strip() for way in tags], dtype="str")
    return frame, unread.problems()


def _typed(name: str, values: list[object]) -> pd.Series:
    kind = _KINDS.get(name, "text")
    return pd.Series(values, dtype="str") if kind == "text" else pd.Series(np.array(values, _TYPES[kind]))


def _row(tags: Tags, unread: _Unread) -> dict[str, object]:
    highway = tags.get("highway", "")
    row: dict[str, object] = {"highway": highway, "name": ""}
    row |= {key: tags.get(key, "").strip() for key in _TEXTS}
    row["oneway"] = _oneway(tags, unread)
    row["lanes"] = _number(tags, ("lanes",), quantities.count, (0.5, MAX_LANES), unread)
    widths = ("width", "width:carriageway", "est_width")
    row["width_m"] = _number(tags, widths, quantities.metres, (0.1, MAX_WIDTH_M), unread)
    row["maxspeed_kmh"] = _maxspeed(tags, unread)
    row |= _sided("sidewalk", _sidewalk_tags(tags, highway, unread), _SIDEWALK, unread)
    row |= _sided("shoulder", tags, _SHOULDER, unread)
    row |= {f"parking_{side}": _parking(tags, side) for side in _SIDES}
    row |= {f"cycleway_{side}": _cycleway(tags, side) for side in _SIDES}
    row["motorroad"] = tags.get("motorroad") == "yes"
    row["is_sidepath"] = _is_sidepath(tags, highway)
    row["area"] = tags.get("area") == "yes"
    row["bridge"] = tags.get("bridge", "no") not in {"no", ""}
    row["tunnel"] = tags.get("tunnel", "no") not in {"no", ""}
    row["layer"] = _layer(tags, unread)
    row["incline_across_pct"] = _incline_across(tags, unread)
    _check_at_times(tags, unread)
    for key in _PLACEMENTS:
        if key in tags:
            unread.note(key, tags[key])
    row["zone"] = _zone(tags)
    row["driving_side"] = _one_of(tags, "driving_side", {side: side for side in _SIDES}, unread)
    return row


def _oneway(tags: Tags, unread: _Unread) -> int:
    value = tags.get("oneway", "").strip()
    if value in _ONEWAY:
        return _ONEWAY[value]
    if value:
        unread.note("oneway", value)
    # A roundabout is one-way by definition (wiki Tag:junction=roundabout), as is a motorway.
    implied = tags.get("junction") in _ROUNDABOUTS or tags.get("highway") in {"motorway", "motorway_link"}
    return int(implied)


def _number(
    tags: Tags,
    keys: Iterable[str],
    read: Callable[[str], float | None],
    limits: tuple[float, float],
    unread: _Unread,
) -> float:
    """First of several keys that holds a number within limits; NaN where none does."""
    for key in keys:
        if key in tags:
            value = read(tags[key])
            if value is not None and (math.isnan(value) or limits[0] <= value <= limits[1]):
                return value
            unread.note(key, tags[key])
    return math.nan


def _maxspeed(tags: Tags, unread: _Unread) -> float:
    def read(keys: tuple[str, ...]) -> float:
        return _number(tags, keys, *_LIMIT, unread)

    if "maxspeed" in tags:
        always = read(("maxspeed",))
        # To a runner a limit is the speed of the cars beside him: the highest that ever holds.
        higher = [limit for limit in _limits_at_times(tags, unread) if limit > always]
        return max(higher, default=always)
    both = [read((f"maxspeed:{way}",)) for way in ("forward", "backward")]
    numbers = [value for value in both if not math.isnan(value)]
    zones = [tags[key] for key in _ZONES if ":" in tags.get(key, "")]
    by_zone = quantities.kilometres_per_hour(zones[0]) if zones else None
    return max(numbers) if numbers else math.nan if by_zone is None else by_zone


def _limits_at_times(tags: Tags, unread: _Unread) -> list[float]:
    key = "maxspeed:conditional"
    values = [value for value, _ in quantities.conditional(tags.get(key, "")) or ()]
    return [_number({key: value}, (key,), *_LIMIT, unread) for value in values]


def _check_at_times(tags: Tags, unread: _Unread) -> None:
    """Count what cannot be read of values that hold at times.

    What can be read changes nothing but the speed limit: the tag without a condition says how a way is
    mostly, and what it is like at night or in winter is not asked (judgement).
    """
    for key in _AT_TIMES:
        if key in tags and quantities.conditional(tags[key]) is None:
            unread.note(key, tags[key])


def _zone(tags: Tags) -> str:
    for key in ("maxspeed", *_ZONES):
        kind = tags.get(key, "").partition(":")[2]
        if kind in {"urban", "rural"}:
            return kind
    return ""


def _sidewalk_tags(tags: Tags, highway: str, unread: _Unread) -> Tags:
    """Old spelling (wiki Key:sidewalk): on a carriageway, ``footway=left`` means ``sidewalk=left``."""
    old, general = tags.get("footway", ""), tags.get("sidewalk", "").strip()
    if highway in _FOOTWAYS or old not in {"left", "right", "both", "none"}:
        return tags
    if general in _SIDEWALK or {part.strip() for part in general.split(";")} <= set(_SIDES):
        return tags
    if general:
        unread.note("sidewalk", tags["sidewalk"])
    return {**tags, "sidewalk": old}


def _sided(key: str, tags: Tags, words: Mapping[str, str], unread: _Unread) -> dict[str, object]:
    """Left and right of ``key=both|left|right|no|...``, ``key:both``, ``key:left`` and ``key:right``."""
    sides = dict.fromkeys(_SIDES, "")
    general = tags.get(key, "").strip()
    listed = {part.strip() for part in general.split(";")}
    if listed <= set(_SIDES):
        sides = {side: "yes" if side in listed else "no" for side in _SIDES}
    elif general:
        sides = dict.fromkeys(_SIDES, _one_of(tags, key, words, unread))
    if f"{key}:both" in tags:
        both = _one_of(tags, f"{key}:both", words, unread)
        sides = {side: both or sides[side] for side in _SIDES}
    for side in _SIDES:
        if f"{key}:{side}" in tags:
            sides[side] = _one_of(tags, f"{key}:{side}", words, unread) or sides[side]
    return {f"{key}_{side}": sides[side] for side in _SIDES}


def _one_of(tags: Tags, key: str, words: Mapping[str, str], unread: _Unread) -> str:
    value = tags.get(key, "").strip()
    if value and value not in words:
        unread.note(key, value)
    return words.get(value, "")


def _parking(tags: Tags, side: str) -> str:
    for key in (f"parking:{side}", "parking:both"):
        if key in tags:
            return tags[key].strip()
    for where in (side, "both"):
        old = tags.get(f"parking:lane:{where}", "").strip()
        if old:
            place = tags.get(f"parking:lane:{where}:{old}", "lane").strip()
            parked = _OLD_PLACES.get(place, place) if old in _PARKED_ON_LANE else old
            return "no" if old in _NO_PARKING else parked
    return ""


def _cycleway(tags: Tags, side: str) -> str:
    for key in (f"cycleway:{side}", "cycleway:both", "cycleway"):
        if key in tags:
            return tags[key].strip()
    return ""


def _is_sidepath(tags: Tags, highway: str) -> bool:
    if highway not in {"footway", "path", "cycleway"}:
        return False
    stated = tags.get("is_sidepath", "")
    if stated in {"yes", "no"}:
        return stated == "yes"
    kinds = {tags.get(key) for key in ("footway", "path", "cycleway")}
    return bool(kinds & {"sidewalk", "sidepath"}) or any(key.startswith("is_sidepath:of") for key in tags)


def _layer(tags: Tags, unread: _Unread) -> int:
    text = tags.get("layer", "").strip()
    layer = quantities.whole(text)
    if layer is not None and abs(layer) <= 20:
        return layer
    if text:
        unread.note("layer", text)
    return 0


def _incline_across(tags: Tags, unread: _Unread) -> float:
    for key in tags:
        if key.startswith("incline:across:"):
            unread.note(key, tags[key])
    return _number(tags, ("incline:across",), quantities.slope_percent, (-100.0, 100.0), unread)


def format_tags(way: Mapping[str, object]) -> dict[str, str]:
    """Write a row of `camber.schema.tables.WAYS` as tags such that `parse_tags` reads the same row."""
    tags = {key: str(way[key]) for key in ("highway", "name", *_TEXTS)}
    oneway = int(str(way["oneway"]))
    implied = way["junction"] in _ROUNDABOUTS or way["highway"] in {"motorway", "motorway_link"}
    tags["oneway"] = {1: "" if implied else "yes", -1: "-1", 0: "no" if implied else ""}[oneway]
    numbers = {"lanes": "lanes", "width_m": "width", "maxspeed_kmh": "maxspeed"}
    numbers["incline_across_pct"] = "incline:across"
    for column, key in numbers.items():
        value = float(str(way[column]))
        tags[key] = "" if math.isnan(value) else f"{value:.9f}".rstrip("0").rstrip(".")
    for key in ("sidewalk", "shoulder", "parking", "cycleway"):
        tags |= {f"{key}:{side}": str(way[f"{key}_{side}"]) for side in _SIDES}
    for key in ("motorroad", "area", "bridge", "tunnel"):
        tags[key] = "yes" if way[key] else ""
    sidepath = way["highway"] in {"footway", "path", "cycleway"}
    tags["is_sidepath"] = ("yes" if way["is_sidepath"] else "no") if sidepath else ""
    tags["layer"] = str(way["layer"]) if way["layer"] else ""
    return {key: value for key, value in tags.items() if value}
