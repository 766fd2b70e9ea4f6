"""Sourced assumptions: cross slope, width, law, traffic side, position error, habits.

Reads only the CSV files and the borders that are packaged beside it. Every row carries its confidence and
what it rests on; `list_assumptions` shows them all.
"""

from camber.standards.assumptions import (
    Overrides,
    list_assumptions,
    overrides_of,
    read_overrides,
    table,
)
from camber.standards.borders import region_at
from camber.standards.gnss import GnssClass, gnss_classes
from camber.standards.kinds import (
    Banking,
    Columns,
    assume,
    assumed_columns,
    banking,
    maxspeed_default_kmh,
)
from camber.standards.law import PedestrianRule, pedestrian_rule
from camber.standards.sides import (
    SideChoice,
    UseNodes,
    mapped_sidewalk_share,
    prior_columns,
    prior_context,
    side_choice,
    use_nodes,
)

__all__ = [
    "Banking",
    "Columns",
    "GnssClass",
    "Overrides",
    "PedestrianRule",
    "SideChoice",
    "UseNodes",
    "assume",
    "assumed_columns",
    "banking",
    "gnss_classes",
    "list_assumptions",
    "mapped_sidewalk_share",
    "maxspeed_default_kmh",
    "overrides_of",
    "pedestrian_rule",
    "prior_columns",
    "prior_context",
    "read_overrides",
    "region_at",
    "side_choice",
    "table",
    "use_nodes",
]
