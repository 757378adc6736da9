"""The files below a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hilum.errors import HilumError
from hilum.images.walk import walk


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def names(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in walk(root).files)


def test_every_file_below_is_seen_hidden_ones_too(tmp_path: Path) -> None:
    assert names(touch(tmp_path, "a.png", "b/c/d.txt", "b/.e")) == ["a.png", "b/.e", "b/c/d.txt"]


def test_linked_folder_is_followed_once(tmp_path: Path) -> None:
    touch(tmp_path, "elsewhere/a.png", "ward/b.png")
    (tmp_path / "ward" / "one").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "ward" / "two").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "ward" / "circle").symlink_to(tmp_path / "ward")
    found = walk(tmp_path / "ward")
    assert sorted(path.name for path in found.files) == ["a.png", "b.png"]
    assert len(found.not_followed) == 2


def test_link_that_leads_nowhere_or_to_itself_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "broken.png").symlink_to("nowhere.png")
    (tmp_path / "loop.png").symlink_to("loop.png")
    assert names(tmp_path) == ["broken.png", "loop.png"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("mode", [0o000, 0o400])
def test_folder_that_cannot_be_read_is_named(tmp_path: Path, mode: int) -> None:
    touch(tmp_path, "closed/inner/a.png")
    (tmp_path / "closed").chmod(mode)
    try:
        with pytest.raises(HilumError, match=r"Could not read '.*closed.*Permission denied"):
            walk(tmp_path)
    finally:
        (tmp_path / "closed").chmod(0o700)
