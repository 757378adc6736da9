"""The model folder: the contract between the half that trains and the half that reads.

schema.py   what hilum.json holds
hashes.py   patients and films as hashes
checks.py   what the types of hilum.json cannot say
folder.py   reading with hashes checked, writing all or nothing
card.py     README.md, the model card
maps.py     what the graph's own map is worth saying
neighbours.py   similar cases, an optional file
"""

from hilum.modelfolder.folder import GRAPH, MANIFEST, ModelFolder, open_model_folder, write_model_folder
from hilum.modelfolder.hashes import new_salt, salted_film_hash, salted_hash, salted_hashes
from hilum.modelfolder.schema import (
    FORMAT,
    Calibration,
    Conformal,
    Faithfulness,
    Finished,
    Gate,
    Manifest,
    NormalMap,
    Parity,
    Served,
    StoredOperatingPoint,
    Training,
)

__all__ = [
    "FORMAT",
    "GRAPH",
    "MANIFEST",
    "Calibration",
    "Conformal",
    "Faithfulness",
    "Finished",
    "Gate",
    "Manifest",
    "ModelFolder",
    "NormalMap",
    "Parity",
    "Served",
    "StoredOperatingPoint",
    "Training",
    "new_salt",
    "open_model_folder",
    "salted_film_hash",
    "salted_hash",
    "salted_hashes",
    "write_model_folder",
]
