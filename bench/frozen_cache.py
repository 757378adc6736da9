"""Frozen layers computed once, against the same recipe with fresh views and no cache: end to end and in quality.

    python bench/frozen_cache.py DATA --weights DIR [--recipe mobilenetv2-frozen] [--views 1 2] [--output FILE.json]

Every run is a `hilum train` of its own on the same catalogue and pixel cache, each in its best arithmetic: the frozen
trunk in ONNX Runtime, the uncached network in torch. Prints seconds of the whole command, of what comes before the
model folder (films to kept network), and the select patients' AUROC of the kept epoch.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hilum.json_files import write_json
from hilum.modelfolder import open_model_folder

Row = dict[str, Any]


def trained(options: argparse.Namespace, workspace: Path, name: str, changes: list[str]) -> Row:
    """Train once; how long it took and how good the kept epoch is on the select patients."""
    run = workspace / name
    command = [sys.executable, "-m", "hilum", "train", options.recipe, options.data, "--weights", options.weights]
    command += ["--output", str(run), "--workspace", str(workspace), "--json"]
    command += [word for change in changes for word in ("--set", change)]
    started, began = time.perf_counter(), time.time()
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    whole = time.perf_counter() - started
    learned = (run / "history.csv").stat().st_mtime - began  # written when the last epoch has ended
    facts = open_model_folder(run / "model").manifest.training
    return {
        "name": name,
        "changes": changes,
        "seconds": round(whole, 1),
        "seconds_to_kept_network": round(learned, 1),
        "epochs": facts.epochs,
        "select_auroc": answer["auroc"],
        "machine": facts.machine,
        "precision": facts.precision,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--weights", required=True)
    parser.add_argument("--recipe", default="mobilenetv2-frozen")
    parser.add_argument("--views", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--uncached-precision", nargs="+", default=["fp32", "auto"])
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder)
        trained(options, workspace, "unmeasured", ["train.epochs=1", "cache.enabled=false", "augment.views=0"])
        rows = [trained(options, workspace, f"cached-{k}", [f"augment.views={k}"]) for k in options.views]
        for precision in options.uncached_precision:
            changes = ["cache.enabled=false", "augment.views=0", f"precision={precision}"]
            rows.append(trained(options, workspace, f"uncached-{precision}", changes))
    fastest = min((row for row in rows if row["name"].startswith("uncached")), key=lambda row: row["seconds"])
    for row in rows:
        row["times_faster"] = round(fastest["seconds"] / row["seconds"], 2)
        row["times_faster_to_kept_network"] = round(
            fastest["seconds_to_kept_network"] / row["seconds_to_kept_network"], 2
        )
        print(
            f"{row['name']:16} {row['seconds']:7.1f} s whole ({row['times_faster']:.2f}x)  "
            f"{row['seconds_to_kept_network']:7.1f} s to kept ({row['times_faster_to_kept_network']:.2f}x)  "
            f"select AUROC {row['select_auroc']:.4f}  {row['precision']}"
        )
    if options.output:
        write_json(options.output, rows)


if __name__ == "__main__":
    main()
