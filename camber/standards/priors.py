"""Where runners are, and how fast vehicles drive, before anything was measured. All of it judgement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from camber.standards.law import pedestrian_rule
from camber.standards.ways import Columns, Rows, kind_columns, require_columns, table_columns

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
    return pd.DataFrame(prior_columns(ways), index=ways.index)


def prior_columns(ways: Columns, kinds: Columns | None = None) -> dict[str, NDArray[Any]]:
    """Where across the street runners are, as plain arrays.

    Parameters
    ----------
    ways : DataFrame or mapping of str to ndarray
        As for `prior_context`.
    kinds : DataFrame or mapping of str to ndarray, optional
        Of `camber.standards.assume` for the same ways, where that is at hand.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        The columns of `prior_context`.

    Raises
    ------
    StandardsError
        If a column is missing, or a packaged table is malformed.
    """
    require_columns(ways, ("sidewalk_left", "sidewalk_right", "built_up"))
    context = _contexts(ways, kind_columns(ways) if kinds is None else kinds)
    table = table_columns("side_prior")
    number = {name: row for row, name in enumerate(table["context"].tolist())}
    names = context.tolist()
    row = np.array([number[name] for name in names], dtype=np.int64)
    walks = [name.startswith("sidewalk") for name in names]
    places = zip(ways["country"].tolist(), ways["built_up"].tolist(), walks, strict=True)
    asked = np.array([_facing_column(*place) for place in places], dtype=np.int64)
    choices = np.stack([table[f"p_facing_{how}"] for how in ("free", "advised", "required")], axis=1)
    # Whatever its context, both edges of a one-way street face, or follow, the same traffic.
    neutral = table["p_facing_free"][number["one_way_no_sidewalk"]]
    return {
        "context": context,
        "p_sidewalk": table["p_sidewalk"][row],
        "p_centre": table["p_centre"][row],
        "p_facing": np.where(np.asarray(ways["oneway"]) != 0, neutral, choices[row, asked]),
        "basis": table["basis"][row],
    }


def _contexts(ways: Columns, kinds: Columns) -> NDArray[np.object_]:
    road = np.asarray(kinds["is_road"], dtype=bool)
    tags = [np.asarray(ways[f"sidewalk_{side}"], dtype=object) for side in ("left", "right")]
    sides = sum(((tag == "yes") | (tag == "separate")).astype(np.int64) for tag in tags)
    built_up = np.asarray(ways["built_up"], dtype=bool)
    untagged = built_up & ((tags[0] == "") | (tags[1] == ""))
    class_kind = np.asarray(kinds["class_kind"], dtype=object).tolist()
    still = np.array([kind in _QUIET for kind in class_kind], dtype=bool)
    quiet = np.array([kind.startswith(("service", "living_street")) for kind in class_kind], dtype=bool)
    quiet |= still & built_up
    conditions = [
        ~road,
        sides == 2,
        sides == 1,
        quiet & untagged,
        quiet,
        np.asarray(ways["oneway"]) != 0,
        untagged,
        built_up,
    ]
    contexts = ["path", "sidewalk_both", "sidewalk_one", "quiet_untagged", "quiet_no_sidewalk"]
    contexts += ["one_way_no_sidewalk", "urban_untagged", "urban_no_sidewalk"]
    return np.select(conditions, contexts, "rural_no_sidewalk").astype(object)


def mapped_sidewalk_share() -> float:
    """Share of runners on a sidewalk where there is one, tagged or mapped: that of the row with both sides.

    Returns
    -------
    float
        The share.

    Raises
    ------
    StandardsError
        If the packaged table is malformed.
    """
    table = table_columns("side_prior")
    return float(table["p_sidewalk"][table["context"].tolist().index("sidewalk_both")])


def _facing_column(country: str, built_up: bool, has_sidewalk: bool) -> int:  # noqa: FBT001 - a row of a table
    rule = pedestrian_rule(country, built_up=built_up, has_sidewalk=has_sidewalk)
    return int(rule.facing_required) + int(rule.facing_recommended)


def maxspeed_default_kmh(ways: Columns, known: Columns | None = None) -> NDArray[np.float64]:
    """Speed limit of every way.

    Parameters
    ----------
    ways : DataFrame or mapping of str to ndarray
        Columns as for `camber.standards.assume`, and ``maxspeed_kmh``, ``built_up``.
    known : DataFrame or mapping of str to ndarray, optional
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
    kinds = kind_columns(ways) if known is None else known
    kind, country = kinds["class_kind"].tolist(), ways["country"].tolist()
    rows = Rows("maxspeed_default", None, kind, country, ["*"] * len(kind))
    assumed = np.where(np.asarray(ways["built_up"], dtype=bool), rows["built_up_kmh"], rows["rural_kmh"])
    tagged = np.asarray(ways["maxspeed_kmh"], dtype=np.float64)
    return np.where(np.isnan(tagged), assumed, tagged)
