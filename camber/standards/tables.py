"""The packaged tables: read once, checked once, handed out as copies.

Each table is one CSV file beside this module with one header. Every row says how far it can be trusted
(``confidence``: high, medium, low), what its number rests on (``status``) and where it is from (``basis``;
``source`` in the law). ``status`` is ``opened`` where the passage was read (often as quoted by the page
named), ``recalled`` where it is from memory and not verified, ``judgement`` where there is no source,
``override`` where a user set it.
Unless a row says otherwise, shares of profiles and standard deviations are judgements too.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
import pandas as pd

from camber.errors import StandardsError
from camber.standards.borders import region_codes

_CONFIDENCE: Final = ("high", "medium", "low")
_STATUS: Final = ("opened", "recalled", "judgement", "override")


@dataclass(frozen=True)
class Layout:
    """What one table must look like.

    Parameters
    ----------
    key : str
        Column that names the rows.
    texts : tuple of str
        Columns of text.
    numbers, positive, shares : tuple of str
        Columns of numbers: at least zero, above zero, and in 0 to 1.
    sums : tuple of str
        Columns that sum to 1.
    blank : tuple of str
        Columns that may be empty.
    allowed : tuple of (str, tuple of str)
        The words of a text column.
    """

    key: str
    texts: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    positive: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()
    allowed: tuple[tuple[str, tuple[str, ...]], ...] = ()


_RULES: Final = ("required", "recommended", "none")
_PROFILE_SHARES: Final = ("p_crowned", "p_one_way", "p_inverted")
LAYOUTS: Final = {
    "kinds": Layout("kind", ("parent", "is_road", "surface_default"), allowed=(("is_road", ("yes", "no")),)),
    "cross_slope": Layout(
        "row",
        ("region", "kind", "surface_group", "one_way_profile"),
        positive=("slope_mean_pct", "slope_std_pct"),
        shares=(*_PROFILE_SHARES, "parabolic_share"),
        sums=_PROFILE_SHARES,
        allowed=(
            ("surface_group", ("paved", "unpaved", "sett", "*")),
            ("one_way_profile", ("one_way", "to_road", "to_inside", "outward")),
        ),
    ),
    "width": Layout(
        "row",
        ("region", "kind"),
        positive=("two_way_total_m", "one_way_total_m", "lane_m", "width_std_m"),
        blank=("lane_m",),
    ),
    "surface": Layout("quantity", ("unit",), numbers=("value", "std")),
    "lateral_offset": Layout("quantity", ("unit",), numbers=("value", "std")),
    "gnss_error": Layout(
        "name",
        (),
        positive=(
            *("fast_sigma_m", "fast_tau_s", "fast_tau_low_s", "fast_tau_high_s"),
            *("slow_sigma_m", "slow_tau_s", "slow_tau_low_s", "slow_tau_high_s"),
            *("burst_sigma_m", "burst_tau_s", "total_sigma_m"),
        ),
        shares=("burst_share",),
    ),
    "side_prior": Layout(
        "context",
        (),
        shares=("p_sidewalk", "p_centre", "p_facing_free", "p_facing_advised", "p_facing_required"),
    ),
    "maxspeed_default": Layout("row", ("region", "kind"), numbers=("built_up_kmh", "rural_kmh")),
    "side_choice": Layout("quantity", ("unit",), numbers=("value",)),
    "pedestrian_law": Layout(
        "region",
        ("traffic_side", "built_up", "rural", "one_way", "text", "strength"),
        allowed=(
            ("traffic_side", ("left", "right", "")),
            ("built_up", _RULES),
            ("rural", _RULES),
            ("one_way", ("facing", "either", "driving_side")),
        ),
    ),
}
"""The tables by name, in the order in which they are listed."""


def cross_slope_table() -> pd.DataFrame:
    """Cross slope by region, kind and surface.

    Returns
    -------
    DataFrame
        ``row`` (stable id), ``region`` and ``kind`` (lists joined by ``|``), ``surface_group`` (``*`` for
        any), ``one_way_profile`` (what a one-way crossfall means there: ``one_way`` with the low side
        unknown, ``to_road``, ``to_inside``, ``outward``), the three shares of profiles (sum 1),
        ``parabolic_share`` (of the crowned ones: steeper at the edge), ``slope_mean_pct`` and
        ``slope_std_pct`` [%] of its absolute value, ``confidence``, ``status``,
        ``basis``. A copy.

    Raises
    ------
    StandardsError
        If the packaged table is malformed.
    """
    return table("cross_slope")


def width_table() -> pd.DataFrame:
    """Width by region and kind.

    Returns
    -------
    DataFrame
        ``two_way_total_m`` and ``one_way_total_m`` from kerb to kerb [m], ``lane_m`` (missing off the
        road), ``width_std_m`` of the total, ``confidence``, ``status``, ``basis``. A copy.

    Raises
    ------
    StandardsError
        If the packaged table is malformed.
    """
    return table("width")


def pedestrian_law_table() -> pd.DataFrame:
    """Rules for people on foot where there is no sidewalk. Not legal advice.

    Returns
    -------
    DataFrame
        ``region``, ``traffic_side``, ``built_up`` and ``rural`` (facing traffic is required, recommended,
        none), ``one_way`` (what takes its place on one-way roads, wherever it is not none: ``facing`` all the
        same, ``either`` edge, or the edge on the ``driving_side``, to the right of vehicles where they drive
        on the right), ``text``, ``strength``, ``confidence``, ``status``, ``basis`` (the source). A copy.

    Raises
    ------
    StandardsError
        If the packaged table is malformed.
    """
    return table("pedestrian_law")


def gnss_error_table() -> pd.DataFrame:
    """Error of satellite positions by class of device and sky; all judgements.

    Returns
    -------
    DataFrame
        Standard deviations [m] and correlation times [s] (middle and range) of a fast and a slow part,
        bursts, and the total, across the track. A copy.

    Raises
    ------
    StandardsError
        If the packaged table is malformed.
    """
    return table("gnss_error")


def side_prior_table() -> pd.DataFrame:
    """Where runners are before any position is seen, by context; all judgements.

    Returns
    -------
    DataFrame
        ``context``, shares ``p_sidewalk``, ``p_centre`` and, for the mass on road edges, the share that
        faces traffic where the law is silent, advises it, requires it. A copy.

    Raises
    ------
    StandardsError
        If the packaged table is malformed.
    """
    return table("side_prior")


def table(name: str) -> pd.DataFrame:
    """Read one packaged table.

    Parameters
    ----------
    name : str
        A key of `LAYOUTS`.

    Returns
    -------
    DataFrame
        A copy of the checked table.

    Raises
    ------
    StandardsError
        If there is no such table, or it is malformed.
    """
    if name not in LAYOUTS:
        message = f"there is no table {name!r} under standards/; the tables are {', '.join(LAYOUTS)}"
        raise StandardsError(message)
    return _load(name).copy()


@cache
def _load(name: str) -> pd.DataFrame:
    return parse_table(name, packaged_text(name).read())


def packaged_text(name: str) -> io.StringIO:
    """Open a packaged table as text.

    Parameters
    ----------
    name : str
        A key of `LAYOUTS`.

    Returns
    -------
    StringIO
        Content of the CSV file.
    """
    path = resources.files("camber.standards").joinpath(f"{name}.csv")
    return io.StringIO(path.read_text(encoding="utf-8"))


def parse_table(name: str, text: str) -> pd.DataFrame:
    """Parse and check the text of one table.

    Parameters
    ----------
    name : str
        A key of `LAYOUTS`.
    text : str
        Content of the CSV file.

    Returns
    -------
    DataFrame
        Text columns as str, numbers as float64.

    Raises
    ------
    StandardsError
        If anything is wrong; every fault is listed.
    """
    layout = LAYOUTS[name]
    try:
        raw = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        message = f"standards/{name}.csv is no CSV table: {error}. Reinstall camber."
        raise StandardsError(message) from error
    frame, faults = check_table(layout, raw)
    if faults:
        listed = "\n".join(f"  - {fault}" for fault in faults)
        message = f"standards/{name}.csv is malformed; reinstall camber:\n{listed}"
        raise StandardsError(message)
    return frame


def check_table(layout: Layout, raw: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Turn the text of a table into numbers and say what is wrong with it.

    Parameters
    ----------
    layout : Layout
        What the table must look like.
    raw : DataFrame
        The table, every cell a text.

    Returns
    -------
    frame : DataFrame
        Text columns as str, numbers as float64; as it was if there are faults.
    faults : list of str
        One sentence for each fault.
    """
    raw = raw.rename(columns={"source": "basis"})
    numeric = layout.numbers + layout.positive + layout.shares
    wanted = {layout.key, *layout.texts, *numeric, "confidence", "status", "basis"}
    missing, unknown = sorted(wanted - set(raw.columns)), sorted(set(raw.columns) - wanted)
    faults = [f"column {column} is missing" for column in missing]
    faults += [f"column {column} is unknown" for column in unknown]
    if faults:
        return raw, faults
    frame = raw.astype(dict.fromkeys(raw.columns, object))
    for column in numeric:
        frame[column] = pd.to_numeric(raw[column].replace("", None), errors="coerce").astype(float)
    return frame, _faults(frame, layout)


def _faults(frame: pd.DataFrame, layout: Layout) -> list[str]:
    checks: list[tuple[str, np.ndarray]] = [("has no basis", np.asarray(frame["basis"] == ""))]
    checks += [("repeats its key", np.asarray(frame[layout.key].duplicated()))]
    allowed = (*layout.allowed, ("confidence", _CONFIDENCE), ("status", _STATUS))
    checks += [
        (f"has another {name} than {', '.join(words)}", ~np.asarray(frame[name].isin(words)))
        for name, words in allowed
    ]
    for name in layout.numbers + layout.positive + layout.shares:
        values = frame[name].to_numpy()
        fine = (values > 0.0) if name in layout.positive else (values >= 0.0)
        fine &= np.isfinite(values) & ((values <= 1.0) | (name not in layout.shares))
        checks.append((f"has no usable {name}", ~fine & ~(np.isnan(values) & (name in layout.blank))))
    if layout.sums:
        total = frame[list(layout.sums)].sum(axis=1)
        checks.append((f"has {' + '.join(layout.sums)} other than 1", ~np.isclose(total, 1.0)))
    if "region" in frame:
        checks.append(("names an unknown region", ~np.asarray(frame["region"].map(_known_region))))
    return [
        f"row {frame[layout.key].iloc[row]!r} {text}" for text, bad in checks for row in np.flatnonzero(bad)
    ]


def _known_region(regions: str) -> bool:
    codes = [code.split("-") for code in regions.split("|")]
    return regions == "*" or all(code[0] in region_codes() and len(code) <= 2 for code in codes)
