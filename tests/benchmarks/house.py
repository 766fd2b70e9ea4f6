"""Measure the house: files, lines, docstrings, comments, parameters, dependencies.

Run with ``python tests/benchmarks/house.py [CHECKOUT]`` in the project's root; ``--tree`` writes what each
file is for, in its own words, into CONTRIBUTING.md.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections import Counter
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
BEGIN, END = "<!-- tree -->", "<!-- end of tree -->"
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
CALLED = (ast.FunctionDef, ast.AsyncFunctionDef)


class Module(NamedTuple):
    """Lines of one module by what they are, and its functions' parameters and lengths."""

    path: Path
    code: int
    docstrings: int
    comments: int
    parameters: list[int]
    lengths: list[int]


def measure(path: Path) -> Module:
    """Count one module; a line with code and a comment is code."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    docstrings: set[int] = set()
    parameters, lengths = [], []
    for node in ast.walk(tree):
        documented = isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None
        if documented:
            docstrings.update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
        if isinstance(node, CALLED):
            given = node.args
            parameters.append(len(given.posonlyargs) + len(given.args) + len(given.kwonlyargs))
            body = node.body[1:] if documented else node.body
            lengths.append((body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0)
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    rest = [(number, line) for number, line in lines if line and number not in docstrings]
    comments = sum(1 for _, line in rest if "# " in line and "noqa" not in line and "type:" not in line)
    code = sum(1 for _, line in rest if not line.startswith("#"))
    return Module(path, code, len(docstrings), comments, parameters, lengths)


def tree(root: Path) -> str:
    """List every file with the first sentence of its docstring, by room."""
    lines = []
    files = (root / "camber").rglob("*.py")
    for path in sorted(files, key=lambda path: (path.parent, path.stem != "__init__", path.name)):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        sentence = " ".join(said.partition("\n\n")[0].split())
        place = path.relative_to(root)
        if path.stem == "__init__":
            lines.append(f"{'' if not lines else chr(10)}{place.parent}/\n    {sentence}")
        else:
            lines.append(f"  {place.name:<18} {sentence}")
    return "\n".join(lines)


def with_tree(text: str, root: Path) -> str:
    """Put the tree between its two marks in a page."""
    before, mark, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{mark}\n```\n{tree(root)}\n```\n{end}{after}"


def main() -> None:
    """Print the table, or write the tree."""
    if "--tree" in sys.argv:
        page = ROOT / "CONTRIBUTING.md"
        page.write_text(with_tree(page.read_text(encoding="utf-8"), ROOT), encoding="utf-8")
        return
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    modules = [measure(path) for path in sorted((root / "camber").rglob("*.py"))]
    code = sum(module.code for module in modules)
    lengths = [length for module in modules for length in module.lengths]
    stems = Counter(module.path.stem for module in modules if not module.path.stem.startswith("__"))
    tests = sum(measure(path).code for path in (root / "tests").rglob("*.py"))
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    rows = {
        "files": len(modules),
        "code lines": code,
        "docstring lines": sum(module.docstrings for module in modules),
        "comments per 100 code lines": round(100 * sum(module.comments for module in modules) / code, 1),
        "modules' median, largest": f"{median(m.code for m in modules):.0f}, {max(m.code for m in modules)}",
        "functions' median, longest": f"{median(lengths):.0f}, {max(lengths)}",
        "largest parameter count": max(count for module in modules for count in module.parameters),
        "names of files used twice": sum(1 for count in stems.values() if count > 1),
        "run-time dependencies": len(project["dependencies"]),
        "tests' code lines": tests,
    }
    for name, value in rows.items():
        print(f"| {name} | {value} |")


if __name__ == "__main__":
    main()
