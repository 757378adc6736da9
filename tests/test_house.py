"""Rules of the house that a machine can check."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "src" / "hilum").rglob("*.py"))


def public_definitions(tree: ast.AST) -> list[ast.FunctionDef | ast.ClassDef]:
    """Public functions and classes of a module, and public methods of its public classes."""
    found: list[ast.FunctionDef | ast.ClassDef] = []
    for node in getattr(tree, "body", []):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            found.append(node)
            if isinstance(node, ast.ClassDef):
                found += public_definitions(node)
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_every_public_name_has_a_docstring(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    missing = [node.name for node in public_definitions(tree) if not ast.get_docstring(node)]
    assert ast.get_docstring(tree) and missing == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_source_never_unpickles(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\b(pickle|joblib|torch\.load|torch\.save|allow_pickle=True)\b(?!')", _without_strings(text))


def test_public_names_are_sorted_and_there() -> None:
    import hilum

    assert hilum.__all__ == sorted(hilum.__all__)
    for name in hilum.__all__:
        assert callable(getattr(hilum, name))


def test_importing_hilum_and_its_command_line_imports_nothing_heavy() -> None:
    code = (
        "import sys, hilum, hilum.cli; hilum.cli.build_app();"
        "print([m for m in ('torch', 'pandas', 'pyarrow', 'sklearn', 'matplotlib', 'onnxruntime', 'numpy')"
        " if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def _without_strings(text: str) -> str:
    """The code without its strings and comments, so that a sentence may name what the code never does."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
        if isinstance(node, ast.JoinedStr):
            node.values = []
    return ast.unparse(tree)
