"""Sourced assumptions: cross slope, width, law, traffic side, position error, habits.

Reads only the CSV files and the borders that are packaged beside it. Every row carries its confidence and
what it rests on; `list_assumptions` shows them all.
"""

from camber.standards.banking import Banking, banking
from camber.standards.borders import region_at
from camber.standards.gnss import GnssClass, gnss_classes
from camber.standards.law import PedestrianRule, pedestrian_rule
from camber.standards.listing import list_assumptions
from camber.standards.overrides import Overrides, overrides_of, read_overrides
from camber.standards.priors import (
    mapped_sidewalk_share,
    maxspeed_default_kmh,
    prior_columns,
    prior_context,
)
from camber.standards.side_choice import SideChoice, side_choice
from camber.standards.tables import (
    cross_slope_table,
    gnss_error_table,
    pedestrian_law_table,
    side_prior_table,
    width_table,
)
from camber.standards.ways import Columns, assume, assumed_columns

__all__ = [
    "Banking",
    "Columns",
    "GnssClass",
    "Overrides",
    "PedestrianRule",
    "SideChoice",
    "assume",
    "assumed_columns",
    "banking",
    "cross_slope_table",
    "gnss_classes",
    "gnss_error_table",
    "list_assumptions",
    "mapped_sidewalk_share",
    "maxspeed_default_kmh",
    "overrides_of",
    "pedestrian_law_table",
    "pedestrian_rule",
    "prior_columns",
    "prior_context",
    "read_overrides",
    "region_at",
    "side_choice",
    "side_prior_table",
    "width_table",
]
