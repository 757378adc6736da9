"""A model folder and films in, predictions out; without torch.

predictor.py    the model folder opened: logits, distances, calibrated probabilities, decisions
gate.py         whether a picture may be assessed at all
prediction.py   what is said of one film
mapping.py      the activation map drawn over its film
"""

from hilum.runtime.gate import NO_GATE
from hilum.runtime.mapping import draw_map
from hilum.runtime.prediction import Assessment, Prediction, Status
from hilum.runtime.predictor import Predictor

__all__ = ["NO_GATE", "Assessment", "Prediction", "Predictor", "Status", "draw_map"]
