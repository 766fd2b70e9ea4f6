"""The sample that comes with camber: a week of simulated recordings on real streets, and its truth."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

import camber
from camber.errors import RoadsError
from camber.report.wording import LEG_WORDS, distance_text, plain, range_text, start_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camber.report.contents import Report

SIMULATED: Final = (
    "Simulated recordings on real streets: nobody ran these. Streets from OpenStreetMap, runner and "
    "positioning errors from camber.simulate."
)
"""Said wherever the sample is shown."""

EXTRACTS: Final = ("kouvola.osm.pbf", "helsinki.osm.pbf")


def sample_folder() -> Path:
    """Find the sample: in the installed package, or in a checkout beside it.

    Returns
    -------
    Path
        The folder with the two extracts.

    Raises
    ------
    RoadsError
        If it is in neither place.
    """
    package = Path(camber.__file__).resolve().parent
    places = (package / "sample", package.parent / "data")
    for place in places:
        if all((place / name).is_file() for name in EXTRACTS):
            return place
    message = "the sample that comes with camber is missing: install camber again"
    raise RoadsError(message, path=places[0])


def true_totals(path: Path) -> dict[str, dict[str, float]]:
    """Read the true totals of the sample.

    Parameters
    ----------
    path : Path
        ``truth.csv`` of the sample.

    Returns
    -------
    dict of str to dict of str to float
        Metres [m] by column, by file name; empty where there is no such file.
    """
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["file"]: {name: float(row[name]) for name in ("distance_m", *LEG_WORDS)} for row in rows}


def truth_beside(report: Report, truth: dict[str, dict[str, float]]) -> tuple[Table, Text]:
    """Hold what was estimated against what is true.

    Parameters
    ----------
    report : Report
        The runs.
    truth : dict
        Of `true_totals`; runs without an entry are left out.

    Returns
    -------
    table : Table
        One row per run and leg: truth, median, 90 % interval, and whether the truth lies in it.
    conclusion : Text
        How often it does.
    """
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for title, side in (("simulated run", "left"), ("", "left"), ("truth", "right"), ("median", "right"),
                        ("90 % interval", "right"), ("truth in it", "left")):  # fmt: skip
        table.add_column(Text(title), justify="right" if side == "right" else "left")
    inside = []
    for analysis in report.analyses:
        known = truth.get(analysis.recording.source)
        for place, field in enumerate(("left_low_m", "right_low_m") if known else ()):
            interval, true_m = getattr(analysis.summary, field), known[field] if known else 0.0
            inside.append(interval.low <= true_m <= interval.high)
            day = start_text(analysis.summary.started_at, analysis.summary.time_zone).rpartition(" ")[0]
            table.add_row(day if place == 0 else "", LEG_WORDS[field], distance_text(true_m, report.units),
                          distance_text(interval.median, report.units), range_text(interval, report.units),
                          "yes" if inside[-1] else "no")  # fmt: skip
    return table, Text(f"The truth lies in {sum(inside)} of {len(inside)} intervals of 90 %.")


def map_files(report: Report, folder: Path) -> Sequence[Path]:
    """Draw each run of the sample as a PNG.

    Parameters
    ----------
    report : Report
        The runs.
    folder : Path
        Where to.

    Returns
    -------
    sequence of Path
        The files, named after the recordings.
    """
    # Heavy to import, and needed by this function alone.
    from camber.report.figures import figure_of, figure_png, plot_bar  # noqa: PLC0415
    from camber.report.files import write_whole  # noqa: PLC0415
    from camber.report.map import plot_map  # noqa: PLC0415

    files = []
    for analysis in report.analyses:
        axes = plot_map(analysis, units=report.units)
        axes.set_title(plain(analysis.summary.title, 60), parse_math=False)
        name = f"map_{Path(analysis.recording.source).stem}.png"
        files.append(write_whole(folder / name, figure_png(figure_of(axes))))
    bars = plot_bar([a.summary for a in report.analyses], units=report.units)
    return [*files, write_whole(folder / "bars.png", figure_png(figure_of(bars)))]
