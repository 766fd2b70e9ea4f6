"""The calibration study: ``python tests/benchmarks/calibration`` in the project's root.

Fixed seeds; ``--small`` is the subset that CI runs, ``--runs`` and ``--weeks`` choose the size, ``--output``
the folder of tables (CSV, JSON, Markdown) and figures (PNG). Simulated runs are called simulated; the real
recordings are skipped where they are not at hand.
"""

import argparse
import json
import platform
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.benchmarks.markdown import markdown  # noqa: E402 - the project's root has to be found before

SEED = 2026
LIBRARIES = ("numpy", "pandas", "geopandas", "shapely", "numba", "pyproj")


def main():
    options = _options()
    from tests.benchmarks.calibration import cost, drawing, limit, real, scenarios, study  # noqa: PLC0415

    begin, output = time.process_time(), options.output
    output.mkdir(parents=True, exist_ok=True)
    extracts = scenarios.open_extracts()
    tables = {"limit": limit.table(options.repetitions, options.seed, small=options.small)}
    runs = study.judge_runs(extracts, options.seed, options.runs)
    weeks = study.judge_weeks(extracts, options.seed, options.weeks) if options.weeks else None
    tables |= {"calibration": study.calibration(runs), "sharpness": study.sharpness(runs)}
    tables["reliability"] = study.curves(runs)
    tables["coverage of runs"] = study.coverage(runs.rows)
    tables["what adds"] = study.additions(runs, weeks)
    if weeks is not None:
        for how, part in weeks.groupby("how"):
            tables[f"coverage of weeks, {how}"] = study.coverage(part)
    facts = {
        "limit": limit.verdict(tables["limit"]),
        "cars": real.cars(),
        "ride under trees": None if options.small else real.ride(),
        "cost": cost.measure(extracts["kouvola"]),
        "about": _about(options, time.process_time() - begin),
    }
    _write(output, tables, facts)
    drawing.limit_figure(tables["limit"], output / "limit.png")
    drawing.reliability_figure(tables["reliability"], output / "reliability.png")
    drawing.sharpness_figure(tables["sharpness"], output / "sharpness.png")
    covered = {name: rows for name, rows in tables.items() if name.startswith("coverage")}
    drawing.coverage_figure(covered, output / "coverage.png")
    print((output / "results.md").read_text())


def _options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--weeks", type=int, default=400)
    parser.add_argument("--repetitions", type=int, default=1000, help="stretches per cell of the limit")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--small", action="store_true", help="a few runs, for CI")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "calibration")
    options = parser.parse_args()
    if options.small:
        options.runs, options.weeks, options.repetitions = 12, 0, 100
    return options


def _about(options, cpu_s):
    return {
        "date": datetime.now(tz=UTC).date().isoformat(),
        "camber": version("camber"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "libraries": {name: version(name) for name in LIBRARIES},
        "seed": options.seed,
        "runs": options.runs,
        "weeks": options.weeks,
        "repetitions": options.repetitions,
        "cpu_s": round(cpu_s),
    }


def _write(output, tables, facts):
    parts = ["# Calibration of camber on simulated runs\n"]
    for name, rows in tables.items():
        rows.to_csv(output / f"{name.replace(', ', '_').replace(' ', '_')}.csv", index=False)
        parts.append(f"## {name}\n\n{markdown(rows, '{:.3f}'.format)}\n")
    (output / "results.json").write_text(json.dumps(facts, indent=2))
    parts.append(f"## facts\n\n```json\n{json.dumps(facts, indent=2)}\n```\n")
    parts.append(
        "Road data: © OpenStreetMap contributors. All runs are simulated but for cars and the ride.\n"
    )
    (output / "results.md").write_text("\n".join(parts))


if __name__ == "__main__":
    main()
