"""How the balance of the simulated sample week would move with the judgements, were it run in Germany.

Run with ``python tests/benchmarks/sensitivity.py [FIGURE.svg]`` in the project's root; seeds are fixed. The
roads of the sample are read as German ones, since there the share of crowned roads is least sure.
"""

from __future__ import annotations

import sys
from pathlib import Path

import camber
from camber.report import plot_tornado
from camber.report.figures import figure_of
from camber.sensitivity import balance_sensitivity, german_changes

DATA = Path(__file__).parents[2] / "data"


def german_week() -> list[tuple[camber.Recording, camber.Roads]]:
    """Read the sample week, each run with its roads, as if they lay in Germany."""
    kouvola, helsinki = (
        camber.read_roads(DATA / f"{town}.osm.pbf", country="DE") for town in ("kouvola", "helsinki")
    )
    recordings = [camber.read_recording(path) for path in sorted((DATA / "week").glob("*.gpx"))]
    return [
        (one, kouvola if one.fixes["latitude_deg"].max() > kouvola.bounds_deg[1] else helsinki)
        for one in recordings
    ]


def main() -> None:
    """Print the table, and draw it if asked to."""
    table = balance_sensitivity(german_week(), german_changes())
    print("| moved | to | balance | to | balance | as assumed | swing |")
    print("|---|---|---|---|---|---|---|")
    for row in table.itertuples():
        print(
            f"| {row.name} | {row.low_value} | {row.at_low_balance:+.3f} | {row.high_value} "
            f"| {row.at_high_balance:+.3f} | {row.balance:+.3f} ({row.balance_low:+.2f} to "
            f"{row.balance_high:+.2f}) | {row.swing:.3f} |"
        )
    if len(sys.argv) > 1:
        axes = plot_tornado(table)
        axes.set_title("Simulated week: what the judgements are worth")
        figure_of(axes).savefig(sys.argv[1])


if __name__ == "__main__":
    main()
