"""The folder of an explanation: what goes, what stays, and who may write into it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hilum.errors import HilumError
from hilum.json_files import write_json
from hilum.verbs.explain_folder import RECORD, UNFINISHED, explanation_folder, files_of_earlier, remove_files


def test_file_behind_a_linked_folder_is_never_removed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.png").write_bytes(b"mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub").symlink_to(tmp_path / "elsewhere")
    for name in ("sub/x.png", "../elsewhere/x.png", str(tmp_path / "elsewhere" / "x.png"), "C:/x.png", "C:\\x.png"):
        write_json(tmp_path / "out" / RECORD, {"kind": "explanation", "files": [name]})
        assert files_of_earlier(tmp_path / "out") == set()
        remove_files(tmp_path / "out", {name})
    assert (tmp_path / "elsewhere" / "x.png").exists()


def test_folder_that_is_itself_a_link_is_cleaned(tmp_path: Path) -> None:
    (tmp_path / "real" / "a-activations").mkdir(parents=True)
    (tmp_path / "real" / "a-activations" / "atlas.html").write_text("atlas")
    (tmp_path / "out").symlink_to(tmp_path / "real")
    remove_files(tmp_path / "out", {"a-activations/atlas.html"})
    assert not list((tmp_path / "real").iterdir())


def test_record_of_another_kind_names_no_files(tmp_path: Path) -> None:
    write_json(tmp_path / RECORD, {"kind": "audit", "files": ["x.png"]})
    assert files_of_earlier(tmp_path) == set()


def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    with (
        explanation_folder(tmp_path / "out", tmp_path),
        pytest.raises(HilumError, match="Another hilum explain writes into"),
        explanation_folder(tmp_path / "out", tmp_path),
    ):
        pass
    with explanation_folder(None, tmp_path / "new") as first, explanation_folder(None, tmp_path / "new") as second:
        assert [first.path.name, second.path.name] == ["new", "new-2"]


def test_new_folder_of_a_killed_run_is_used_again_and_one_that_came_to_nothing_goes(tmp_path: Path) -> None:
    (tmp_path / "new" / UNFINISHED).mkdir(parents=True)
    (tmp_path / "new" / UNFINISHED / "a.png").write_bytes(b"half")
    with explanation_folder(None, tmp_path / "new") as folder:
        assert folder.path == tmp_path / "new" and not list(folder.unfinished.iterdir())
    assert not (tmp_path / "new").exists()


def test_names_of_what_others_keep_are_taken(tmp_path: Path) -> None:
    for name in ("old.png", "Mine.PNG", "a-activations/atlas.html", "b-activations/atlas.html", "b-activations/my.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    files = ["old.png", "a-activations/atlas.html", "b-activations/atlas.html"]
    write_json(tmp_path / RECORD, {"kind": "explanation", "files": files})
    with explanation_folder(tmp_path, tmp_path) as folder:
        assert folder.taken >= {"Mine", "b-activations"} and not folder.taken & {"old", "a-activations"}
