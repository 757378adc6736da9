"""What Keras itself says, where a Python that has it is named."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

VARIABLE = "HILUM_KERAS_PYTHON"


@pytest.fixture(scope="session")
def keras_python() -> str:
    """The Python that has Keras; without one the test is skipped."""
    python = os.environ.get(VARIABLE, "")
    if not python:
        pytest.skip(f"no Python with Keras is named; set {VARIABLE} to one (pip install tensorflow-cpu tf_keras)")
    return python


@pytest.fixture(scope="session", params=["3", "2"], ids=["keras3", "tf_keras"])
def keras_reference(
    keras_python: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with classifiers that Keras saved, their answers, and Keras's lists of layers; see reference.py."""
    package = "keras" if request.param == "3" else "tf_keras"
    if subprocess.run([keras_python, "-c", f"import {package}"], capture_output=True).returncode:
        pytest.skip(f"'{keras_python}' has no {package}")
    folder = tmp_path_factory.mktemp(f"keras-{request.param}")
    script = Path(__file__).with_name("reference.py")
    subprocess.run([keras_python, script, folder, request.param], check=True, capture_output=True)
    return folder
