"""Where runners are, and how fast vehicles drive, before anything was measured. All of it judgement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from camber.standards.law import pedestrian_rule
from camber.standards.tables import side_prior_table
from camber.standards.ways import kinds_of, require_columns, rows_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

_QUIET: Final = ("residential", "living_street", "unclassified", "road", "construction", "proposed")


def prior_context(ways: pd.DataFrame) -> pd.DataFrame:
    """Where across the street runners are, by the kind of street and the law.

    Parameters
    ----------
    ways : DataFrame
        Columns as for `camber.standards.assume`, and ``sidewalk_left``, ``sidewalk_right``, ``built_up``.

    Returns
    -------
    DataFrame
        Same index. ``context`` (a row of ``side_prior.csv``), ``p_sidewalk`` (mass on sidewalks if any
        exist), ``p_centre``, ``p_facing`` (share of the mass on road edges that faces traffic), ``basis``.

    Raises
    ------
    StandardsError
        If a column is missing, or a packaged table is malformed.
    """
    require_columns(ways, ("sidewalk_left", "sidewalk_right", "built_up"))
    context = _contexts(ways)
    table = side_prior_table().set_index("context")
    rows = table.loc[list(context)]
    walks = np.char.startswith(context.astype(str), "sidewalk")
    places = pd.MultiIndex.from_arrays([ways["country"], ways["built_up"], walks])
    codes, unique = pd.factorize(places)
    asked = np.array([_facing_column(*place) for place in unique], dtype=np.int64)
    choices = rows[["p_facing_free", "p_facing_advised", "p_facing_required"]].to_numpy()
    facing = choices[np.arange(len(ways)), asked[codes]]
    # Whatever its context, both edges of a one-way street face, or follow, the same traffic.
    neutral = table["p_facing_free"]["one_way_no_sidewalk"]
    return pd.DataFrame(
        {
            "context": context,
            "p_sidewalk": rows["p_sidewalk"].to_numpy(),
            "p_centre": rows["p_centre"].to_numpy(),
            "p_facing": np.where(ways["oneway"] != 0, neutral, facing),
            "basis": rows["basis"].to_numpy(),
        },
        index=ways.index,
    )


def _contexts(ways: pd.DataFrame) -> NDArray[np.object_]:
    known = kinds_of(ways)
    road = known["is_road"].to_numpy()
    sides = ways[["sidewalk_left", "sidewalk_right"]].isin(["yes", "separate"]).sum(axis=1).to_numpy()
    built_up = ways["built_up"].to_numpy(dtype=bool)
    untagged = built_up & (ways[["sidewalk_left", "sidewalk_right"]] == "").any(axis=1).to_numpy()
    class_kind = known["class_kind"]
    quiet = (class_kind.isin(_QUIET) & built_up) | class_kind.str.startswith(("service", "living_street"))
    conditions = [
        ~road,
        sides == 2,
        sides == 1,
        quiet & untagged,
        quiet,
        np.asarray(ways["oneway"] != 0),
        untagged,
        built_up,
    ]
    contexts = ["path", "sidewalk_both", "sidewalk_one", "quiet_untagged", "quiet_no_sidewalk"]
    contexts += ["one_way_no_sidewalk", "urban_untagged", "urban_no_sidewalk"]
    return np.select(conditions, contexts, "rural_no_sidewalk").astype(object)


def _facing_column(country: str, built_up: bool, has_sidewalk: bool) -> int:  # noqa: FBT001 - a row of a table
    rule = pedestrian_rule(country, built_up=built_up, has_sidewalk=has_sidewalk)
    return int(rule.facing_required) + int(rule.facing_recommended)


def maxspeed_default_kmh(ways: pd.DataFrame, known: pd.DataFrame | None = None) -> NDArray[np.float64]:
    """Speed limit of every way.

    Parameters
    ----------
    ways : DataFrame
        Columns as for `camber.standards.assume`, and ``maxspeed_kmh``, ``built_up``.
    known : DataFrame, optional
        Of `camber.standards.assume` for the same ways, where that is at hand.

    Returns
    -------
    ndarray of float64, shape (n,)
        The tagged limit, else that of class, country and surroundings (``maxspeed_default.csv``) [km/h];
        0 where no motor traffic passes.

    Raises
    ------
    StandardsError
        If a column is missing, or a packaged table is malformed.
    """
    require_columns(ways, ("maxspeed_kmh", "built_up"))
    kind = (kinds_of(ways) if known is None else known)["class_kind"].to_numpy(dtype=object)
    rows = rows_for("maxspeed_default", kind, ways["country"].to_numpy(dtype=object))
    assumed = np.where(ways["built_up"], rows["built_up_kmh"], rows["rural_kmh"])
    tagged = ways["maxspeed_kmh"].to_numpy(dtype=np.float64)
    return np.where(np.isnan(tagged), assumed, tagged)
