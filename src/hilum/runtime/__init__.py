"""A model folder and films in, predictions out; without torch.

predictor.py    the model folder opened: logits, calibrated probabilities, decisions
prediction.py   what is said of one film
mapping.py      the activation map drawn over its film
"""

from hilum.runtime.mapping import draw_map
from hilum.runtime.prediction import Prediction
from hilum.runtime.predictor import Predictor

__all__ = ["Prediction", "Predictor", "draw_map"]
