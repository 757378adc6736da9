"""Sentences that the pages and tables of several audits share."""

from __future__ import annotations

from collections.abc import Iterable

from hilum.metrics import Estimate


def telling(columns: Iterable[tuple[str, float]], where: str) -> str:
    """Columns with the AUROC that each has by itself.

    >>> telling([("bytes", 0.1)], "with pneumonia")
    'bytes (lower with pneumonia, AUROC 0.90)'
    """
    return "; ".join(
        f"{name} ({'higher' if auroc >= 0.5 else 'lower'} {where}, AUROC {max(auroc, 1 - auroc):.2f})"
        for name, auroc in columns
    )


def method_of(figures: Iterable[Estimate | None]) -> str:
    """How the intervals of the figures were made."""
    return next((one.method for one in figures if one is not None), "none")
