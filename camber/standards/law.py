"""What the law, or official advice, says about the side on which people run. Not legal advice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from camber.standards.assumptions import table

if TYPE_CHECKING:
    import pandas as pd

_STRICTNESS: Final = {"required": 2, "recommended": 1, "none": 0}


@dataclass(frozen=True)
class PedestrianRule:
    """Rule for people on foot on one kind of road.

    Parameters
    ----------
    facing_required : bool
        Whether the law asks for the side that faces traffic, where that is practicable.
    facing_recommended : bool
        Whether law or advice asks for it or recommends it.
    driving_side_required : bool
        Whether the law asks for the edge on the side on which vehicles drive, whichever way people go.
    text : str
        The rule in words.
    strength : str
        "law", "advice", "convention recommendation" and the like.
    source : str
        Where the rule is written, and where it was read.
    """

    facing_required: bool
    facing_recommended: bool
    driving_side_required: bool
    text: str
    strength: str
    source: str


def pedestrian_rule(
    country: str, *, built_up: bool, has_sidewalk: bool, one_way: bool = False
) -> PedestrianRule:
    """Rule for people on foot, by place.

    Parameters
    ----------
    country : str
        ISO 3166-1 alpha-2 or a subdivision such as "US-CA"; "" where unknown.
    built_up : bool
        Whether the road is in a built-up area.
    has_sidewalk : bool
        Whether there is a sidewalk; it is then to be used, on either side.
    one_way : bool
        Whether vehicles drive in one direction only.

    Returns
    -------
    PedestrianRule
        Of the subdivision; else of the country; where only other subdivisions have rows, or the
        subdivision is not known, the strictest row of the country, and the text says so. Countries without
        a row get the recommendation of the Vienna Convention, article 20(5).

    Raises
    ------
    StandardsError
        If the packaged table is malformed.
    """
    return _rule(country, bool(built_up), bool(has_sidewalk), bool(one_way))


@lru_cache(maxsize=4096)
def _rule(
    country: str,
    built_up: bool,  # noqa: FBT001 - a place
    has_sidewalk: bool,  # noqa: FBT001
    one_way: bool,  # noqa: FBT001
) -> PedestrianRule:
    place = "built_up" if built_up else "rural"
    row, note = _law_row(table("pedestrian_law"), country, place)
    edge = row["one_way"] if one_way else "facing"
    rule = "none" if has_sidewalk else row[place]
    return PedestrianRule(
        facing_required=edge == "facing" and rule == "required",
        facing_recommended=edge == "facing" and rule != "none",
        driving_side_required=edge == "driving_side" and rule == "required",
        text="Where there is a sidewalk, use it; no side is prescribed"
        if has_sidewalk
        else f"{row['text']}{note}",
        strength=str(row["strength"]),
        source=str(row["basis"]),
    )


def _law_row(law: pd.DataFrame, country: str, place: str) -> tuple[pd.Series, str]:
    state = country.partition("-")[0]
    exact = law[law["region"] == country]
    if "-" in country and len(exact):
        return exact.iloc[0], ""
    whole = law[law["region"] == state]
    if "-" in country and len(whole):
        return whole.iloc[0], ""
    family = law[law["region"].str.split("-").str[0] == state]
    if family.empty or not state:
        return law[law["region"] == "*"].iloc[0], ""
    strictest = family[place].map(_STRICTNESS).to_numpy().argmax()
    note = "" if len(family) == 1 and len(whole) else f" (strictest rule known in {state})"
    return family.iloc[strictest], note
