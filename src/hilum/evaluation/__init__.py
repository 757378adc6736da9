"""A model folder and a catalogue in, an evaluation out: figures that a reviewer cannot take apart.

evaluate      the one way: choose films, refuse known ones, predict, count the look, make the figures
parts         which films are judged
contact       has the model met them?
predictions   what it said about each film
looks         how often they have been looked at
scores        from predictions to figures with intervals
record        the evaluation as a value and as JSON
"""

from hilum.evaluation.contact import Contact, find_contact, held_back, refuse_contact
from hilum.evaluation.evaluate import PREVALENCES, Circumstances, Settings, evaluate_model, evaluate_predictions
from hilum.evaluation.looks import LOOKS, Look, LookCount, count_looks, hash_of_films, read_looks, record_look
from hilum.evaluation.parts import PARTS, films_to_judge
from hilum.evaluation.predictions import PredictionTable, predict_films, predictions_csv
from hilum.evaluation.record import (
    OTHER_DATA,
    OTHER_PART,
    Choice,
    Count,
    Counts,
    Evaluation,
    JudgedFilms,
    LeftOut,
    ModelFacts,
    Point,
    PointFigures,
    PredictiveValues,
    Scores,
    SubtypeSensitivity,
    model_facts,
    read_evaluation,
    write_evaluation,
)

__all__ = [
    "LOOKS",
    "OTHER_DATA",
    "OTHER_PART",
    "PARTS",
    "PREVALENCES",
    "Choice",
    "Circumstances",
    "Contact",
    "Count",
    "Counts",
    "Evaluation",
    "JudgedFilms",
    "LeftOut",
    "Look",
    "LookCount",
    "ModelFacts",
    "Point",
    "PointFigures",
    "PredictionTable",
    "PredictiveValues",
    "Scores",
    "Settings",
    "SubtypeSensitivity",
    "count_looks",
    "evaluate_model",
    "evaluate_predictions",
    "films_to_judge",
    "find_contact",
    "hash_of_films",
    "held_back",
    "model_facts",
    "predict_films",
    "predictions_csv",
    "read_evaluation",
    "read_looks",
    "record_look",
    "refuse_contact",
    "write_evaluation",
]
