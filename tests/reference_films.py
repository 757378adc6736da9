"""Two real models' probabilities on the 624 official test films, and what R says about them."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hilum.metrics.arrays import Booleans, Floats

_FOLDER = Path(__file__).parent / "reference"


@dataclass(frozen=True)
class Reference:
    """624 films of 428 patients, the probabilities of two models by name, and figures by R (see "made_by" there)."""

    is_pneumonia: Booleans
    patient: np.ndarray
    probability: dict[str, Floats]
    statistics: dict[str, Any]


def _read() -> Reference:
    with (_FOLDER / "predictions-official-test.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return Reference(
        is_pneumonia=np.array([row["is_pneumonia"] == "1" for row in rows]),
        patient=np.unique([row["patient"] for row in rows], return_inverse=True)[1],
        probability={model: np.array([float(row[model]) for row in rows]) for model in ("frozen_linear", "fine_tuned")},
        statistics=json.loads((_FOLDER / "statistics.json").read_text(encoding="utf-8")),
    )


REFERENCE = _read()
both_models = pytest.mark.parametrize("model", sorted(REFERENCE.probability))
