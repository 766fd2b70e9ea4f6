"""Seasons in worlds that are not the model's own: ``python tests/benchmarks/shifted`` in the project's root.

Worlds, runners and receivers differ in kind from `camber.simulate`. Seasons are simulated and matched once
and kept in ``--cache``; a variant of the model only runs its three passes again. ``--save`` writes every
number as JSON, ``--against`` prints an older one beside. All runs are simulated.
"""

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

SIZES = {"small": 14, "medium": 28, "full": 98}


def main():
    options = _options()
    import numpy as np  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415

    from camber.versions import MODEL  # noqa: PLC0415
    from tests.benchmarks.shifted import measures, table  # noqa: PLC0415

    begin = time.time()
    seasons = _seasons(options)
    rows = [row for one in seasons for row in one.rows]
    blocks = pd.concat([one.blocks for one in seasons], ignore_index=True)
    found = measures.measure(rows, blocks, np.hstack([one.sides for one in seasons]))
    found["about"] = {
        "seasons": len(seasons),
        "weeks": options.weeks,
        "cpu_s": round(sum(one.cpu_s for one in seasons)),
        "wall_s": round(time.time() - begin),
        "model": MODEL,
        "options": {
            name: value for name, value in vars(options).items() if isinstance(value, int | float | str)
        },
    }
    if options.save:
        options.save.parent.mkdir(parents=True, exist_ok=True)
        options.save.write_text(json.dumps(found, indent=1))
        pd.DataFrame(rows).to_parquet(options.save.with_suffix(".rows.parquet"))
    before = json.loads(options.against.read_text()) if options.against else None
    if options.tables:
        table.write(found, before, rows, options.tables)
    print(table.text(found, before))


def _options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="small", help="small, medium, full or a number of seasons")
    parser.add_argument("--first", type=int, default=0, help="number of the first season")
    parser.add_argument("--weeks", type=int, default=8)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--jobs", type=int, default=1, help="processes, 2 at most")
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "shifted")
    parser.add_argument("--parts", type=Path, help="folder of judged seasons, to go on where one stopped")
    parser.add_argument("--save", type=Path)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--tables", type=Path, help="folder for the tables that the notebook shows")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--level", type=float, help="cross slope below which a surface is level [%%]")
    parser.add_argument("--no-ceilings", action="store_true", help="leave out the columns with truths told")
    parser.add_argument("--curve", action="store_true", help="what 2, 4, 8, 16 weeks add; needs --weeks 16")
    parser.add_argument("--answers", type=int, default=0, help="questions that are asked and answered")
    parser.add_argument("--without", default="", help="a difference that is left out: season.DIFFERENCES")
    parser.add_argument("--measured", type=float, default=0.0, help="share of metres on surveyed streets")
    options = parser.parse_args()
    options.seasons = SIZES.get(options.size) or int(options.size)
    options.jobs = min(options.jobs, 2)
    return options


def _plans(options):
    """Plans of the seasons whose town is at hand; the others are named."""
    from tests.benchmarks.shifted.season import TOWNS, plan  # noqa: PLC0415

    for town, path in TOWNS.items():
        if not path.exists():
            print(f"skipped {town}: {path} is not at hand", file=sys.stderr)
    numbers = range(options.first, options.first + options.seasons)
    plans = [plan(number, options.weeks, options.seed, options.without) for number in numbers]
    return [one for one in plans if TOWNS[one.town].exists()]


def _seasons(options):
    """Judge every season, one after the other or two at a time."""
    from tests.benchmarks.shifted import study  # noqa: PLC0415

    judge = partial(study.kept_season, options=options)
    if options.jobs == 1:
        return [judge(planned) for planned in _plans(options)]
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        return list(pool.map(judge, _plans(options)))


if __name__ == "__main__":
    main()
