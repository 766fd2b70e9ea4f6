"""Everything that is true about the ways of one route, one row per way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from camber import standards
from camber.conventions import NO_WAY, LateralState, Profile, TrafficSide
from camber.schema import Ways
from camber.simulate.runner import STATE_CODE, Choices
from camber.simulate.surface import PROFILE_CODE, draw_surfaces
from camber.street_direction import ways_drawn_alike

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Roads
    from camber.simulate.route import RouteLine
    from camber.simulate.runner import RunnerModel

    IntArray = NDArray[np.int64]

_PARKED_ON_CARRIAGEWAY = ("lane", "half_on_kerb")

_BESIDE_M = 25.0
"""A sidewalk drawn further than this from a carriageway's line is none of it (judgement)."""


def streets_of(
    roads: Roads, line: RouteLine, runner: RunnerModel, seed: int, *, unmapped_sidewalks: bool = False
) -> pd.DataFrame:
    """Collect what is true about each way of a route, and what the runner likes there.

    Parameters
    ----------
    roads : Roads
        The roads.
    line : RouteLine
        The route, laid out.
    runner : RunnerModel
        Habits.
    seed : int
        Seed of the world.
    unmapped_sidewalks : bool
        Whether untagged streets of towns may have sidewalks.

    Returns
    -------
    DataFrame
        One row per way, in the order of ``Roads.ways``, and a last row for being on no way: the columns of
        `camber.simulate.surface.draw_surfaces` and, in the way frame, ``way_id``, ``length_m``,
        ``traffic_sign`` (+1 right, -1 left), ``carriageway_side``, ``walk_left``, ``walk_right`` (an
        attached sidewalk), ``parked_left``, ``parked_right``, ``shoulder_left``, ``shoulder_right``, and
        ``p_facing``, ``p_sidewalk``, ``p_centre``, ``line`` (its line), and what decides about its bends:
        ``speed_kmh``, ``built_up``, ``built_share``.
    """
    rows = np.unique(line.way[line.way >= 0])
    ways = Ways(roads.ways.iloc[rows])
    alike = ways_drawn_alike(roads.graph, roads.ways, rows)
    table = draw_surfaces(ways, seed, drawn_alike=alike)
    banking = standards.banking(ways, standards.assume(ways))
    tagged = np.isfinite(ways["incline_across_pct"].to_numpy(dtype=float))
    table["speed_kmh"], table["built_up"] = banking.speed_kmh, banking.built_up
    table["built_share"] = np.where(tagged, 0.0, banking.built_share)
    table["line"] = ways.geometry.to_numpy()
    table["way_id"] = ways.index
    table["length_m"] = ways["length_m"]
    table["traffic_sign"] = np.where(ways["traffic_side"] == TrafficSide.RIGHT, 1, -1)
    table["carriageway_side"] = ways["carriageway_side"]
    beside = _lined(roads, ways)
    for side in ("left", "right"):
        walk = ways[f"sidewalk_{side}"] == "yes"
        if unmapped_sidewalks:
            # Where sidewalks are mapped as lines beside a way, those that are not do not exist.
            walk |= table[f"unmapped_{side}"] & ~beside
        table[f"walk_{side}"] = walk & table["is_road"]
        table[f"parked_{side}"] = ways[f"parking_{side}"].isin(_PARKED_ON_CARRIAGEWAY)
        table[f"shoulder_{side}"] = ways[f"shoulder_{side}"] == "yes"
    habits = _habits(_as_they_are(ways, table) if unmapped_sidewalks else ways, runner)
    table = table.drop(columns=["unmapped_left", "unmapped_right"])
    return pd.concat([table.join(habits).reset_index(drop=True), _nowhere(habits)], ignore_index=True)


def _lined(roads: Roads, ways: Ways) -> NDArray[np.bool_]:
    """Tell along which ways a sidewalk of their street is drawn as a line, for at least half of the way."""
    drawn = roads.ways[roads.ways["carriageway_side"] != 0]
    walks = drawn.geometry.groupby(drawn["street_id"]).agg(list)
    found = np.zeros(len(ways), dtype=bool)
    for row, (street, line) in enumerate(zip(ways["street_id"], ways.geometry, strict=True)):
        if street in walks.index:
            share = np.linspace(0.1, 0.9, 9)
            places = shapely.line_interpolate_point(np.array([line]), share, normalized=True)
            near = shapely.distance(places, shapely.MultiLineString(walks[street])) < _BESIDE_M
            found[row] = near.mean() >= 0.5
    return found


def _as_they_are(ways: Ways, table: pd.DataFrame) -> Ways:
    """Tag the sidewalks of untagged streets of towns as they truly are: whoever runs there sees them."""
    tags = {}
    for side in ("left", "right"):
        open_to_doubt = ways["built_up"] & (ways[f"sidewalk_{side}"] == "")
        true = np.where(table[f"walk_{side}"], "yes", "no")
        tags[f"sidewalk_{side}"] = np.where(open_to_doubt, true, ways[f"sidewalk_{side}"])
    return Ways(ways.assign(**tags))


def _habits(ways: Ways, runner: RunnerModel) -> pd.DataFrame:
    prior = standards.prior_context(ways)
    names = ["p_facing", "p_sidewalk", "p_centre"]
    table = prior[names].astype(float)
    chosen = {} if runner.habit is None else dict.fromkeys(prior["context"].unique(), runner.habit)
    for context, habit in (chosen | dict(runner.habits_by_context)).items():
        here = np.asarray(prior["context"] == context)
        table.loc[here, names] = (habit.p_facing, habit.p_sidewalk, habit.p_centre)
    return table


def _nowhere(habits: pd.DataFrame) -> pd.DataFrame:
    flags = [f"{what}_{side}" for what in ("walk", "parked", "shoulder") for side in ("left", "right")]
    missing = ["slope_pct", "sidewalk_slope_pct", "half_width_m", "length_m"]
    missing += ["walk_shift_left_m", "walk_shift_right_m", "shoulder_slope_pct", "banked_rank", "banked_z"]
    return pd.DataFrame(
        [
            dict.fromkeys(flags, False)
            | dict.fromkeys(missing, np.nan)
            | dict.fromkeys(habits.columns, 0.0)
            | {"kind": "", "is_road": False, "profile": PROFILE_CODE[Profile.UNKNOWN], "low_side": 1}
            | {"way_id": NO_WAY, "traffic_sign": 1, "carriageway_side": 0, "line": None}
            | {"speed_kmh": 0.0, "built_up": False, "built_share": 0.0}
        ]
    )


def choices_of(streets: pd.DataFrame, direction: IntArray) -> Choices:
    """Turn what a street offers into the travel frame.

    Parameters
    ----------
    streets : DataFrame
        Rows of `streets_of`, one per place.
    direction : ndarray of int64, shape (n,)
        +1 along, -1 against the drawn direction.

    Returns
    -------
    Choices
        What the runner may choose from; a path and a way mapped beside its carriageway leave no choice.
    """
    along = direction >= 0
    left, right = streets["walk_left"].to_numpy(), streets["walk_right"].to_numpy()
    road_side = streets["carriageway_side"].to_numpy() * direction
    beside = (road_side != 0) & ~streets["is_road"].to_numpy()
    # The carriageway left of the runner means that this is the right sidewalk of the street.
    walk = np.where(
        road_side < 0, STATE_CODE[LateralState.RIGHT_SIDEWALK], STATE_CODE[LateralState.LEFT_SIDEWALK]
    )
    fixed = np.where(beside, walk, np.where(streets["is_road"], -1, STATE_CODE[LateralState.OTHER]))
    return Choices(
        habit=streets[["p_facing", "p_sidewalk", "p_centre"]].to_numpy(float),
        traffic_sign=streets["traffic_sign"].to_numpy(),
        sidewalk_left=np.where(along, left, right),
        sidewalk_right=np.where(along, right, left),
        fixed_state=fixed.astype(np.int64),
    )
