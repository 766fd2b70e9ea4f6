"""A known runner on real roads with realistic errors: the source of truth for tests, calibration and demo."""

from camber.simulate.gpx_writer import gpx_document
from camber.simulate.receiver import DeviceModel, GnssErrorModel
from camber.simulate.routes import (
    Preference,
    Route,
    excursion,
    nearest_node,
    out_and_back,
    random_tour,
    route_via,
)
from camber.simulate.run import Setup, SimulatedRun, TruthTotals, simulate_run, truth_totals
from camber.simulate.runner import Habit, RunnerModel
from camber.simulate.season import Season, season_files, simulate_season
from camber.simulate.week import WEEK_SEED, sample_week, week_files

__all__ = [
    "WEEK_SEED",
    "DeviceModel",
    "GnssErrorModel",
    "Habit",
    "Preference",
    "Route",
    "RunnerModel",
    "Season",
    "Setup",
    "SimulatedRun",
    "TruthTotals",
    "excursion",
    "gpx_document",
    "nearest_node",
    "out_and_back",
    "random_tour",
    "route_via",
    "sample_week",
    "season_files",
    "simulate_run",
    "simulate_season",
    "truth_totals",
    "week_files",
]
