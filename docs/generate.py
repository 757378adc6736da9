"""Write the pages that are made from the code: docs/cli.md and docs/reference/recipes.md.

python docs/generate.py
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from cyclopts import App
from rich.console import Console

from hilum.cli import build_app
from hilum.cli.table import VERBS
from hilum.files import write_text
from hilum.recipe import PACKAGED, packaged_recipes, recipe_keys

DOCS = Path(__file__).parent
MADE = "<!-- Made by: python docs/generate.py -->\n"


def cli_page() -> str:
    """Every command with its help, as it is shown at 80 columns."""
    parts = [f"{MADE}# The command line\n\n```text\n$ hilum --help\n{_help([])}\n```\n"]
    for verb in VERBS:
        parts.append(f"## hilum {verb.name}\n\n```text\n$ hilum {verb.name} --help\n{_help(verb.name.split())}\n```\n")
    return "\n".join(parts)


def recipes_page() -> str:
    """Every key of a recipe with its meaning, and the packaged recipes as they are."""
    rows = "\n".join(f"| `{key}` | {text} |" for key, text in recipe_keys().items())
    files = "\n".join(
        f"## {name}\n\n```toml\n{(PACKAGED / f'{name}.toml').read_text(encoding='utf-8')}```\n"
        for name in packaged_recipes()
    )
    return f"{MADE}# Recipes\n\n| key | meaning |\n|---|---|\n{rows}\n\n{files}"


def _help(words: list[str]) -> str:
    app: App = build_app([*words, "--help"])
    text = io.StringIO()
    console = Console(file=text, width=80, force_terminal=False, color_system=None)
    with contextlib.suppress(SystemExit):
        app([*words, "--help"], console=console, exit_on_error=False)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()).strip("\n")


def main() -> None:
    """Write both pages."""
    write_text(DOCS / "cli.md", cli_page())
    write_text(DOCS / "reference" / "recipes.md", recipes_page())


if __name__ == "__main__":
    main()
