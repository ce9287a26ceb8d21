"""Modules and functions are small, packages say what they are, and names say what a thing is."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import PurePath

import pytest

from tests.architecture.tracked import ROOT, files, modules

MODULE_LINES = 350
FUNCTION_LINES = 50
BANNED_TAIL = re.compile(r"(manager|handler|helper|helpers|util|utils|service|services)$", re.IGNORECASE)


def test_the_import_contracts_hold() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("folder", ["reconciler", "tests"])
def test_a_module_is_one_idea_of_at_most_350_lines(folder: str) -> None:
    sizes = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files(f"{folder}/*.py")}
    assert sizes, f"no modules under {folder}"
    assert {name: size for name, size in sizes.items() if size > MODULE_LINES} == {}


@pytest.mark.parametrize("folder", ["reconciler", "tests"])
def test_a_function_fits_a_screen(folder: str) -> None:
    sizes = {f"{name}:{node.lineno} {node.name}": _lines(node) for name, node in _functions(folder)}
    assert {name: size for name, size in sizes.items() if size > FUNCTION_LINES} == {}


def test_no_name_is_a_drawer_for_everything() -> None:
    names = [(name, PurePath(name).stem) for name, _ in modules("reconciler")]
    names += [
        (f"{name}:{node.lineno}", node.name)
        for name, tree in modules("reconciler")
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    ]
    assert [f"{where} {name}" for where, name in names if BANNED_TAIL.search(name)] == []


def test_every_package_and_module_says_what_it_is() -> None:
    assert [name for name, tree in modules("reconciler") if not ast.get_docstring(tree)] == []


def _functions(folder: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for name, tree in modules(folder):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield name, node


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1
