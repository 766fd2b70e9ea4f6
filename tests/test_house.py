"""What the house promises: names that resolve, docstrings where users read them, budgets, one noun one file.

Lint, types and import contracts are no tests: `tests/everything.py` runs them beside these.
"""

import ast
import importlib
import inspect
import tomllib
from collections import Counter
from dataclasses import is_dataclass
from enum import Enum
from pathlib import Path

import pytest

import camber
from tests.benchmarks.house import with_tree

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "camber").rglob("*.py"))
MODULE_LINES, FUNCTION_LINES, PARAMETERS = 400, 60, 12
STAGES = (
    *("camber.recording.read_recording", "camber.roads.read_roads", "camber.track.prepare_track"),
    *("camber.matching.match", "camber.lateral.locate", "camber.lateral.pool_evidence"),
    *("camber.cross_slope.assign_cross_slope", "camber.exposure.measure_exposure"),
    *("camber.summary.summarise", "camber.suggestions.suggest", "camber.planning.plan_route"),
)
NUMPYDOC = {"GL08", "PR01", "PR02", "PR03", "RT01", "YD01"}
OUTSIDE = tuple(
    f"{name}.md" for name in ("science", "users", "architecture", "reliability", "truth", "terrain")
)


def reachable():
    """Names that a user can reach: public ones, methods of what they are or return, stages, the schema."""
    names = [f"camber.{name}" for name in camber.__all__ if name != "analyse"]
    names += ["camber.pipeline.analyse", *STAGES]
    schema = importlib.import_module("camber.schema")
    names += [f"camber.schema.{name}" for name in schema.__all__]
    for name in names:
        module, _, own = name.rpartition(".")
        thing = getattr(importlib.import_module(module), own)
        if isinstance(thing, type) and not issubclass(thing, Enum):
            if is_dataclass(thing) or "__init__" in vars(thing):
                yield f"{thing.__module__}.{thing.__qualname__}"
            for inner, method in inspect.getmembers(thing, inspect.isfunction):
                if not inner.startswith("_") and method.__module__.startswith("camber"):
                    yield f"{method.__module__}.{method.__qualname__}"
        elif inspect.isfunction(thing):
            yield f"{thing.__module__}.{thing.__qualname__}"


def test_every_public_name_resolves():
    for name in camber.__all__:
        assert getattr(camber, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = camber.nothing


def test_the_version_is_that_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert camber.__version__ == project["version"]


def test_what_a_user_can_reach_is_documented_in_full():
    from numpydoc.validate import validate  # noqa: PLC0415 - slow to import

    names = sorted(set(reachable()))
    assert len(names) > 80
    found = [
        f"{name}: {code} {text}"
        for name in names
        for code, text in validate(name)["errors"]
        if code in NUMPYDOC
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_keeps_its_budget_and_its_sources_can_be_opened(path):
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    docstrings = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            documented = ast.get_docstring(node) is not None
            if documented:
                docstrings.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
            if isinstance(node, ast.FunctionDef) and node.body[documented:]:
                body = node.body[documented:]
                assert body[-1].end_lineno - body[0].lineno < FUNCTION_LINES, node.name
                given = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
                assert len(given) <= PARAMETERS, node.name
    code = [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.strip().startswith("#") and number not in docstrings
    ]
    assert len(code) <= MODULE_LINES
    assert [name for name in OUTSIDE if name in text] == []


def test_a_noun_has_one_file():
    stems = Counter(path.stem for path in FILES if not path.stem.startswith("__"))
    assert {stem: count for stem, count in stems.items() if count > 1} == {}


def test_the_page_on_the_house_says_what_each_file_is_for():
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert page == with_tree(page, ROOT), "python tests/benchmarks/house.py --tree"
