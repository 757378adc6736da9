"""THE loop in several processes: one network, one history, one end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from hilum.training.checkpoint import read_tensors_and_facts

TESTS = Path(__file__).parents[1]


@pytest.mark.slow
def test_two_processes_learn_in_pieces_what_one_learns_at_once(tmp_path: Path) -> None:
    """Frozen norms and no dropout, so that nothing but the order of sums depends on who has which films."""
    code = """
import sys
from dataclasses import replace
from pathlib import Path
import torch
from hilum.training import joined_processes
from small_job import run, small_job, small_recipe

changes = ("network.trained=head", "network.dropout=0", "train.l2=0.01", "train.clip_norm=0.5", "train.keep=last")
with joined_processes(8, "cpu") as processes:
    job = small_job(Path(sys.argv[1]), small_recipe(*changes), processes=processes)
    trained = run(replace(job, machine=replace(job.machine, micro_batch=int(sys.argv[2]))))
"""
    torchrun(code, str(tmp_path / "3"), "3")
    torchrun(code, str(tmp_path / "0"), "0", processes=1)
    (two, _), (one, _) = (read_tensors_and_facts(tmp_path / films / "kept.safetensors") for films in ("3", "0"))
    assert all(torch.allclose(two[name].float(), tensor.float(), atol=1e-5) for name, tensor in one.items())


@pytest.mark.slow
@pytest.mark.parametrize("average", ["0", "0.8"])
def test_two_processes_whose_norms_learn_judge_one_network_and_resume(tmp_path: Path, average: str) -> None:
    """Each process's norms see other films; the rows of the history steer rates, the kept epoch and the end."""
    code = """
import json, sys
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from hilum.training import Stopped, joined_processes
from small_job import after, run, small_job, small_recipe

changes = ("train.schedule=plateau", "train.plateau_patience=1", "train.early_stop=2", "train.epochs=6", "seed=3")
with joined_processes(8, "cpu") as processes:
    def trained(name, **of_job):
        recipe = small_recipe(*changes, f"train.average={sys.argv[2]}")
        done = run(small_job(Path(sys.argv[1]) / name, recipe, processes=processes, **of_job))
        digest = sha256()
        for name, tensor in done.classifier.state_dict().items():
            digest.update(tensor.numpy().tobytes())
        return {"rows": [asdict(row) for row in done.history], "kept": done.kept_epoch, "network": digest.hexdigest()}

    answers = {"whole": trained("whole")}
    try:
        trained("parts", stop=after(9))
    except Stopped:
        answers["resumed"] = trained("parts")
Path(sys.argv[1], f"{processes.number}.json").write_text(json.dumps(answers))
"""
    torchrun(code, str(tmp_path), average)
    first, second = (json.loads((tmp_path / f"{number}.json").read_text()) for number in (0, 1))
    assert first == second
    for answer in first.values():
        for row in answer["rows"]:
            del row["seconds"]
    assert len(first["whole"]["rows"]) > 1 and first["resumed"] == first["whole"]


def torchrun(code: str, *arguments: str, processes: int = 2) -> None:
    """Run this code in so many processes that share every batch."""
    file = Path(arguments[0]).with_suffix(".py")
    file.write_text(code)
    many = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command = [sys.executable, *(many if processes > 1 else []), str(file), *arguments]
    places = {**os.environ, "PYTHONPATH": str(TESTS)}
    done = subprocess.run(command, env=places, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
