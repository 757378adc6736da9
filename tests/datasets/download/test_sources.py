"""The registry of public data, and the user's Kaggle token."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hilum.datasets.download.sources import SOURCES, Source, find_source, kaggle_authorization, place_of_kermany_film
from hilum.errors import HilumError


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: f"{source.name}-{source.origin}-{source.side}")
def test_every_source_can_be_downloaded_and_cited(source: Source) -> None:
    assert urlsplit(source.url).scheme == urlsplit(source.page).scheme == "https"
    assert source.licence and source.citation
    assert Path(source.filename).suffix in (".zip", ".npz")
    if source.checksum:
        assert len(source.checksum.hexdigest) == {"md5": 32, "sha256": 64}[source.checksum.algorithm]
        assert source.checksum.hexdigest == source.checksum.hexdigest.lower()


def test_first_origin_and_smallest_side_are_the_default() -> None:
    assert find_source("kermany").origin == "mendeley"
    assert find_source("pneumoniamnist").side == 28
    assert find_source("pneumoniamnist", side=224).filename == "pneumoniamnist_224.npz"


@pytest.mark.parametrize(
    ("name", "origin", "side", "hint"),
    [
        ("kermani", "", None, "kermany"),
        ("kermany", "kagle", None, "kaggle"),
        ("pneumoniamnist", "", 32, "28, 64, 128, 224"),
    ],
)
def test_misspelt_source_is_answered_with_the_nearest(name: str, origin: str, side: int | None, hint: str) -> None:
    with pytest.raises(HilumError, match=hint):
        find_source(name, origin, side)


@pytest.mark.parametrize(
    ("member", "place"),
    [
        ("chest_xray/train/PNEUMONIA/person1_bacteria_1.jpeg", "train/PNEUMONIA/person1_bacteria_1.jpeg"),
        ("val/NORMAL/NORMAL2-IM-1427-0001.jpeg", "val/NORMAL/NORMAL2-IM-1427-0001.jpeg"),
        ("chest_xray/chest_xray/train/PNEUMONIA/person1_bacteria_1.jpeg", None),
        ("chest_xray/train/.DS_Store", None),
        ("chest_xray/train/NORMAL/._IM-0115-0001.jpeg", None),
        ("chest_xray/__MACOSX/train/NORMAL/IM-0115-0001.jpeg", None),
        ("chest_xray/train/NORMAL/../../x.jpeg", None),
        ("chest_xray/train/NORMAL/deep/x.jpeg", None),
    ],
)
def test_films_alone_are_taken_from_a_kermany_archive(member: str, place: str | None) -> None:
    assert place_of_kermany_film(member) == place


def kaggle_json(home: Path, value: object, permissions: int = 0o600) -> Path:
    path = home / ".kaggle" / "kaggle.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(value))
    path.chmod(permissions)
    return path


def basic(username: str, key: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{key}".encode()).decode()


def test_token_is_taken_from_the_environment_first(tmp_path: Path) -> None:
    kaggle_json(tmp_path, {"username": "file", "key": "from-file"})
    legacy = {"KAGGLE_USERNAME": "someone", "KAGGLE_KEY": "abc"}
    assert kaggle_authorization(legacy, tmp_path) == basic("someone", "abc")
    assert kaggle_authorization({**legacy, "KAGGLE_API_TOKEN": "KGAT_1"}, tmp_path) == "Bearer KGAT_1"


def test_token_is_read_from_its_file(tmp_path: Path) -> None:
    path = kaggle_json(tmp_path, {"username": "someone", "key": "abc"})
    assert kaggle_authorization({}, tmp_path) == basic("someone", "abc")
    assert kaggle_authorization({"KAGGLE_CONFIG_DIR": str(path.parent)}, Path("/nowhere")) == basic("someone", "abc")


def test_new_kind_of_token_is_read_from_its_file(tmp_path: Path) -> None:
    kaggle_json(tmp_path, {"username": "someone", "key": "abc"})
    (tmp_path / ".kaggle" / "access_token").write_text("KGAT_2\n")
    (tmp_path / ".kaggle" / "access_token").chmod(0o600)
    assert kaggle_authorization({}, tmp_path) == "Bearer KGAT_2"


def test_missing_token_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(HilumError, match=r"kaggle\.com/settings"):
        kaggle_authorization({"KAGGLE_USERNAME": "someone"}, tmp_path)


@pytest.mark.parametrize("permissions", [0o644, 0o640, 0o604])
def test_token_that_others_can_read_is_refused(tmp_path: Path, permissions: int) -> None:
    kaggle_json(tmp_path, {"username": "someone", "key": "abc"}, permissions)
    with pytest.raises(HilumError, match="chmod 600"):
        kaggle_authorization({}, tmp_path)


@pytest.mark.parametrize(
    "value", [{"username": "someone"}, {"key": "s3cret"}, ["s3cret"], {"username": 1, "key": "s3cret"}]
)
def test_broken_token_is_one_sentence_without_the_secret(tmp_path: Path, value: object) -> None:
    kaggle_json(tmp_path, value)
    with pytest.raises(HilumError, match="no Kaggle token") as caught:
        kaggle_authorization({}, tmp_path)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_token_cannot_smuggle_another_header(tmp_path: Path) -> None:
    with pytest.raises(HilumError, match="no token has") as caught:
        kaggle_authorization({"KAGGLE_API_TOKEN": "s3cret\r\nHost: elsewhere"}, tmp_path)
    assert "s3cret" not in str(caught.value)
