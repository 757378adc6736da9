"""Several processes that share every batch."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    places = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    code = TWO.replace("WAIT", BY_ALL[wait])
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=os.environ | places | {"RANK": rank}, stderr=subprocess.PIPE, text=True
        )
        for rank in ("0", "1")
    ]
    first, second = (process.communicate(timeout=120)[1].splitlines()[-1] for process in started)
    assert first == "The disc is full. Expected room. Free some."
    assert second.startswith("This process has lost the others of its run: ")
