"""Several processes that share every batch."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest
import torch

from hilum.training import EpochRow
from hilum.training.processes import Processes

TWO = """
import sys
from hilum.errors import HilumError
from hilum.training.processes import joined_processes

try:
    with joined_processes(2, "cpu") as processes:
        if processes.number == 0:
            raise HilumError("The disc is full.", expected="room", do="Free some.")
        WAIT
except HilumError as error:
    sys.exit(str(error))
"""
BY_ALL = {
    "a barrier": "processes.wait()",
    "a question": "processes.any_of(False, 'cpu')",
    "a step": "import torch; processes.together(torch.nn.Linear(2, 1))(torch.zeros(1, 2)).sum().backward()",
}


@pytest.mark.slow
@pytest.mark.parametrize("wait", BY_ALL)
def test_process_that_is_left_alone_ends_with_a_sentence(wait: str) -> None:
    started = two_processes(TWO.replace("WAIT", BY_ALL[wait]))
    first, second = (process.communicate(timeout=120)[1].splitlines()[-1] for process in started)
    assert first == "The disc is full. Expected room. Free some."
    assert second.startswith("This process has lost the others of its run: ")


EXCHANGE = """
import json, sys, torch
from hilum.training import EpochRow
from hilum.training.processes import joined_processes

with joined_processes(2, "cpu") as processes:
    own = processes.number + 1.0
    norm = torch.nn.BatchNorm2d(4).to(memory_format=torch.channels_last)
    norm.register_buffer("square", torch.full((2, 3, 4, 5), own).to(memory_format=torch.channels_last))
    norm.running_mean.fill_(own)
    norm.num_batches_tracked.fill_(processes.number + 7)
    processes.take_first_buffers(norm)
    row = processes.first_row(EpochRow(processes.number + 3, *(own / 3 for _ in range(10))), "cpu")
    values = [processes.mean(own, "cpu"), *norm.running_mean.tolist(), norm.num_batches_tracked.item()]
    print(json.dumps([*values, norm.square.sum().item(), row.epoch, row.loss, row.seconds]), file=sys.stderr)
"""


@pytest.mark.slow
def test_processes_have_the_mean_and_take_buffers_and_row_of_the_first() -> None:
    for process in two_processes(EXCHANGE):
        assert json.loads(process.communicate(timeout=120)[1].splitlines()[-1]) == [
            *(1.5, 1, 1, 1, 1, 7, 120),
            *(3, 1 / 3, 1 / 3),
        ]


def test_lone_process_exchanges_nothing() -> None:
    row, norm = EpochRow(2, *(0.1 for _ in range(10))), torch.nn.BatchNorm2d(2)
    Processes().take_first_buffers(norm)
    assert Processes().first_row(row, "cpu") is row and Processes().mean(0.3, "cpu") == 0.3


def two_processes(code: str) -> list[subprocess.Popen[str]]:
    """Start this code twice, as torchrun would."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    places = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    return [
        subprocess.Popen(
            [sys.executable, "-c", code], env=os.environ | places | {"RANK": rank}, stderr=subprocess.PIPE, text=True
        )
        for rank in ("0", "1")
    ]
