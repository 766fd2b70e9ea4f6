"""A Strava export of 3,000 activities, one in twenty damaged: how long an import takes, and a second one.

Run with ``python tests/benchmarks/whole_archive.py`` in the project's root; ``--count`` and ``--fixes`` make
it smaller. Everything is made by hand (tests/exports.py); nobody ran it.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from camber.library import open_library
from camber.library.checking import check_library
from camber.library.importing import import_paths
from tests.exports import activities, write_zip


def cpu_s() -> float:
    """Processor time of this process and of those it has waited for [s]."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def main() -> None:
    """Make the export, import it twice, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--fixes", type=int, default=600)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made = activities(options.count, fixes=options.fixes)
        archive = write_zip(folder / "export_1.zip", made)
        bad = {one.name for one in made if one.damage}
        print(f"{len(made)} activities of {options.fixes} fixes, {len(bad)} damaged; "
              f"{archive.stat().st_size / 1e6:.1f} MB zip")  # fmt: skip
        with open_library(folder / "library") as library:
            first = _imported(library, archive, "first import")
            outcomes = Counter(file.outcome for file in first.files)
            told = {file.source.rpartition("!")[2] for file in first.files if file.outcome == "problem"}
            print(f"  {dict(outcomes)}; told as bad exactly the damaged ones: {told == bad}")
            reasons = Counter(
                (file.code, file.reason[:60]) for file in first.files if file.outcome == "problem"
            )
            for (code, reason), count in sorted(reasons.items()):
                print(f"    {count:4d}  {code}: {reason}")
            before = library.path.stat().st_size
            second = _imported(library, archive, "second import")
            print(f"  {dict(Counter(file.outcome for file in second.files))}")
            findings = check_library(library).findings
            print(f"  library {before / 1e6:.1f} MB; findings of the check: {len(findings)}")


def _imported(library, archive, words):
    began, cpu = time.monotonic(), cpu_s()
    report = import_paths(library, [archive])
    used, took = cpu_s() - cpu, time.monotonic() - began
    fixes = sum(file.fixes for file in report.files)
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"{words}: {took:.1f} s, {used:.1f} CPU-s, {fixes} new fixes, {fixes / used:.0f} fixes per CPU-s, "
          f"peak {peak / 1024:.0f} MiB")  # fmt: skip
    return report


if __name__ == "__main__":
    main()
