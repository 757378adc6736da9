"""Fixtures that every test may use."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from small_model import train_small

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A shell that starts the suite in the background has it ignore Ctrl-C, and every child inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED = Path(os.environ.get("HILUM_SHARED", Path(__file__).resolve().parents[2] / "shared"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real films beside the checkout; a test that needs it is skipped where there is none."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"the real films are not at hand ({SHARED / 'data'}); set HILUM_SHARED to their parent folder")
    return SHARED / "data"


@pytest.fixture(scope="session")
def shared_weights() -> Path:
    """The folder of pretrained weights beside the checkout, else the test is skipped."""
    if not (SHARED / "weights").is_dir():
        pytest.skip(f"the pretrained weights are not at hand ({SHARED / 'weights'})")
    return SHARED / "weights"


@pytest.fixture(scope="session")
def shared_between_workers(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all test processes of this session see."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def phantom_films(shared_between_workers: Path) -> Path:
    """A folder of small phantom films, drawn once."""
    from hilum.datasets.phantom import draw_phantom_films

    films = shared_between_workers / "phantom-films"
    with FileLock(shared_between_workers / "phantom-films.lock"):
        if not films.exists():
            draw_phantom_films(films, patients=80, seed=0, side=128)
    return films


@pytest.fixture(scope="session")
def phantom_run(phantom_films: Path, shared_between_workers: Path) -> Path:
    """The run folder of the one model that the tests train: `cnn-scratch`, made very small."""
    run = shared_between_workers / "phantom-run"
    with FileLock(shared_between_workers / "phantom-run.lock"):
        if not run.exists():
            train_small(phantom_films, run)
    return run


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of this machine; one for all, because Playwright can be started once in a process."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed here")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def small_disc(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    place = tmp_path / "disc"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a small file system")
    yield place
    subprocess.run(["umount", place], check=True)
