"""Training: one loop for every recipe and device.

device.py      where and in which arithmetic a step runs
augment.py     random changes of a training film (torchvision)
batches.py     films in an order and with changes that depend on seed and epoch alone
losses.py      what a film adds to the loss; class weights, logit adjustment, mixup, penalties
schedules.py   the optimizer, and its rates as a function of the step
averages.py    the exponential moving average of the weights
checkpoint.py  tensors and facts in one safetensors file
judging.py     an epoch's row of figures, the kept epoch, when to stop
job.py         everything that a run depends on
feed.py        what the loop learns from: films, or what frozen layers said of them
cache.py       what a frozen trunk says, computed once and kept on disc
cached.py      the feed from it
step.py        one step, in pieces where memory is short
state.py       how far a run has come, written whole
loop.py        THE loop: START READING HERE
lr_range.py    the learning-rate range test
memory.py      the largest piece of a batch that fits a memory limit
history.py     the curves of a run
run.py         the run folder: what a run was started with
cross_fit.py   small data: networks that have not seen a film calibrate the one that has
assemble.py    graph, calibration and thresholds from the graph's own logits
manifest.py    hilum.json, from how a network was made and what its calibrate patients gave
neighbours.py  the fit films as cases to compare with
faithfulness.py what the model's own map is worth
finish.py      the model folder
imported.py    the model folder of a network that was trained elsewhere
views.py       what augmentation makes of some films, to look at
tracking.py    the fit history for TensorBoard
"""

from hilum.training.assemble import SMALLEST_SLOPE
from hilum.training.cache import Place
from hilum.training.cached import cached_feed
from hilum.training.checkpoint import read_network, write_network
from hilum.training.cross_fit import CrossFitted, cross_fit
from hilum.training.device import Machine, choose_machine
from hilum.training.feed import JUDGED_AT_ONCE, Feed, FilmFeed
from hilum.training.finish import finish
from hilum.training.history import CURVES, Curves, draw_history
from hilum.training.job import STATE, Job
from hilum.training.judging import EpochRow
from hilum.training.loop import Stopped, TrainedNetwork, train_network
from hilum.training.memory import largest_micro_batch
from hilum.training.neighbours import KeptCases, kept_cases, kept_in_words
from hilum.training.processes import joined_processes
from hilum.training.run import RunFacts, RunFolder, films_digest
from hilum.training.tracking import Tracker

__all__ = [
    "CURVES",
    "JUDGED_AT_ONCE",
    "SMALLEST_SLOPE",
    "STATE",
    "CrossFitted",
    "Curves",
    "EpochRow",
    "Feed",
    "FilmFeed",
    "Job",
    "KeptCases",
    "Machine",
    "Place",
    "RunFacts",
    "RunFolder",
    "Stopped",
    "Tracker",
    "TrainedNetwork",
    "cached_feed",
    "choose_machine",
    "cross_fit",
    "draw_history",
    "films_digest",
    "finish",
    "joined_processes",
    "kept_cases",
    "kept_in_words",
    "largest_micro_batch",
    "read_network",
    "train_network",
    "write_network",
]
