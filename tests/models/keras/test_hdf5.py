"""Files from outside: damage, tricks and sizes are met with one sentence."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from hilum.errors import HilumError
from hilum.models.keras.hdf5 import opened_hdf5
from hilum.models.keras.saved import opened_model
from keras_files import tiny_layers, write_h5, write_keras


def refused(path: Path, sentence: str) -> None:
    """Opening the file, or reading the answer's weights from it, ends in this sentence."""
    from hilum.models.keras.classifier import import_classifier

    with pytest.raises(HilumError, match=sentence) as caught, opened_model(path) as saved:
        import_classifier(saved, "unit", positive=1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is no HDF5 file and no .keras archive"),
        (b"{'text': 'named .h5'}" * 10, "is no HDF5 file and no .keras archive"),
        (b"\x80\x04\x95pickle", "is no HDF5 file and no .keras archive"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "is damaged or cut short"),
        (b"PK\x03\x04" + bytes(100), "is damaged or cut short"),
    ],
)
def test_other_content_under_a_known_name_is_refused(content: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    path.write_bytes(content)
    refused(path, sentence)


@pytest.mark.parametrize("write", [write_h5, write_keras])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.98])
def test_file_cut_short_is_refused(write: Callable[..., Path], share: float, tmp_path: Path) -> None:
    path = write(tmp_path / "tiny", tiny_layers())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    refused(path, "is damaged or cut short")


def test_missing_file_and_folder_are_named(tmp_path: Path) -> None:
    refused(tmp_path / "none.h5", "Could not read .*none.h5")
    refused(tmp_path, "is a folder")


def test_weights_without_a_description_are_refused(tmp_path: Path) -> None:
    path = write_h5(tmp_path / "tiny.h5", tiny_layers())
    with h5py.File(path, "r+") as file:
        del file.attrs["model_config"]
    refused(path, "has weights alone.*model.save")


def with_answer(path: Path, put: Callable[[h5py.Group], None]) -> Path:
    """The tiny file, its last kernel replaced by what `put` makes."""
    write_h5(path, tiny_layers())
    with h5py.File(path, "r+") as file:
        group = file["model_weights/answer/sequential/answer"]
        del group["kernel"]
        put(group)
    return path


def _external(group: h5py.Group) -> None:
    group["kernel"] = h5py.ExternalLink("/etc/passwd", "kernel")


def _soft(group: h5py.Group) -> None:
    group["kernel"] = h5py.SoftLink("/model_weights/hidden/sequential/hidden/kernel")


def _packed(group: h5py.Group) -> None:
    group.create_dataset("kernel", data=np.zeros((6, 1), "f4"), compression="gzip")


def _elsewhere(group: h5py.Group) -> None:
    group.create_dataset("kernel", shape=(6, 1), dtype="f4", external=[("/etc/passwd", 0, 24)])


def _unwritten(group: h5py.Group) -> None:
    group.create_dataset("kernel", shape=(6, 1), dtype="f4")


def _virtual(group: h5py.Group) -> None:
    layout = h5py.VirtualLayout(shape=(6, 1), dtype="f4")
    group.create_virtual_dataset("kernel", layout, fillvalue=1)


def _nothing(group: h5py.Group) -> None:
    del group


@pytest.mark.parametrize(
    ("put", "sentence"),
    [
        (_external, "has a link at .*answer/kernel' that leads elsewhere"),
        (_soft, "has a link at .*answer/kernel' that leads elsewhere"),
        (_packed, "packed, elsewhere or not at all"),
        (_elsewhere, "packed, elsewhere or not at all"),
        (_unwritten, "packed, elsewhere or not at all"),
        (_virtual, "packed, elsewhere or not at all"),
        (_nothing, "has no weights '.*answer/kernel'"),
    ],
)
def test_only_plain_arrays_of_the_file_itself_are_read(
    put: Callable[[h5py.Group], None], sentence: str, tmp_path: Path
) -> None:
    refused(with_answer(tmp_path / "tiny.h5", put), sentence)


def test_names_that_keras_had_to_divide_are_put_together(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "names.h5", "w") as file:
        file.attrs["weight_names0"] = [b"a", b"b"]
        file.attrs["weight_names1"] = [b"c"]
    with opened_hdf5(tmp_path / "names.h5", "names.h5") as content:
        assert content.texts("", "weight_names") == ("a", "b", "c")
        assert content.texts("", "others") == ()


def archive(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def test_archive_that_unpacks_to_a_mountain_is_refused_unread(tmp_path: Path) -> None:
    members = {"config.json": b"{}", "model.weights.h5": bytes(64 << 20)}
    path = archive(tmp_path / "bomb.keras", members, compression=zipfile.ZIP_DEFLATED)
    refused(path, "'model.weights.h5' unpacks to 67,108,864 bytes")


def test_archive_without_its_parts_or_with_too_many_is_refused(tmp_path: Path) -> None:
    refused(archive(tmp_path / "a.keras", {"config.json": b"{}"}), "without 'model.weights.h5'")
    refused(archive(tmp_path / "b.keras", {"model.weights.h5": b""}), "without 'config.json'")
    many = {f"{number}": b"" for number in range(200)} | {"config.json": b"{}", "model.weights.h5": b""}
    refused(archive(tmp_path / "c.keras", many), "is no archive as Keras writes it: 202 members")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_archive_with_a_name_twice_is_refused(tmp_path: Path) -> None:
    path = write_keras(tmp_path / "tiny.keras", tiny_layers())
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("config.json", "{}")
    refused(path, "is no archive as Keras writes it")


@pytest.mark.parametrize("text", ["no json", "[]", "[" * 100_000, json.dumps({"class_name": "Sequential"})])
def test_description_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    content = io.BytesIO()
    h5py.File(content, "w").close()
    members = {"config.json": text.encode(), "model.weights.h5": content.getvalue()}
    refused(archive(tmp_path / "x.keras", members), "damaged or cut short|in a way that Keras does not")
