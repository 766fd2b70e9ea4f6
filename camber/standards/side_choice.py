"""What a planned side or crossing costs in exposure to traffic."""

from __future__ import annotations

from dataclasses import dataclass

from camber.standards.tables import table


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


def side_choice() -> SideChoice:
    """Costs of `side_choice.csv`.

    Returns
    -------
    SideChoice
        Every number of the table.

    Raises
    ------
    StandardsError
        If the packaged table is malformed.
    """
    rows = table("side_choice").set_index("quantity")
    value = rows["value"].astype(float).to_dict()
    names = {
        "reference_limit": "reference_limit_kmh",
        "bend_heading": "bend_heading_deg",
        "bend_length": "bend_length_m",
    }
    return SideChoice(**{names.get(str(key), str(key)): number for key, number in value.items()})
