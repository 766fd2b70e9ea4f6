"""Every assumption: the packaged tables, the rows that a user sets, and all of it in one readable list.

Each table is one CSV file beside this module with one header. Every row says how far it can be trusted
(``confidence``: high, medium, low), what its number rests on (``status``) and where it is from (``basis``;
``source`` in the law). ``status`` is ``opened`` where the passage was read (often as quoted by the page
named), ``recalled`` where it is from memory and not verified, ``judgement`` where there is no source,
``override`` where a user set it. Unless a row says otherwise, shares of profiles and standard deviations are
judgements too; how they work together is told in ``model.md``.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from camber.errors import StandardsError
from camber.standards.borders import region_codes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

OVERRIDABLE: Final = ("cross_slope", "width")
"""Tables of which a user may set rows."""

_CONFIDENCE: Final = ("high", "medium", "low")
_STATUS: Final = ("opened", "recalled", "judgement", "override")


@dataclass(frozen=True)
class Layout:
    """What one table must look like, and how a row of it is told to people.

    Parameters
    ----------
    key : str
        Column that names the rows.
    applies_to, value : str
        What a row speaks of, and what it says, with names of columns in braces.
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
    applies_to: str
    value: str
    texts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    positive: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()
    allowed: tuple[tuple[str, tuple[str, ...]], ...] = ()


PLACE_UNKNOWNS: Final = ("facing", "sidewalk", "middle", "existence")
"""What is not known of a runner, and in the last of a town, in the order of the nodes."""

_RULES: Final = ("required", "recommended", "none")
_PROFILE_SHARES: Final = ("p_crowned", "p_one_way", "p_inverted")
_BY_QUANTITY: Final = Layout(
    key="quantity",
    applies_to="{quantity}",
    value="{value:g} ± {std:g} {unit}",
    texts=("unit",),
    numbers=("value", "std"),
)
LAYOUTS: Final = {
    "kinds": Layout(
        key="kind",
        applies_to="{kind}",
        value="carriageway: {is_road}; built like: {parent}; surface where untagged: {surface_default}",
        texts=("parent", "is_road", "surface_default"),
        allowed=(("is_road", ("yes", "no")),),
    ),
    "cross_slope": Layout(
        key="row",
        applies_to="{kind} ({surface_group}) in {region}; built up: {built_up};",
        value="{slope_mean_pct:g} ± {slope_std_pct:g} % (of that {mean_slope_sd_pct:g} shared); crowned "
        "{p_crowned:g} (of them parabolic {parabolic_share:g}), {one_way_profile} {p_one_way:g}, inverted "
        "{p_inverted:g} (worth {profile_concentration:g} roads); across driveways {driveway_share:g}",
        texts=("region", "kind", "surface_group", "built_up", "one_way_profile"),
        numbers=("mean_slope_sd_pct", "driveway_share"),
        positive=("slope_mean_pct", "slope_std_pct", "profile_concentration"),
        shares=(*_PROFILE_SHARES, "parabolic_share"),
        sums=_PROFILE_SHARES,
        blank=("profile_concentration", "mean_slope_sd_pct", "driveway_share"),
        allowed=(
            ("surface_group", ("paved", "unpaved", "sett", "*")),
            ("built_up", ("yes", "no", "*", "")),
            ("one_way_profile", ("one_way", "to_road", "to_inside", "outward")),
        ),
    ),
    "width": Layout(
        key="row",
        applies_to="{kind} in {region}",
        value="{two_way_total_m:g} m ({one_way_total_m:g} m one-way) ± {width_std_m:g} m; lane {lane_m:g} m",
        texts=("region", "kind"),
        positive=("two_way_total_m", "one_way_total_m", "lane_m", "width_std_m"),
        blank=("lane_m",),
    ),
    "surface": _BY_QUANTITY,
    "lateral_offset": _BY_QUANTITY,
    "gnss_error": Layout(
        key="name",
        applies_to="{name}",
        value="fast {fast_sigma_m:g} m, {fast_tau_s:g} s ({fast_tau_low_s:g}-{fast_tau_high_s:g}); "
        "slow {slow_sigma_m:g} m, {slow_tau_s:g} s ({slow_tau_low_s:g}-{slow_tau_high_s:g}); "
        "bursts {burst_sigma_m:g} m, {burst_tau_s:g} s in {burst_share:.1%} of the time; "
        "total {total_sigma_m:g} m",
        positive=(
            *("fast_sigma_m", "fast_tau_s", "fast_tau_low_s", "fast_tau_high_s"),
            *("slow_sigma_m", "slow_tau_s", "slow_tau_low_s", "slow_tau_high_s"),
            *("burst_sigma_m", "burst_tau_s", "total_sigma_m"),
        ),
        shares=("burst_share",),
    ),
    "side_prior": Layout(
        key="context",
        applies_to="{context}",
        value="on a sidewalk if any {p_sidewalk:g}; in the middle {p_centre:g}; facing traffic "
        "{p_facing_free:g} (law silent), {p_facing_advised:g} (advised), {p_facing_required:g} (required)",
        shares=("p_sidewalk", "p_centre", "p_facing_free", "p_facing_advised", "p_facing_required"),
    ),
    "place_use": Layout(
        key="row",
        applies_to="{unknown}: {row}",
        value="{share:g} where {usual_share:g} is usual; {weight:g} of all",
        texts=("unknown",),
        shares=("usual_share", "share", "weight"),
        allowed=(("unknown", PLACE_UNKNOWNS),),
    ),
    "maxspeed_default": Layout(
        key="row",
        applies_to="{kind} in {region}",
        value="{built_up_kmh:g} km/h in towns, {rural_kmh:g} km/h outside",
        texts=("region", "kind"),
        numbers=("built_up_kmh", "rural_kmh"),
    ),
    "side_choice": Layout(
        key="quantity",
        applies_to="{quantity}",
        value="{value:g} {unit}",
        texts=("unit",),
        numbers=("value",),
    ),
    "pedestrian_law": Layout(
        key="region",
        applies_to="{region}",
        value="{text} (facing traffic in towns: {built_up}, outside: {rural}; "
        "on one-way roads: {one_way}; {strength})",
        texts=("traffic_side", "built_up", "rural", "one_way", "text", "strength"),
        allowed=(
            ("traffic_side", ("left", "right", "")),
            ("built_up", _RULES),
            ("rural", _RULES),
            ("one_way", ("facing", "either", "driving_side")),
        ),
    ),
}
"""The tables by name, in the order in which they are listed."""


def table(name: str) -> pd.DataFrame:
    """Read one packaged table.

    Parameters
    ----------
    name : str
        ``"kinds"``, ``"cross_slope"``, ``"width"``, ``"surface"``, ``"lateral_offset"``, ``"gnss_error"``,
        ``"side_prior"``, ``"place_use"``, ``"maxspeed_default"``, ``"side_choice"`` or ``"pedestrian_law"``.

    Returns
    -------
    DataFrame
        A copy of the checked table; units stand in the names. ``region`` and ``kind`` are lists joined by
        ``|``, ``*`` stands for any; ``built_up`` says whether a row is for towns (``yes``), for what lies
        outside (``no``), or for both. Of the cross slopes: shares of profiles (sum 1), ``parabolic_share`` of
        the crowned ones, ``one_way_profile`` (what a one-way crossfall means there: ``one_way`` with the low
        side unknown, ``to_road``, ``to_inside``, ``outward``), mean and spread of the absolute slope of one
        road; and how far what all roads of a row in one region share may be off: ``profile_concentration``,
        the number of roads that the shares of profiles are worth (weight of a Beta or Dirichlet
        distribution; empty: they are certain), and ``mean_slope_sd_pct``, the part of the slope's spread
        [%] that they share (empty: none), so that roads spread about their region's own mean by the root of
        ``slope_std_pct``² less its square; and ``driveway_share``, the share of a sidewalk's metres that
        lie across driveways, where the row ``any_driveway_crossing`` holds. Of the law where there is no
        sidewalk: ``built_up`` and ``rural`` (facing traffic is required, recommended, none), ``one_way``
        (what takes its place on one-way roads: ``facing`` all the same, ``either`` edge, or the edge on
        the ``driving_side``); this is no legal advice. Of position errors: standard deviations and
        correlation times of a fast and a slow part and of bursts, across the track. Of the sides: shares
        on a sidewalk, in the middle and, of those on edges, facing traffic where the law is silent,
        advises it, requires it.

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
    return parse_table(name, _packaged_text(name))


def _packaged_text(name: str) -> str:
    return resources.files("camber.standards").joinpath(f"{name}.csv").read_text(encoding="utf-8")


def _cells(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)


def parse_table(name: str, text: str) -> pd.DataFrame:
    """Parse and check the text of one table; a `StandardsError` lists every fault."""
    try:
        frame, faults = _check(LAYOUTS[name], _cells(text))
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        message = f"standards/{name}.csv is no CSV table: {error}. Reinstall camber."
        raise StandardsError(message) from error
    if faults:
        raise StandardsError(_listed(f"standards/{name}.csv is malformed; reinstall camber", faults))
    return frame


def _check(layout: Layout, raw: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Texts of a table to numbers where they are numbers, and what is wrong with it, a sentence each."""
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


@dataclass(frozen=True)
class Overrides:
    """Rows that take the place of packaged ones, or stand beside them.

    Parameters
    ----------
    name : str
        Name of the file, for people.
    rows : tuple of (str, tuple of (str, str))
        Table, and the columns that are set with their text, one for each row, in the order of the file.
    """

    name: str
    rows: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def read_overrides(path: Path) -> Overrides:
    """Read a user's rows.

    Parameters
    ----------
    path : Path
        A CSV file with a header: ``table`` (``cross_slope`` or ``width``; ``cross_slope`` where the column
        is missing), ``row`` and any columns of that table. A row of the same name as a packaged one changes
        only the columns that are filled in; another name is a row of its own, and needs all of them.

    Returns
    -------
    Overrides
        Checked rows.

    Raises
    ------
    StandardsError
        If the file cannot be read, or a row is not usable; every fault is listed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        lines = list(csv.DictReader(text.splitlines(), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path}: the overrides cannot be read ({error}); give a CSV file with a column row"
        raise StandardsError(message) from error
    faults = [fault for number, line in enumerate(lines, 2) for fault in _line_faults(number, line)]
    if not lines:
        faults.append("there is no row; the first line names the columns: table, row, p_crowned, ...")
    if faults:
        raise StandardsError(_refused(path.name, faults))
    return overrides_of(path.name, lines)


def overrides_of(name: str, rows: Sequence[Mapping[str, object]]) -> Overrides:
    """Make checked overrides from rows like those of a file, for studies of what an assumption is worth."""
    made = Overrides(name, tuple(_row({key: f"{value}" for key, value in row.items()}) for row in rows))
    for each in OVERRIDABLE:
        merged_table(each, made)
    return made


def _line_faults(number: int, line: Mapping[str | None, str | list[str] | None]) -> list[str]:
    name = str(line.get("table") or "cross_slope")
    if name not in OVERRIDABLE:
        return [f"line {number}: table {name!r} is none of {', '.join(OVERRIDABLE)}"]
    if None in line or None in line.values():
        return [f"line {number}: there are more or fewer cells than columns"]
    faults = [] if line.get("row") else [f"line {number}: the cell row is empty"]
    known = {"table", *_load(name).columns}
    filled = [key for key, value in line.items() if key is not None and value]
    unknown = sorted(key for key in filled if key not in known)
    return faults + [f"line {number}: {name} has no column {key!r}" for key in unknown]


def _row(line: Mapping[str, str]) -> tuple[str, tuple[tuple[str, str], ...]]:
    cells = ((key, value.strip()) for key, value in line.items() if key != "table" and value.strip())
    return line.get("table") or "cross_slope", tuple(cells)


@lru_cache(maxsize=64)
def merged_table(name: str, overrides: Overrides | None) -> pd.DataFrame:
    """Put a user's rows into a packaged table, marked as overrides; it is kept: copy before writing."""
    own = [dict(cells) for table, cells in overrides.rows if table == name] if overrides else []
    if not own or overrides is None:
        return _load(name)
    raw = _cells(_packaged_text(name))
    records: dict[str, dict[str, str]] = {
        record["row"]: {str(column): text for column, text in record.items()}
        for record in raw.to_dict("records")
    }
    reference = f"user override {overrides.name}"
    for cells in own:
        old = records.pop(cells["row"], dict.fromkeys(raw.columns, "") | {"confidence": "medium"})
        basis = f"{reference}: {cells['basis']}" if "basis" in cells else reference
        records[cells["row"]] = old | cells | {"status": "override", "basis": basis}
    checked, faults = _check(LAYOUTS[name], pd.DataFrame(list(records.values()), columns=raw.columns))
    if faults:
        raise StandardsError(_refused(overrides.name, [f"{name}: {fault}" for fault in faults]))
    return checked


def _refused(name: str, faults: Sequence[str]) -> str:
    return _listed(f"{name}: these overrides of assumptions cannot be used", faults)


def _listed(what: str, faults: Sequence[str]) -> str:
    return "\n".join([f"{what}:", *(f"  - {fault}" for fault in faults)])


def list_assumptions(overrides: Overrides | None = None) -> pd.DataFrame:
    """List every row of every table, for people.

    Parameters
    ----------
    overrides : Overrides, optional
        Rows that a user set.

    Returns
    -------
    DataFrame
        ``table``, ``row`` (its id in the table), ``applies_to``, ``value``, ``confidence``, ``status``
        ("opened": the source was read; "recalled": from memory, not verified; "judgement": no source;
        "override": set by a user) and ``reference``.

    Raises
    ------
    StandardsError
        If a packaged table is malformed.
    """
    rows = [
        {
            "table": name,
            "row": str(row[layout.key]),
            "applies_to": _readable(layout.applies_to.format_map(row)),
            "value": _readable(layout.value.format_map(row)).replace("_", " "),
            "confidence": row["confidence"],
            "status": row["status"],
            "reference": row["basis"],
        }
        for name, layout in LAYOUTS.items()
        for row in merged_table(name, overrides).to_dict("records")
    ]
    rows.append(
        {
            "table": "borders",
            "row": "borders",
            "applies_to": "*",
            "value": "country and traffic side of every place",
            "confidence": "high",
            "status": "opened",
            "reference": "@rapideditor/country-coder 5.6.1 (ISC licence)",
        }
    )
    return pd.DataFrame(rows)


def _readable(text: str) -> str:
    return (
        text.replace("|", ", ")
        .replace(" in *", ", any country")
        .replace("; built up: yes;", ", in towns")
        .replace("; built up: no;", ", outside towns")
        .replace("; built up: *;", "")
        .replace("; built up: ;", "")
        .replace("(*)", "(any surface)")
        .replace("; lane nan m", "")
        .replace(" (of that nan shared)", "")
        .replace(" (worth nan roads)", "")
        .replace("; across driveways nan", "")
        .replace("built like: ;", "built like: itself;")
    )
