"""What the grey levels of a film look like, whatever it shows: brightness, contrast, sharpness, noise, frame."""

from __future__ import annotations

from typing import Final

import numpy as np

from hilum.audits.columns import Columns, columns_of, under
from hilum.audits.outline import BORDER_PX
from hilum.metrics.arrays import Floats

_AT_ONCE: Final = 128
_GREYS: Final = np.arange(256.0)
_PERCENTILES: Final = (1, 5, 25, 50, 75, 95, 99)
_SCALES: Final = 4


def low_level_columns(squares: np.ndarray) -> Columns:
    """Statistics of (n, side, side) uint8 squares that know nothing of place, but for the frame against the middle."""
    return under(_of_block(squares[start : start + _AT_ONCE]) for start in range(0, len(squares), _AT_ONCE))


def _of_block(squares: np.ndarray) -> Columns:
    share = _histograms(squares)  # (b, 256), sums to 1
    mean = share @ _GREYS
    away = _GREYS - mean[:, None]
    spread = np.maximum(np.sqrt((share * away**2).sum(axis=1)), 1e-6)
    films = squares.astype(np.float32)
    middle = films[:, BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX].mean(axis=(1, 2))
    inner = (1 - 2 * BORDER_PX / films.shape[1]) * (1 - 2 * BORDER_PX / films.shape[2])  # the middle's share of a film
    return columns_of(
        {
            "mean brightness": mean,
            "contrast": spread,
            "skewness": (share * away**3).sum(axis=1) / spread**3,
            **{f"percentile {of}": _percentile(share, of) for of in _PERCENTILES},
            "share of black": share[:, :3].sum(axis=1),
            "share of white": share[:, 253:].sum(axis=1),
            "frame against middle": (mean - inner * middle) / (1 - inner) - middle,
            **_detail(films, spread),
        }
    )


def _histograms(squares: np.ndarray) -> Floats:
    """(n, 256) share of each grey level."""
    flat = squares.reshape(len(squares), -1)
    shifted = flat + 256 * np.arange(len(flat))[:, None]
    counts = np.bincount(shifted.ravel(), minlength=256 * len(flat)).reshape(-1, 256)
    return counts / flat.shape[1]


def _percentile(share: Floats, of: int) -> Floats:
    """(n,) the grey level that so many per cent of the pixels reach at the most."""
    reached: Floats = (np.cumsum(share, axis=1) < of / 100).sum(axis=1).astype(np.float64)
    return reached


def _detail(films: np.ndarray, spread: Floats) -> dict[str, np.ndarray]:
    """Detail by size: how far neighbours differ, relative to the contrast, on a log scale, at halved resolutions."""
    found = dict[str, np.ndarray]()
    for scale in range(_SCALES):
        across = np.abs(np.diff(films, axis=2)).mean(axis=(1, 2))
        down = np.abs(np.diff(films, axis=1)).mean(axis=(1, 2))
        found[f"detail of {2**scale} px"] = np.log((across + down + 1e-6) / spread)
        if scale == 0:
            found["detail across against down"] = np.log((across + 1e-6) / (down + 1e-6))
        films = (films[:, ::2, ::2] + films[:, 1::2, ::2] + films[:, ::2, 1::2] + films[:, 1::2, 1::2]) / 4
    return found
