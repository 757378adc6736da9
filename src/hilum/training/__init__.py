"""Training: one loop for every recipe and device.

device.py      where and in which arithmetic a step runs
augment.py     random changes of a training film (torchvision)
batches.py     films in an order and with changes that depend on seed and epoch alone
schedules.py   learning rate as a function of the step, and the optimizer
checkpoint.py  the whole state in one safetensors file
loop.py        THE loop
run.py         the run folder: what a run was started with
assemble.py    graph, calibration and thresholds from the graph's own logits
finish.py      the model folder
"""

from hilum.training.assemble import SMALLEST_SLOPE
from hilum.training.checkpoint import read_network, write_network
from hilum.training.device import Machine, choose_machine
from hilum.training.finish import finish
from hilum.training.loop import EpochRow, Job, Stopped, TrainedNetwork, train_network
from hilum.training.processes import joined_processes
from hilum.training.run import RunFacts, RunFolder, films_digest

__all__ = [
    "SMALLEST_SLOPE",
    "EpochRow",
    "Job",
    "Machine",
    "RunFacts",
    "RunFolder",
    "Stopped",
    "TrainedNetwork",
    "choose_machine",
    "films_digest",
    "finish",
    "joined_processes",
    "read_network",
    "train_network",
    "write_network",
]
