"""Write docs/results.md from docs/results/*.json (`make results`)."""

from __future__ import annotations

import sys
from pathlib import Path

from hilum.errors import HilumError
from hilum.files import write_text
from hilum.reports.results import render_results

DOCS = Path(__file__).resolve().parents[1] / "docs"


def main() -> int:
    """Render the page; 2 where a result cannot be read."""
    try:
        write_text(DOCS / "results.md", render_results(DOCS / "results"))
    except HilumError as error:
        print(f"results: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
