from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from hilum.attribution.places import placed
from hilum.explaining.atlas import Atlas, draw_atlas
from hilum.explaining.layers import layer_named, network_layers
from hilum.models import build_network
from hilum.provenance import Provenance
from hilum.reports.atlas import AtlasTitle, atlas_page, atlas_pictures, contact_sheet, png_name, write_atlas
from markup import well_formed
from small_job import small_recipe

MADE = Provenance("hilum explain a.png", "abc", "0.1.0", "2026-01-01T00:00:00+00:00", {})


def title(**changes: Any) -> AtlasTitle:
    return AtlasTitle(**{"model": "small", "film": "a.png", "answer": "pneumonia, 97 %", "made": MADE, **changes})


def drawn(exciting: int = 0, *changes: str, only: str = "") -> Atlas:
    torch.manual_seed(0)
    classifier = build_network(small_recipe(*changes).network, 32)
    films = np.random.default_rng(3).integers(0, 256, (exciting + 1, 32, 32), dtype=np.uint8)
    layers = [layer_named(network_layers(classifier, 32), only)] if only else None
    return draw_atlas(classifier, films[0], layers=layers, exciting=films[1:] if exciting else None)


def values(page: str) -> Any:
    [text] = re.findall(r'<script type="application/json" id="values">(.*?)</script>', page, flags=re.DOTALL)
    return json.loads(text)


def test_page_needs_nothing_else_and_its_script_alone_may_run() -> None:
    page = atlas_page(drawn(), title())
    [script] = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page and "default-src 'none'" in page
    assert not re.search(r"https?:", page)
    well_formed(re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL))


def test_page_holds_every_channel_of_every_layer_once() -> None:
    atlas = drawn()
    layers = values(atlas_page(atlas, title()))["layers"]
    assert sum(layer["sheet"]["count"] for layer in layers) == atlas.channels
    for layer, picture in zip(layers, atlas.pictures, strict=True):
        order = np.frombuffer(base64.b64decode(layer["order"]), "<i4")
        assert sorted(order) == list(range(picture.layer.channels))
        assert base64.b64decode(layer["sheet"]["picture"]) == picture.sheet.content


def test_each_exciting_film_lies_in_the_page_once() -> None:
    atlas = drawn(20)
    page = atlas_page(
        atlas, title(data_name="phantoms", labels=["pneumonia", "normal"] * 10, names=[f"d/{i}.png" for i in range(20)])
    )
    said = values(page)
    used = set(np.concatenate([one.excitement.films.ravel() for one in atlas.pictures if one.excitement]).tolist())
    assert sum(sheet["count"] for sheet in said["films"]["sheets"]) == len(used) == len(said["films"]["names"])
    assert said["films"]["names"] == [f"{row}.png" for row in sorted(used)]
    stem = said["layers"][0]
    shown = np.frombuffer(base64.b64decode(stem["top"]["films"]), "<i4").reshape(-1, stem["top"]["each"])
    assert atlas.pictures[0].excitement is not None
    np.testing.assert_array_equal(np.array(sorted(used))[shown], atlas.pictures[0].excitement.films)
    assert f"{len(used)} small pictures of patients lie in this page" in page


def test_names_from_outside_cannot_become_markup() -> None:
    evil = "</script><script>alert(1)</script>"
    page = atlas_page(drawn(9), title(film=evil, model=evil, names=[evil] * 9, labels=["normal"] * 9))
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("linear", "are averaged, weighted and added up to the logit"),
        ("dense", "the last layer that still knows places"),
    ],
)
def test_page_begins_with_the_last_maps(head: str, says: str) -> None:
    page = atlas_page(drawn(0, f"network.head={head}"), title())
    assert says in page and page.index('id="last"') < page.index('id="layers"')


def test_folder_holds_the_page_and_a_picture_of_each_layer(tmp_path: Path) -> None:
    atlas = drawn()
    page = write_atlas(tmp_path / "atlas", atlas, title())
    assert page == tmp_path / "atlas" / "atlas.html"
    assert {path.name for path in (tmp_path / "atlas" / "layers").iterdir()} == {
        png_name(picture.layer) for picture in atlas.pictures
    }
    assert len(dict(atlas_pictures(atlas))) == len(atlas.pictures)
    for path in (tmp_path / "atlas" / "layers").iterdir():
        assert Image.open(path).format == "PNG"


def test_contact_sheet_shows_the_tiles_in_order() -> None:
    picture = drawn().pictures[0]
    sheet, tiles = contact_sheet(picture), picture.sheet.unpacked()
    enlarged = tiles[1].repeat(4, axis=0).repeat(4, axis=1)  # 16 px to 64
    left, top = 4 + 64 + 4, 4 + 12
    np.testing.assert_array_equal(sheet[top : top + 64, left : left + 64], enlarged)


def test_map_over_the_film_lies_where_its_places_look() -> None:
    atlas = drawn()
    over = values(atlas_page(atlas, title()))["over"]
    assert [one[2] for one in over["for"]["channels"]] == sorted(
        (one[2] for one in over["for"]["channels"]), reverse=True
    )
    at, rank, adds = over["for"]["channels"][0]
    picture = atlas.pictures[at]
    assert picture.adds_to_logit is not None and adds == picture.adds_to_logit.max()
    assert adds == picture.adds_to_logit[picture.order[rank]]
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(over["for"]["sheet"]["picture"]))).convert("L"))
    tile = picture.sheet.unpacked()[rank].astype(np.float32)
    np.testing.assert_allclose(sheet[:32, :32], placed(tile, picture.looks, 32).clip(0, 255), atol=0.51)
    assert np.abs(placed(tile, picture.looks, 32) - placed(tile, None, 32)).max() > 10


def test_page_of_one_layer_says_of_how_many_and_nothing_of_the_last_maps() -> None:
    page = atlas_page(drawn(0, only="body.stages.0.0.conv1"), title())
    layers = len(drawn().pictures)
    assert f"1 of the network's {layers} layers is shown" in " ".join(page.split())
    assert "every layer on" not in page and "Every layer</h2>" not in page
    for untrue in (
        "1 layers",
        "last maps",
        "last layer that still knows places",
        "the first layers see edges",
        'class="ribbon"',
    ):
        assert untrue not in page
    well_formed(re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL))


def test_page_of_the_layer_that_the_answer_is_read_from_says_so() -> None:
    page = atlas_page(drawn(0, only="body.stages.1.1.act2"), title())
    assert "The answer is read from these maps." in page and "Where the answer is read" in page


def test_page_says_what_the_model_is_not_and_how_it_decides() -> None:
    assert "It assists a reader; it is not a medical device." in atlas_page(drawn(), title())
    page = atlas_page(
        drawn(),
        title(
            limits=("It is not a medical device.", "Children only."), model_hash="abc123", threshold=0.4321,
            operating_point="youden", prevalence=0.74,
        ),
    )  # fmt: skip
    assert "It is not a medical device. Children only." in page and "<code>abc123</code>" in page
    assert "Called pneumonia from 0.4321 on (youden); the probability is that among films of which 74 %" in page


def test_exciting_films_come_with_their_base_rate() -> None:
    said = atlas_page(drawn(20), title(labels=["pneumonia"] * 15 + ["normal"] * 5, names=["a.png"] * 20, data_name="d"))
    films = values(said)["films"]
    assert (films["looked_at"], films["with_pneumonia"]) == (20, 15)
    assert "15 of them with pneumonia (75" in said


def outside(log: Path) -> set[str]:
    """What a browser asked the network for, without what Chromium asks for itself."""
    asked = re.findall(r'"url":"((?:https?|wss?|ftp):[^"]+)"', log.read_text(encoding="utf-8"))
    return {url for url in asked if not re.match(r"https?://[^/]*(google|gvt1|googleapis|gstatic)[^/]*/", url)}


@pytest.mark.slow
def test_browser_draws_the_tiles_and_asks_for_nothing(tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium is installed")
    atlas = drawn(12)
    page = write_atlas(tmp_path, atlas, title(labels=["normal"] * 12, names=["a.png"] * 12))
    log = tmp_path / "net.json"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1280,20000", f"--log-net-log={log}"]
    dumped = subprocess.run(
        [browser, *options, "--virtual-time-budget=4000", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, check=True, timeout=120,
    ).stdout  # fmt: skip
    body = dumped[dumped.index('id="layers"') : dumped.index("<aside")]
    assert len(re.findall(r'class="tile', body)) == atlas.channels
    assert not outside(log)


@pytest.mark.slow
def test_browser_that_is_asked_for_something_outside_is_seen_to_ask(tmp_path: Path) -> None:
    """The log of requests shows what a page asks for: without this, the test above could not fail."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium is installed")
    page, log = tmp_path / "page.html", tmp_path / "net.json"
    page.write_text('<img src="http://127.0.0.1:9/x.png"><script>fetch("http://127.0.0.1:9/y")</script>')
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--log-net-log={log}", "--virtual-time-budget=4000"]
    subprocess.run([browser, *options, "--dump-dom", page.as_uri()], capture_output=True, check=True, timeout=120)
    assert outside(log) == {"http://127.0.0.1:9/x.png", "http://127.0.0.1:9/y"}
