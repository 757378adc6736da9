"""Dockerfile, systemd units and the pins that the image installs; nginx is tried in test_nginx.py."""

from __future__ import annotations

import inspect
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hilum.verbs.watch import watch
from hilum.web.serve import serve

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
INSTALLED_HILUM = "/opt/hilum/bin/hilum"
UNITS = ["hilum.service", "hilum-watch.service"]


def pins(path: Path) -> dict[str, tuple[str, ...]]:
    """The lines of each package, its hashes among them; a package with a marker may stand twice."""
    found: dict[str, tuple[str, ...]] = {}
    for block in re.findall(r"^[A-Za-z0-9].*?(?=^\S|\Z)", path.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        name = canonicalize_name(block.partition("==")[0])
        found[name] = (*found.get(name, ()), block)
    return found


def instructions() -> list[list[str]]:
    """The Dockerfile's instructions as words."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    return [shlex.split(line) for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def needed(*roots: str) -> set[str]:
    """The packages that these need on Linux, themselves among them, as far as they are installed here."""
    found, waiting = dict[str, set[str]](), [Requirement(root) for root in roots]
    linux = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if name in found and one.extras <= found[name]:
            continue
        found.setdefault(name, set()).update(one.extras)
        for line in requires(name) or []:
            more = Requirement(line)
            extras = ("", *one.extras)
            if more.marker is None or any(more.marker.evaluate(linux | {"extra": extra}) for extra in extras):
                waiting.append(more)
    return set(found)


def test_image_installs_all_that_serving_and_pdf_need_and_nothing_of_training() -> None:
    installed = set(pins(DEPLOY / "requirements.txt"))
    assert needed("hilum[serve]", "weasyprint") - {"hilum"} <= installed
    assert not installed & {"torch", "torchvision", "timm", "onnx", "onnxscript", "pandas", "scikit-learn", "pyarrow"}


def test_image_builds_the_wheel_with_pinned_tools() -> None:
    assert needed("hatchling") <= set(pins(DEPLOY / "build-requirements.txt"))


@pytest.mark.parametrize("name", ["requirements.txt", "build-requirements.txt"])
def test_pins_of_the_image_are_those_of_the_project(name: str) -> None:
    everywhere = pins(ROOT / "constraints.txt")
    for package, blocks in pins(DEPLOY / name).items():
        assert blocks == everywhere[package], f"{package}: run make constraints"


def test_image_has_several_stages_and_ends_as_nobody() -> None:
    words = instructions()
    stages = [line for line in words if line[0] == "FROM"]
    last = words[words.index(stages[-1]) :]
    assert len(stages) >= 2 and len({line[1] for line in stages}) == 1
    users = [line[1] for line in last if line[0] == "USER"]
    assert users and not users[-1].startswith(("0", "root"))
    assert "pip" not in {word for line in last if line[0] == "RUN" for word in line}


def test_image_copies_only_what_the_checkout_has() -> None:
    for line in instructions():
        if line[0] == "COPY" and not line[1].startswith("--from"):
            assert all((ROOT / source).exists() for source in line[1:-1]), line


@pytest.fixture
def verify(tmp_path: Path) -> Iterator[object]:
    """What systemd says of a unit whose command exists on this machine."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("this machine has no systemd-analyze")

    def said(name: str, change: tuple[str, str] = ("", "")) -> subprocess.CompletedProcess[str]:
        unit = (DEPLOY / name).read_text("utf-8").replace(INSTALLED_HILUM, sys.executable).replace(*change)
        (tmp_path / name).write_text(unit)
        command = ["systemd-analyze", "verify", "--man=no", "--generators=no", str(tmp_path / name)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    yield said


@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_no_fault_in_the_unit(verify, name: str) -> None:  # type: ignore[no-untyped-def]
    done = verify(name)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", UNITS)
def test_unit_may_do_little_on_its_machine(verify, tmp_path: Path, name: str) -> None:  # type: ignore[no-untyped-def]
    verify(name)
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", str(tmp_path / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout.splitlines()[-1:]  # of 0 (nothing) to 100 (everything that root may)


def test_systemd_finds_a_planted_fault(verify) -> None:  # type: ignore[no-untyped-def]
    assert "ProtectSystm" in verify("hilum.service", ("ProtectSystem", "ProtectSystm")).stderr


def unknown_options(words: list[str], verb: Callable[..., Any]) -> list[str]:
    """The options of a command that its verb does not have."""
    known = inspect.signature(verb).parameters
    return [word for word in words if word.startswith("--") and word[2:].replace("-", "_") not in known]


@pytest.mark.parametrize("name", UNITS)
def test_commands_of_the_units_name_options_that_there_are(name: str) -> None:
    text = (DEPLOY / name).read_text("utf-8")
    (command,) = re.findall(rf"^ExecStart={INSTALLED_HILUM} (.*)$", text, re.MULTILINE)
    verb, *words = command.split()
    verbs: dict[str, Callable[..., Any]] = {"serve": serve, "watch": watch}
    assert unknown_options(words, verbs[verb]) == []


def test_command_of_the_image_names_options_that_there_are() -> None:
    (line,) = (line for line in instructions() if line[0] == "CMD")
    words = [word.strip("[],") for word in line[1:]]
    assert words[0] == "serve"
    assert unknown_options(words, serve) == []
