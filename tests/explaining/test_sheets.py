from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hilum.explaining.sheets import as_sheet


@given(st.integers(1, 40), st.integers(1, 32))
def test_small_tiles_come_back_as_they_were(count: int, side: int) -> None:
    tiles = np.random.default_rng(count).integers(0, 256, (count, side, side), dtype=np.uint8)
    sheet = as_sheet(tiles)
    assert (sheet.tiles, sheet.tile_px) == (count, (side, side))
    np.testing.assert_array_equal(sheet.unpacked(), tiles)
    height, width = sheet.size_px
    assert Image.open(io.BytesIO(sheet.content)).size == (width, height)


def test_large_tiles_come_back_nearly_as_they_were() -> None:
    across = np.linspace(0, 255, 112)
    tiles = np.stack([np.tile(across, (112, 1)), np.tile(across[:, None], (1, 112))]).astype(np.uint8)
    apart = np.abs(as_sheet(tiles).unpacked().astype(int) - tiles)
    assert np.percentile(apart, 99) <= 6


@pytest.mark.parametrize("has_webp", [True, False])
def test_sheet_is_a_png_where_pillow_lacks_webp(has_webp: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hilum.explaining.sheets.features.check", lambda _: has_webp)
    sheet = as_sheet(np.zeros((3, 4, 4), np.uint8))
    assert sheet.kind == ("webp" if has_webp else "png")
    assert (Image.open(io.BytesIO(sheet.content)).format or "").lower() == sheet.kind
