"""Write docs/results.md and the table of docs/seeds.md from docs/results/*.json (`make results`)."""

from __future__ import annotations

import sys
from pathlib import Path

from hilum.errors import HilumError
from hilum.files import read_text, write_text
from hilum.reports.results import render_results
from hilum.reports.seeds import fill_seeds

DOCS = Path(__file__).resolve().parents[1] / "docs"


def main() -> int:
    """Render both; 2 where a result cannot be read."""
    try:
        write_text(DOCS / "results.md", render_results(DOCS / "results"))
        write_text(DOCS / "seeds.md", fill_seeds(read_text(DOCS / "seeds.md"), DOCS / "results"))
    except HilumError as error:
        print(f"results: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
