"""Lint, types, docstrings and import contracts: the checks that need no data, run as tests."""

import importlib
import pkgutil
import subprocess
import sys
from enum import Enum
from pathlib import Path

import pytest

import camber

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "ruff", "check", "--no-cache", "camber", "tests"],
        ["-m", "ruff", "format", "--no-cache", "--check", "camber", "tests"],
        ["-m", "mypy"],
        ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
    ],
    ids=["lint", "format", "types", "imports"],
)
def test_the_house_is_in_order(command):
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_public_name_resolves():
    for name in camber.__all__:
        assert getattr(camber, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = camber.nothing


def test_public_docstrings_follow_numpydoc():
    from numpydoc.validate import validate  # noqa: PLC0415 - slow to import

    wanted = {"GL08", "PR01", "PR02", "PR03", "RT01", "YD01"}
    found = []
    for module in pkgutil.walk_packages(camber.__path__, "camber."):
        if module.name in {"camber.cli", "camber.__main__"}:
            continue  # the commands' docstrings are their help
        loaded = importlib.import_module(module.name)
        if module.name.startswith("camber.cli.") and hasattr(loaded, "app"):
            continue
        for name in getattr(loaded, "__all__", vars(loaded)):
            thing = getattr(loaded, name)
            public = not name.startswith("_") and getattr(thing, "__module__", "") == module.name
            # The members of an enumeration are no parameters, and a child error takes its parent's.
            plain = isinstance(thing, type) and (issubclass(thing, Enum) or "__init__" not in vars(thing))
            if public and callable(thing) and hasattr(thing, "__qualname__") and not plain:
                report = validate(f"{module.name}.{name}")
                found += [
                    f"{module.name}.{name}: {code} {text}"
                    for code, text in report["errors"]
                    if code in wanted
                ]
    assert not found, "\n".join(found)
