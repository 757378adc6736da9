"""hilum data fetch, from real servers on this machine."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from file_server import Answer, FileServer
from hilum.datasets.download.fetch import Patience
from hilum.datasets.download.sources import Checksum, Source, find_source
from hilum.datasets.phantom import draw_film
from hilum.errors import HilumError
from hilum.verbs.data_fetch import Fetched, fetch


@pytest.fixture(autouse=True)
def lonely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working folder, no Kaggle token, and no waiting."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("hilum.verbs.data_fetch.PATIENCE", Patience(sleep=lambda _seconds: None))
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)


def kermany_archive() -> bytes:
    """An archive as Kaggle's: the films twice, with what a Mac leaves behind."""
    films = {
        "train/NORMAL/IM-0001-0001.jpeg": draw_film(0, 0, 0, 96).jpeg(),
        "train/PNEUMONIA/person1_bacteria_1.jpeg": draw_film(0, 1, 0, 96).jpeg(),
        "test/PNEUMONIA/person2_virus_1.jpeg": draw_film(0, 3, 0, 96).jpeg(),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, jpeg in films.items():
            archive.writestr(f"chest_xray/{name}", jpeg)
            archive.writestr(f"chest_xray/chest_xray/{name}", jpeg)
            archive.writestr(f"chest_xray/__MACOSX/{name}", b"junk")
        archive.writestr("chest_xray/train/.DS_Store", b"junk")
    return file.getvalue()


def serve(monkeypatch: pytest.MonkeyPatch, server: FileServer, name: str, **changes: Any) -> Source:
    """Let the registry point at the server instead of the origin, for what it serves."""
    facts: dict[str, Any] = {
        "url": server.url,
        "size_bytes": len(server.content),
        "checksum": Checksum("sha256", hashlib.sha256(server.content).hexdigest()),
        "films": 3,
    }
    source = dataclasses.replace(find_source(name, changes.pop("origin", "")), **(facts | changes))
    monkeypatch.setattr("hilum.verbs.data_fetch.SOURCES", (source,))
    return source


def shown(fetched: Fetched) -> str:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(fetched)
    return console.export_text()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_kermany_lies_in_class_folders_without_copies_and_junk(monkeypatch: pytest.MonkeyPatch) -> None:
    with FileServer(kermany_archive()) as server:
        serve(monkeypatch, server, "kermany")
        fetched = fetch("kermany")
    assert fetched.folder == Path("data/kermany")
    files = [path.relative_to("data/kermany").as_posix() for path in sorted(Path("data/kermany").rglob("*.*"))]
    assert files == [
        "source.json",
        "test/PNEUMONIA/person2_virus_1.jpeg",
        "train/NORMAL/IM-0001-0001.jpeg",
        "train/PNEUMONIA/person1_bacteria_1.jpeg",
    ]
    assert names(Path("data")) == ["kermany"]  # the archive is not kept
    assert json.loads(Path("data/kermany/source.json").read_text())["licence"] == "CC BY 4.0"


def test_answer_names_counts_licence_citation_and_next_command(monkeypatch: pytest.MonkeyPatch) -> None:
    with FileServer(kermany_archive()) as server:
        serve(monkeypatch, server, "kermany")
        fetched = fetch("kermany")
    text = shown(fetched)
    for part in ("train/PNEUMONIA", "CC BY 4.0", "Cell 2018", "hilum data index data/kermany", "expected SHA256"):
        assert part in text
    assert json.loads(json.dumps(fetched.as_json()))["films"] == 3


def test_second_call_downloads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with FileServer(kermany_archive()) as server:
        serve(monkeypatch, server, "kermany")
        first = fetch("kermany")
        again = fetch("kermany")
    assert len(server.requests) == 1
    assert again.counts == first.counts
    assert "there already" in again.notes[0]


def test_interrupted_download_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = kermany_archive()
    with FileServer(archive, Answer(drop_after=1000), *[Answer(status=500)] * 6) as server:
        serve(monkeypatch, server, "kermany")
        with pytest.raises(HilumError, match="answered 500"):
            fetch("kermany")
        assert not Path("data/kermany").exists()
        fetch("kermany")
    assert server.sent == len(archive)


def test_archive_downloaded_by_hand_is_taken_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    with FileServer(kermany_archive()) as server:
        source = serve(monkeypatch, server, "kermany")
        Path(source.filename).write_bytes(server.content)
        fetch("kermany", output=Path("films"))
    assert server.requests == []
    assert names(Path()) == [source.filename, "films"]


def test_mirror_must_serve_the_published_file(monkeypatch: pytest.MonkeyPatch) -> None:
    with FileServer(kermany_archive()) as server, FileServer(kermany_archive()[::-1]) as mirror:
        serve(monkeypatch, server, "kermany")
        with pytest.raises(HilumError, match="as published"):
            fetch("kermany", url=mirror.url)
    assert server.requests == []


def test_kaggle_is_given_the_token_and_a_mirror_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", "KGAT_secret")
    with FileServer(kermany_archive()) as storage, FileServer(storage.content) as server:
        server.answers = [Answer(status=302, location=storage.url)]
        serve(monkeypatch, server, "kermany", origin="kaggle", checksum=None, size_bytes=None)
        fetched = fetch("kermany", from_="kaggle")
        fetch("kermany", from_="kaggle", url=storage.url, output=Path("mirrored"))
    assert server.requests[0]["authorization"] == "Bearer KGAT_secret"
    assert ["authorization" in request for request in storage.requests] == [False, False]
    assert "KGAT_secret" not in shown(fetched) + Path("data/kermany/source.json").read_text()


def test_kaggle_without_a_token_says_how_to_get_one() -> None:
    with pytest.raises(HilumError, match=r"no Kaggle token.*kaggle\.com/settings"):
        fetch("kermany", from_="kaggle")


def test_unreachable_origin_is_one_sentence_with_every_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with FileServer(b"") as server:
        serve(monkeypatch, server, "kermany")
    with pytest.raises(HilumError, match="could not be reached") as caught:
        fetch("kermany")
    for way in ("--url", "in a browser", "ChestXRay2017.zip", "hilum data index"):
        assert way in caught.value.do
    assert not Path("data/kermany").exists()


def test_fewer_films_than_expected_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with FileServer(kermany_archive()) as server:
        source = serve(monkeypatch, server, "kermany")
        monkeypatch.setattr("hilum.verbs.data_fetch.SOURCES", (dataclasses.replace(source, films=5856),))
        assert any("5,856 films were expected and 3 are there" in note for note in fetch("kermany").notes)


def test_pneumoniamnist_becomes_a_folder_of_films(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    arrays = {f"{part}_images": np.full((1, 28, 28), 7, dtype=np.uint8) for part in ("train", "val", "test")}
    labels = {f"{part}_labels": np.ones((1, 1), dtype=np.uint8) for part in ("train", "val", "test")}
    np.savez(file, **arrays, **labels)  # type: ignore[arg-type]
    with FileServer(file.getvalue()) as server:
        serve(monkeypatch, server, "pneumoniamnist")
        fetched = fetch("pneumoniamnist")
    assert fetched.folder == Path("data/pneumoniamnist-28")
    assert np.asarray(Image.open("data/pneumoniamnist-28/val/PNEUMONIA/val-00000.png")).mean() == 7
    assert [(count.split, count.films) for count in fetched.counts] == [("train", 1), ("val", 1), ("test", 1)]


def test_phantoms_are_drawn_without_a_network() -> None:
    fetched = fetch("phantom", patients=8, side=128, seed=3)
    assert fetched.folder == Path("data/phantom")
    assert fetched.films == len(list(Path("data/phantom").rglob("*.jpeg"))) > 8
    assert "says anything about patients" in " ".join(shown(fetched).split())


@pytest.mark.parametrize("wish", [{"from_": "kaggle"}, {"url": "https://example.org"}])
def test_phantoms_are_not_downloaded(wish: dict[str, str]) -> None:
    with pytest.raises(HilumError, match="drawn here"):
        fetch("phantom", **wish)  # type: ignore[arg-type]


def test_misspelt_source_is_answered_with_the_nearest() -> None:
    with pytest.raises(HilumError, match="'phantom'"):
        fetch("fantom")


def test_folder_with_something_else_is_refused_before_the_download(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("mine").mkdir()
    Path("mine/notes.txt").write_text("mine")
    with FileServer(kermany_archive()) as server:
        serve(monkeypatch, server, "kermany")
        with pytest.raises(HilumError, match="holds no films"):
            fetch("kermany", output=Path("mine"))
    assert server.requests == []
