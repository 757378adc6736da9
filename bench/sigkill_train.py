"""Kill a training run at random instants until it is done, and compare its weights with a run never killed.

    python bench/sigkill_train.py DATA --kills 25 --seed 1

Prints one line a kill, then whether the final weights are identical, with the upper bound that "0 of N" leaves
(rule of three). Needs some minutes; DATA may be a folder of phantoms (`hilum data fetch phantom`).
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHANGES = ("film.side=64", "network.widths=[16, 32, 64]", "train.epochs=6", "train.batch_size=16")


def train(data: str, run: Path, resume: bool) -> subprocess.Popen[bytes]:
    """Start a training run that saves its state every second."""
    command = [sys.executable, "-m", "hilum", "train", "cnn-scratch", data, "--output", str(run), "--save-every", "1"]
    for change in CHANGES:
        command += ["--set", change]
    return subprocess.Popen(
        [*command, *(["--resume"] if resume else [])], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def finish(process: subprocess.Popen[bytes]) -> float:
    """Wait for a run to end well; its seconds come back."""
    started = time.monotonic()
    _, errors = process.communicate()
    if process.returncode:
        sys.exit(f"The run failed: {errors.decode()}")
    return time.monotonic() - started


def weights(run: Path) -> str:
    """SHA-256 of the model folder's weights."""
    return hashlib.sha256((run / "model" / "model.safetensors").read_bytes()).hexdigest()


def main() -> None:
    """Train once whole, once in pieces, and compare."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data")
    options.add_argument("--kills", type=int, default=25)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    draw = random.Random(chosen.seed)
    place = Path(tempfile.mkdtemp(prefix="hilum-kills-"))
    whole = finish(train(chosen.data, place / "whole", resume=False))
    print(f"seed {chosen.seed}; the run takes {whole:.1f} s when nobody kills it", flush=True)
    killed = ended = 0
    while killed < chosen.kills:
        # Each life gets a random share of a whole run, so kills fall into start, epochs, saving, export and writing.
        instant = draw.uniform(0.02, 1.0) * whole * (1.2 if draw.random() < 0.3 else 0.5)
        process = train(chosen.data, place / "parts", resume=(place / "parts" / "run.json").exists())
        try:
            process.communicate(timeout=instant)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            killed += 1
            state = place / "parts" / "state.safetensors"
            size = state.stat().st_size if state.exists() else "none yet"
            print(f"kill {killed:3} after {instant:6.2f} s; state: {size}", flush=True)
            if not (place / "parts" / "model").exists():
                continue
            process.returncode = 0  # the model folder was whole already: the run had ended but for its last words
        ended += 1
        if process.returncode or weights(place / "parts") != weights(place / "whole"):
            sys.exit(f"DIFFERENT: life {killed + ended} ended with {process.returncode}; see {place}")
        shutil.rmtree(place / "parts")
    if not (place / "parts" / "model").exists():
        finish(train(chosen.data, place / "parts", resume=(place / "parts" / "run.json").exists()))
        ended += 1
    same = weights(place / "parts") == weights(place / "whole")
    print(f"{killed} kills, {ended} runs ended; weights {'identical' if same else 'DIFFERENT'}")
    print(f"0 of {killed} kills lost the run: at most {3 / killed:.1%} of kills do (95 %, rule of three)")
    shutil.rmtree(place)
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
