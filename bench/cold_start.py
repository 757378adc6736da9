"""Cold start of `hilum predict` on one film, beside a bare import of the same libraries, interleaved.

    python bench/cold_start.py MODEL FILM [--python BASE/bin/python] [--repeats 10]

Name the interpreter of a base install to measure what a reader has. Prints medians, their ratio, and which of the
libraries that a reader does not need were loaded (there should be none).
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time

BARE = "import numpy, PIL.Image, onnxruntime"
UNWANTED = ("torch", "pandas", "sklearn", "matplotlib", "pyarrow", "scipy")


def seconds(command: list[str]) -> float:
    """Wall-clock seconds of a command."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def loaded(python: str, model: str, film: str) -> list[str]:
    """Unwanted libraries among the modules that a prediction loads."""
    code = (
        "import sys, json; from hilum.cli import run; run(sys.argv[1:]);"
        f"print(json.dumps([name for name in {UNWANTED!r} if name in sys.modules]), file=sys.stderr)"
    )
    done = subprocess.run(
        [python, "-c", code, "predict", film, "--model", model], check=True, capture_output=True, text=True
    )
    names: list[str] = json.loads(done.stderr.splitlines()[-1])
    return names


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model")
    options.add_argument("film")
    options.add_argument("--python", default=sys.executable)
    options.add_argument("--repeats", type=int, default=10)
    chosen = options.parse_args()
    predict = [chosen.python, "-m", "hilum", "predict", chosen.film, "--model", chosen.model, "--json"]
    bare = [chosen.python, "-c", BARE]
    seconds(predict), seconds(bare)  # both once unmeasured: the disc is warm for both
    pairs = [(seconds(bare), seconds(predict)) for _ in range(chosen.repeats)]
    bare_s, predict_s = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"{platform.machine()}, Python {platform.python_version()}, {chosen.repeats} interleaved repeats")
    print(f"bare imports   median {bare_s:.3f} s   ({min(p[0] for p in pairs):.3f} to {max(p[0] for p in pairs):.3f})")
    print(
        f"hilum predict  median {predict_s:.3f} s   ({min(p[1] for p in pairs):.3f} to {max(p[1] for p in pairs):.3f})"
    )
    print(f"ratio          {predict_s / bare_s:.2f}")
    print(f"loaded without need: {', '.join(loaded(chosen.python, chosen.model, chosen.film)) or 'nothing'}")


if __name__ == "__main__":
    main()
