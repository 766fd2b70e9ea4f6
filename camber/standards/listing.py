"""Every assumption in one readable list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from camber.standards.overrides import OVERRIDABLE, merged_table
from camber.standards.tables import LAYOUTS, table

if TYPE_CHECKING:
    from camber.standards.overrides import Overrides

_APPLIES_TO: Final = {
    "kinds": "{kind}",
    "cross_slope": "{kind} ({surface_group}) in {region}",
    "width": "{kind} in {region}",
    "surface": "{quantity}",
    "lateral_offset": "{quantity}",
    "gnss_error": "{name}",
    "side_prior": "{context}",
    "maxspeed_default": "{kind} in {region}",
    "side_choice": "{quantity}",
    "pedestrian_law": "{region}",
}
_VALUE: Final = {
    "kinds": "carriageway: {is_road}; built like: {parent}; surface where untagged: {surface_default}",
    "cross_slope": "{slope_mean_pct:g} ± {slope_std_pct:g} %; crowned {p_crowned:g} "
    "(of them parabolic {parabolic_share:g}), {one_way_profile} {p_one_way:g}, inverted {p_inverted:g}",
    "width": "{two_way_total_m:g} m ({one_way_total_m:g} m one-way) ± {width_std_m:g} m; lane {lane_m:g} m",
    "surface": "{value:g} ± {std:g} {unit}",
    "lateral_offset": "{value:g} ± {std:g} {unit}",
    "gnss_error": "fast {fast_sigma_m:g} m, {fast_tau_s:g} s ({fast_tau_low_s:g}-{fast_tau_high_s:g}); "
    "slow {slow_sigma_m:g} m, {slow_tau_s:g} s ({slow_tau_low_s:g}-{slow_tau_high_s:g}); "
    "bursts {burst_sigma_m:g} m, {burst_tau_s:g} s in {burst_share:.1%} of the time; "
    "total {total_sigma_m:g} m",
    "side_prior": "on a sidewalk if any {p_sidewalk:g}; in the middle {p_centre:g}; facing traffic "
    "{p_facing_free:g} (law silent), {p_facing_advised:g} (advised), {p_facing_required:g} (required)",
    "maxspeed_default": "{built_up_kmh:g} km/h in towns, {rural_kmh:g} km/h outside",
    "side_choice": "{value:g} {unit}",
    "pedestrian_law": "{text} (facing traffic in towns: {built_up}, outside: {rural}; "
    "on one-way roads: {one_way}; {strength})",
}


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
            "row": str(row[LAYOUTS[name].key]),
            "applies_to": _readable(_APPLIES_TO[name].format_map(row)),
            "value": _readable(_VALUE[name].format_map(row)).replace("_", " "),
            "confidence": row["confidence"],
            "status": row["status"],
            "reference": row["basis"],
        }
        for name in LAYOUTS
        for row in _rows(name, overrides).to_dict("records")
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


def _rows(name: str, overrides: Overrides | None) -> pd.DataFrame:
    return merged_table(name, overrides) if overrides and name in OVERRIDABLE else table(name)


def _readable(text: str) -> str:
    return (
        text.replace("|", ", ")
        .replace(" in *", ", any country")
        .replace("(*)", "(any surface)")
        .replace("; lane nan m", "")
        .replace("built like: ;", "built like: itself;")
    )
