"""Run everything: lint, types and import contracts beside the tests, each once.

``python tests/everything.py`` in the project's root; what is given goes to pytest. With ``--explore`` first,
the property tests alone run, with examples that are new each time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]

CHECKS = {
    "lint": ["-m", "ruff", "check", "--no-cache", "camber", "tests"],
    "format": ["-m", "ruff", "format", "--no-cache", "--check", "camber", "tests"],
    "imports": ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
    "types": ["-m", "mypy"],
}


def main(arguments: list[str]) -> int:
    """Run all of it; the exit code is 0 where all of it is in order."""
    if arguments[:1] == ["--explore"]:
        fresh = {**os.environ, "CAMBER_EXPLORE": "1"}
        return _python(["-m", "pytest", "-m", "hypothesis", *arguments[1:]], env=fresh).wait()
    # One core checks types while the other compiles the kernels: else every worker would compile them anew.
    started = {name: _python(command, stdout=subprocess.PIPE) for name, command in CHECKS.items()}
    with tempfile.TemporaryDirectory() as folder:
        _python(
            ["-m", "camber", "-q", "--offline", "demo", "--check", "-o", folder], stdout=subprocess.DEVNULL
        ).wait()
    tests = _python(["-m", "pytest", *arguments]).wait()
    failed = []
    for name, process in started.items():
        said, _ = process.communicate()
        if process.returncode:
            failed.append(name)
            print(f"== {name}\n{said}")
    verdict = f"NOT in order: {', '.join(failed)}" if failed else "in order"
    print(f"lint, format, imports, types: {verdict}")
    return tests or int(bool(failed))


def _python(
    command: list[str], *, stdout: int | None = None, env: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, *command], cwd=ROOT, text=True, stdout=stdout, env=env)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
