"""A model folder and films in, predictions out; without torch.

predictor.py    the model folder opened: logits, distances, calibrated probabilities, decisions
answering.py    the answer for one film at one site: what every command and page shows
predictive.py   how often a call is right: PPV and NPV at a prevalence
described.py    what stands of a model beside its answers
neighbours.py   training films like a film
gate.py         whether a picture may be assessed at all
prediction.py   what is said of one film
mapping.py      the activation map drawn over its film
"""

from hilum.runtime.answering import Answering, FilmAnswer
from hilum.runtime.mapping import draw_map
from hilum.runtime.prediction import Assessment, Prediction, Status
from hilum.runtime.predictor import Predictor

__all__ = ["Answering", "Assessment", "FilmAnswer", "Prediction", "Predictor", "Status", "draw_map"]
