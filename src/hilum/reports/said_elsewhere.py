"""Sentences that other parts of hilum say in English, as patterns, so that a report can say them in its own language.

The reading half has one language inside: the command line, the log and JSON keep it. A sentence that no pattern fits
stays as it is, and the page marks it as English.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from hilum.reports.language import Language, message

PATTERNS: Final = (
    # Why a picture is no chest film: hilum.images.checks, hilum.runtime.gate.
    message("It is tiny: {width} x {height} px, and a film has {least} px a side or more."),
    message("It is a strip: one side is {aspect} times the other, and no film has more than {most}."),
    message("It is a coloured picture, and a film is grey."),
    message("It is blank: nine tenths of it lie within {levels} grey levels."),
    message(
        "It is blank: nine tenths of it lie within {levels} grey levels. Values from {low} to {high} were stretched to "
        "0 to 255. A burnt-in mark far beyond all other values can do that; then export it as 8 bits."
    ),
    message("It is a gradient or a row of stripes: its grey changes along one side only."),
    message("It is mostly empty margin: only {share} of it hold a picture. Crop the film out of its page."),
    message(
        "It does not look like a chest film: its distance from the training films is {distance}, and {limit} is the "
        "limit."
    ),
    message("Black and white look exchanged in it: inverted, it would be assessed."),
    message(
        "It is unlike the training films: its distance is {distance}, and 99 of 100 patients like theirs have films "
        "below {limit}. The answer may be wrong more often than the figures of the model say."
    ),
    message(
        "The model folder has no gate: a picture that is no chest film is answered too, unless it is blank, coloured, "
        "tiny, a strip or mostly margin."
    ),
    # What was learned while reading a film: hilum.images.decode, hilum.images.grey.
    message("The EXIF data are damaged; the picture was left as it is stored."),
    message("EXIF orientation {orientation} has no meaning and was ignored."),
    message("Turned upright by EXIF orientation {orientation}."),
    message("Named {suffix}, but it is a {format} file."),
    message("16 bits a channel: only the upper 8 were used."),
    message("Values from {low} to {high} were stretched to 0 to 255."),
    message("Every pixel has the value {value}, drawn as black."),
    message("Inverted, because 0 is white in this file."),
    message("The transparent grey value was ignored."),
    # Why a file cannot be read: hilum.images.content, hilum.images.decode, hilum.images.tiff, hilum.files.
    message(
        "'{name}' holds {kind}. Expected a JPEG, PNG, TIFF or BMP image. Convert it to PNG, or remove it from the "
        "images."
    ),
    message(
        "'{name}' is empty (0 bytes). Expected a JPEG, PNG, TIFF or BMP image. Copy or download the file again, or "
        "remove it."
    ),
    message(
        "'{name}' has {bytes} bytes. Expected at most {most} bytes. Save the image with compression or at a lower "
        "resolution."
    ),
    message("'{name}' is {width} x {height} pixels. Expected at most {most} pixels. Save it at a lower resolution."),
    message(
        "'{name}' cannot be decoded as {format}: {reason}. Expected a complete, undamaged image. Copy or export it "
        "again, or remove it from the images."
    ),
    message(
        "'{name}' holds more than one picture (multi-page or animated {format}). Expected one film in a file. Save "
        "each picture as a file of its own."
    ),
    message("'{name}' stores its colours as {mode}. Expected grey, RGB, palette or CMYK. Convert it to PNG."),
    message(
        "'{name}' holds values that are not finite (NaN or infinity). Expected a number in every pixel. Export it as "
        "16-bit PNG."
    ),
    message(
        "There is not enough memory to decode '{name}'. Expected free memory of about 8 bytes a pixel. Close other "
        "programs, or save the image at a lower resolution."
    ),
    message(
        "Could not read '{name}': No such file or directory. Expected an existing file or folder. Check the spelling "
        "of the path."
    ),
    message(
        "Could not read '{name}': Permission denied. Expected permission to do so. Change the permissions or choose "
        "another place."
    ),
    message("'{name}' is {kind}. Expected a regular file with a JPEG, PNG, TIFF or BMP image. Name an image file."),
    message("a GIF image"),
    message("a WebP image"),
    message("a DICOM file"),
    message("a HEIC image"),
    message("a PDF document"),
    message("a ZIP archive"),
    message("a folder"),
    message("HTML or XML text"),
    message("text"),
    message("zero bytes only"),
    message("unknown data (first bytes {bytes})"),
    # Whom the model knows, and what limits its answers: hilum.modelfolder.card.
    message("It assists a reader; it is not a medical device."),
    message("The model knows only films like those it was made from: {population}."),
    message(
        "children of 1 to 5 years, one hospital (Guangzhou), antero-posterior view; published results of such models "
        "elsewhere fall from an AUROC of 0.95 to 0.54-0.82"
    ),
    message("no patients: films drawn by hilum, for trying commands out"),
    message("The model was trained under the protocol '{protocol}', which leaks: its figures are too good."),
    message(
        "The model was trained elsewhere, on films that are not known: that a film was among them cannot be excluded."
    ),
    message("drawn by hilum"),
    # What a threshold was chosen for: hilum.metrics.thresholds.
    message("the highest specificity with a sensitivity of at least {value}"),
    message("the highest sensitivity with a specificity of at least {value}"),
    message("the largest sum of sensitivity and specificity"),
    message("the least cost where a missed pneumonia counts {missed} and a false alarm {alarm}"),
    message("the fixed threshold {value}"),
    # What the map is worth: hilum.modelfolder.schema.
    message("passes the tests of {films} select films"),
    message("not measured (hilum model finish measures it)"),
    message("not shown: too few films ({films})"),
    message("not a faithful explanation of this model"),
    message("not a faithful explanation of this model (fails the randomisation test)"),
    message("not a faithful explanation of this model (not shown to beat random maps on {films} films)"),
    message(
        "not a faithful explanation of this model (fails the randomisation test and not shown to beat random maps on "
        "{films} films)"
    ),
)

_NAMES: Final = frozenset({"name", "suffix", "protocol"})
"""Places of what bears its name in every language, such as a film whose file is called "text"."""
_FIGURE: Final = re.compile(r"[0-9][0-9,]*(\.[0-9]+)?")
_PER_CENT: Final = re.compile(r"([0-9]+)%")


def said(language: Language, text: str) -> str | None:
    """A sentence of another part of hilum in this language; None where no translation is known.

    >>> from hilum.reports.language import language_of
    >>> said(language_of("fr"), "It is a coloured picture, and a film is grey.")
    'C’est une image en couleurs, et un cliché est gris.'
    """
    if language.is_source:
        return text
    for pattern in PATTERNS:
        if match := _matcher(pattern).fullmatch(text):
            values = {place: _value(language, place, one) for place, one in match.groupdict().items()}
            return language.say(pattern, **values)
    return None


def _value(language: Language, place: str, text: str) -> str:
    """What stood in a pattern's place: a figure as written here, a phrase in this language, or a name as it is."""
    if place in _NAMES:
        return text
    if _FIGURE.fullmatch(text):
        return language.written(text)
    if per_cent := _PER_CENT.fullmatch(text):
        return language.prevalence(int(per_cent[1]) / 100)
    return said(language, text) or text


@cache
def _matcher(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression, a group for each {name}."""
    parts = re.split(r"\{([a-z]+)\}", pattern)
    text = "".join(f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
    return re.compile(text, re.DOTALL)
