"""Real films for the tests of datasets."""

from __future__ import annotations

from pathlib import Path

import pytest

from hilum.datasets import Catalogue, index_folder


@pytest.fixture(scope="session")
def kermany_films(shared_data: Path) -> Catalogue:
    """The index of the 5,856 Kermany films (224 px copy), made once: five seconds."""
    return index_folder(shared_data / "kermany-224")
