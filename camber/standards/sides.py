"""Where runners are before anything was measured, and what a planned side or crossing costs in traffic."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from camber.standards.assumptions import PLACE_UNKNOWNS, table
from camber.standards.kinds import Columns, kind_columns, require_columns, table_columns
from camber.standards.law import pedestrian_rule

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
    """Give the columns of `prior_context` as plain arrays; ``kinds`` may hold what `assume` says."""
    require_columns(ways, ("sidewalk_left", "sidewalk_right", "built_up"))
    context = _contexts(ways, kind_columns(ways) if kinds is None else kinds)
    prior = table_columns("side_prior")
    number = {name: row for row, name in enumerate(prior["context"].tolist())}
    names = context.tolist()
    row = np.array([number[name] for name in names], dtype=np.int64)
    walks = [name.startswith("sidewalk") for name in names]
    places = zip(ways["country"].tolist(), ways["built_up"].tolist(), walks, strict=True)
    asked = np.array([_facing_column(*place) for place in places], dtype=np.int64)
    choices = np.stack([prior[f"p_facing_{how}"] for how in ("free", "advised", "required")], axis=1)
    # Whatever its context, both edges of a one-way street face, or follow, the same traffic.
    neutral = prior["p_facing_free"][number["one_way_no_sidewalk"]]
    return {
        "context": context,
        "p_sidewalk": prior["p_sidewalk"][row],
        "p_centre": prior["p_centre"][row],
        "p_facing": np.where(np.asarray(ways["oneway"]) != 0, neutral, choices[row, asked]),
        "basis": prior["basis"][row],
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
    """Share of runners on a sidewalk where there is one: that of the row with sidewalks on both sides."""
    prior = table_columns("side_prior")
    return float(prior["p_sidewalk"][prior["context"].tolist().index("sidewalk_both")])


class UseNodes(NamedTuple):
    """Nodes of what is not known of a runner's use of places, and of a town's sidewalks; ``k`` nodes.

    They are all combinations of the rows of ``place_use.csv``, the last unknown fastest.

    Parameters
    ----------
    shift : ndarray of float64, shape (k, 4)
        How far the logits of four shares are from the usual ones: facing traffic, sidewalk where there is
        one, middle among those who are on none, and existence of sidewalks that no tag tells of.
    weight : ndarray of float64, shape (3, 3, 3, 3)
        Prior weights of the nodes, an axis for each unknown; they sum to 1.
    """

    shift: NDArray[np.float64]
    weight: NDArray[np.float64]


@cache
def use_nodes() -> UseNodes:
    """Every node of ``place_use.csv`` with its prior weight."""
    rows = table("place_use")
    of = [rows[rows["unknown"] == unknown] for unknown in PLACE_UNKNOWNS]
    shifts = [logit(part["share"].to_numpy()) - logit(part["usual_share"].to_numpy()) for part in of]
    weights = [part["weight"].to_numpy() for part in of]
    shift = np.stack([axis.ravel() for axis in np.meshgrid(*shifts, indexing="ij")], axis=1)
    weight = np.ones(1)
    for axis in weights:
        weight = weight[..., np.newaxis] * axis
    return UseNodes(shift, weight[0] / weight.sum())


def logit(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of the odds of a share."""
    return np.asarray(np.log(share) - np.log1p(-share))


def _facing_column(country: str, built_up: bool, has_sidewalk: bool) -> int:  # noqa: FBT001 - a row of a table
    rule = pedestrian_rule(country, built_up=built_up, has_sidewalk=has_sidewalk)
    return int(rule.facing_required) + int(rule.facing_recommended)


@dataclass(frozen=True)
class SideChoice:
    """Weights and costs of places beside traffic; the unit is a kilometre facing traffic at 50 km/h.

    Parameters
    ----------
    with_traffic_built_up, with_traffic_rural : float
        Weight of a kilometre at the edge with traffic from behind.
    sidewalk : float
        Weight of a kilometre on a sidewalk.
    reference_limit_kmh : float
        Speed limit that counts as one [km/h].
    crossing_signals, crossing_marked, crossing_quiet, crossing_unmarked : float
        Cost of one crossing [km].
    bend_heading_deg, bend_length_m : float
        A stretch is a bend where the heading changes by more than this [deg] over this length [m].
    """

    with_traffic_built_up: float
    with_traffic_rural: float
    sidewalk: float
    reference_limit_kmh: float
    crossing_signals: float
    crossing_marked: float
    crossing_quiet: float
    crossing_unmarked: float
    bend_heading_deg: float
    bend_length_m: float


@cache
def side_choice() -> SideChoice:
    """Every number of ``side_choice.csv``."""
    rows = table("side_choice").set_index("quantity")
    value = rows["value"].astype(float).to_dict()
    names = {
        "reference_limit": "reference_limit_kmh",
        "bend_heading": "bend_heading_deg",
        "bend_length": "bend_length_m",
    }
    return SideChoice(**{names.get(str(key), str(key)): number for key, number in value.items()})
