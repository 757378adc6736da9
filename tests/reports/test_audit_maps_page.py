"""The audit of maps as page and table."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from hilum.attribution.evidence import at_side
from hilum.explaining.faithfulness import Verdict
from hilum.metrics import Estimate
from hilum.reports.audit_maps import headline, maps_page, maps_table
from hilum.reports.audit_maps_pictures import example_picture
from maps_audits import LAYERS, maps_audit


def test_page_holds_verdict_curves_cascade_and_needs_nothing_else() -> None:
    page = maps_page(maps_audit())
    assert page.startswith("<!doctype html>") and "<script" not in page
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert page.count("<svg") == 6  # two curves and one cascade a method
    assert "✓ Passes" in page and "✕ Not a faithful explanation of this model (fails" in page
    assert "with all weights random it stays much as it was".capitalize() in page
    assert "the map for normal is the same with the signs exchanged" in page
    assert "ward &lt;b&gt;" in page and "<b>ward" not in page
    for layer in LAYERS:
        assert f"down to {layer}" in page
    # Three films with two maps each; two of them through four steps, for each of two methods.
    assert page.count("data:image/jpeg") == 3 * (1 + 2) + 2 * 2 * (1 + len(LAYERS))


def test_same_audit_gives_the_same_bytes() -> None:
    assert maps_page(maps_audit()) == maps_page(maps_audit())


def test_page_of_a_method_without_cascade_and_with_undefined_figures_is_whole() -> None:
    audit = maps_audit()
    none = Estimate(None, None, None, "not defined: no film")
    bare = replace(audit.methods[0], randomisation=None, examples=(), gains=(), stability=none)
    page = maps_page(replace(audit, methods=(bare,), agreement=(), left_out=()))
    assert "Does the map change when the model forgets" not in page and "What they look like" not in page
    assert "not measured" in page and "not defined" in page


def test_table_fits_80_columns_and_says_verdict_and_figures() -> None:
    console = Console(width=80, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(maps_table(maps_audit(), Path("audit/index.html")))
    text = capture.get()
    said = " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80
    assert "map: passes." in said and "occlusion: not a faithful explanation of this model (fails" in said
    assert "0.12 [0.07, 0.17]" in said and "gradcam is left out" in said and "audit/index.html" in said


def test_headline_names_methods_that_pass_and_that_fail() -> None:
    audit = maps_audit()
    passes, fails = audit.methods
    assert headline(audit) == (
        "Activation map may be shown as an explanation of this model. "
        "Occlusion is not a faithful explanation of this model."
    )
    both = replace(audit, methods=(fails, replace(fails, method="integrated-gradients")))
    assert headline(both) == "Occlusion and integrated gradients are not a faithful explanation of this model."
    assert "not a faithful" not in headline(replace(audit, methods=(passes,)))


def test_map_that_so_few_films_cannot_judge_has_no_failing_label() -> None:
    audit = maps_audit()
    untold = replace(audit.methods[0], verdict=Verdict((), unknown=("whether it gains is not shown",), films=5))
    page = maps_page(replace(audit, methods=(untold,)))
    assert "? Not shown: too few films" in page and "Whether it gains is not shown." in page
    assert 'class="verdict untold"' in page and 'class="verdict fails"' not in page and "✕" not in page
    said = headline(replace(audit, methods=(untold,)))
    assert said == "Activation map is not shown to be an explanation of this model: too few films."


def test_only_maps_of_single_pixels_are_summed_into_patches() -> None:
    """A map of few places comes at the film's size too, each place where it looks."""
    example = maps_audit().methods[0].examples[0]
    placed = at_side(example.evidence, len(example.square))
    assert placed.shape == example.square.shape
    drawn = {
        method: example_picture(method, example.square, placed)
        for method in ("map", "above-normal", "gradcam", "integrated-gradients")
    }
    assert drawn["map"] == drawn["above-normal"] == drawn["gradcam"] != drawn["integrated-gradients"]
