"""A model folder and a catalogue in, an evaluation out: figures that a reviewer cannot take apart.

evaluate      the one way: choose films, refuse known ones, predict, count the look, make the figures
parts         which films are judged
contact       has the model met them?
predictions   what it said about each film
looks         how often they have been looked at
scores        from predictions to figures with intervals, film by film
per_patient   the same over patients
probabilities are the stated probabilities true?
unanswered    what the gate refuses, what is left open, the worst case
external      the fall from the films it was made for to others
usefulness    what is acting on them worth?
figures       the figures as values
record        the evaluation as a value and as JSON
"""

from hilum.evaluation.contact import Contact, find_contact, held_back, refuse_contact
from hilum.evaluation.evaluate import PREVALENCES, Circumstances, Settings, evaluate_model, evaluate_predictions
from hilum.evaluation.external import Fall, require_internal, with_fall
from hilum.evaluation.figures import (
    Choice,
    Count,
    Counts,
    LeftOut,
    Point,
    PointFigures,
    PredictiveValues,
    Scores,
    SubtypeCount,
    SubtypeSensitivity,
)
from hilum.evaluation.looks import LOOKS, Look, LookCount, count_looks, hash_of_films, look_at, read_looks, record_look
from hilum.evaluation.parts import PARTS, films_to_judge
from hilum.evaluation.per_patient import PerPatient
from hilum.evaluation.predictions import PredictionTable, predict_films, predictions_csv
from hilum.evaluation.probabilities import BrierShares, Probabilities, Stated
from hilum.evaluation.record import (
    OTHER_DATA,
    OTHER_PART,
    Evaluation,
    JudgedFilms,
    ModelFacts,
    model_facts,
    read_evaluation,
    write_evaluation,
)
from hilum.evaluation.unanswered import ByClass, Unanswered
from hilum.evaluation.usefulness import Benefit, Risk, Usefulness

__all__ = [
    "LOOKS",
    "OTHER_DATA",
    "OTHER_PART",
    "PARTS",
    "PREVALENCES",
    "Benefit",
    "BrierShares",
    "ByClass",
    "Choice",
    "Circumstances",
    "Contact",
    "Count",
    "Counts",
    "Evaluation",
    "Fall",
    "JudgedFilms",
    "LeftOut",
    "Look",
    "LookCount",
    "ModelFacts",
    "PerPatient",
    "Point",
    "PointFigures",
    "PredictionTable",
    "PredictiveValues",
    "Probabilities",
    "Risk",
    "Scores",
    "Settings",
    "Stated",
    "SubtypeCount",
    "SubtypeSensitivity",
    "Unanswered",
    "Usefulness",
    "count_looks",
    "evaluate_model",
    "evaluate_predictions",
    "films_to_judge",
    "find_contact",
    "hash_of_films",
    "held_back",
    "look_at",
    "model_facts",
    "predict_films",
    "predictions_csv",
    "read_evaluation",
    "read_looks",
    "record_look",
    "refuse_contact",
    "require_internal",
    "with_fall",
    "write_evaluation",
]
