"""Pictures that are no chest films, drawn: what the gate was designed on, so that real ones stay unseen until the end.

Each kind is a function of a random generator, and gives (height, width) uint8. They are crude, and meant so: a gate
that needs an artist's knee to know that it is no chest knows too little of chests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Pixels = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float64]
Random = np.random.Generator
Place = tuple[float, float]  # y and x, as shares of height and width

SQUARE: Final = (256, 256)
WORDS: Final = ("the", "patient", "history", "report", "limb", "total", "date", "number", "street", "page", "of", "and")


def draw(kind: str, number: int) -> Pixels:
    """The picture of that kind and number, always the same."""
    return KINDS[kind](np.random.default_rng([list(KINDS).index(kind), number]))


def blank(random: Random) -> Pixels:
    """One grey level, nearly one, or a ramp."""
    choice = random.integers(3)
    if choice == 0:
        return np.full(SQUARE, random.integers(256), np.uint8)
    if choice == 1:
        ramp = np.broadcast_to(np.linspace(random.uniform(0, 255), random.uniform(0, 255), SQUARE[1]), SQUARE)
        return _pixels(ramp if random.random() < 0.5 else ramp.T)
    return _pixels(random.uniform(0, 255) + random.normal(0, random.uniform(0.3, 2), SQUARE))


def noise(random: Random) -> Pixels:
    """White, of some spread, cloudy, or in blobs."""
    choice = random.integers(4)
    if choice == 0:
        return random.integers(0, 256, SQUARE, dtype=np.uint8)
    if choice == 1:
        return _pixels(random.normal(128, random.uniform(10, 80), SQUARE))
    if choice == 2:
        return _clouds(random, random.uniform(0.5, 2))
    return _pixels(128 + 60 * _smooth(random, SQUARE, int(random.integers(4, 64))))


def document(random: Random) -> Pixels:
    """Lines of words and some charts on paper, a few askew, a few white on black."""
    width, height = ((400, 560), (560, 400), (500, 500))[random.integers(3)]
    page = Image.new("L", (width, height), int(random.integers(225, 256)))
    pen, size, left = ImageDraw.Draw(page), int(random.integers(8, 26)), int(random.integers(5, 50))
    y = int(random.integers(5, 60))
    while y < height - 20:
        if random.random() < 0.04:
            _chart(pen, random, (left, y, width - left, y + 60))
            y += 70
        elif random.random() > 0.12:  # else an empty line
            line = " ".join(random.choice(WORDS, int(random.integers(3, 14))))
            pen.text((left, y), line, fill=int(random.integers(0, 90)), font=ImageFont.load_default(size))
        y += int(size * 1.3)
    if random.random() < 0.2:
        return 255 - np.asarray(page)
    return np.asarray(page.rotate(random.uniform(-8, 8), fillcolor=230) if random.random() < 0.4 else page)


def leaves(random: Random) -> Pixels:
    """Shapes that hide one another, in sizes as things in a photograph have them."""
    page = Image.new("L", SQUARE, int(random.integers(256)))
    pen = ImageDraw.Draw(page)
    for size in sorted(4 + 200 * random.pareto(1.5, 300).clip(0, 1.2), reverse=True):
        x, y = random.uniform(-20, 276, 2)
        grey = int(random.integers(256))
        if random.random() < 0.5:
            pen.ellipse((x - size / 2, y - size / 3, x + size / 2, y + size / 3), fill=grey)
            continue
        corners = np.sort(random.uniform(0, 2 * np.pi, int(random.integers(3, 6))))
        pen.polygon([(x + size / 2 * np.cos(one), y + size / 2 * np.sin(one)) for one in corners], fill=grey)
    scene = np.asarray(page.filter(ImageFilter.GaussianBlur(random.uniform(0.3, 2))), dtype=np.float64)
    light = 0.7 + 0.15 * _smooth(random, SQUARE, 60)
    return _pixels(scene * light + random.normal(0, random.uniform(1, 8), SQUARE))


def limb(random: Random) -> Pixels:
    """One long bone or two in their soft tissue."""
    shape = ((320, 200), (256, 256), (200, 320), (300, 240))[random.integers(4)]
    tilt, centre = random.uniform(-0.3, 0.3) / 2, random.uniform(0.35, 0.65)
    bones, count = np.zeros(shape), int(random.integers(1, 3))
    for number in range(count):
        x = centre + (number - (count - 1) / 2) * random.uniform(0.12, 0.2)
        ends = (random.uniform(-0.2, 0.1), x - tilt), (random.uniform(0.9, 1.2), x + tilt)
        bones += _bone(shape, *ends, random.uniform(0.03, 0.08), random)
    tissue = _bone(shape, (-0.3, centre - tilt), (1.3, centre + tilt), random.uniform(0.14, 0.36), random)
    film = _film(random, np.clip(tissue * 1.5, 0, 1), bones)
    return film if random.random() < 0.8 else np.ascontiguousarray(film.T)


def hand(random: Random) -> Pixels:
    """Five fingers of three bones, and a wrist."""
    shape = (320, 256)
    bones, tissue = np.zeros(shape), _ellipse(shape, (0.68, 0.5), (0.22, 0.28))
    for spread in np.linspace(-0.6, 0.6, 5):
        base = np.array([0.72, 0.5 + 0.22 * spread])
        reach = np.array([-0.55 + 0.15 * abs(spread), 0.35 * spread])
        for joint in range(3):
            start, end = base + reach * joint * 0.34, base + reach * (joint + 0.93) / 3
            bones += _bone(shape, (start[0], start[1]), (end[0], end[1]), 0.024 - 0.004 * joint, random)
        finger = _bone(shape, (base[0], base[1]), (base[0] + reach[0], base[1] + reach[1]), 0.05, random)
        tissue = np.maximum(tissue, np.clip(finger * 1.7, 0, 1))
    bones += _bone(shape, (0.88, 0.42), (1.2, 0.42), 0.05, random)
    return _film(random, tissue, bones + _bone(shape, (0.88, 0.58), (1.2, 0.58), 0.033, random))


def knee(random: Random) -> Pixels:
    """One knee from the front, or both."""
    shape = ((280, 280), (320, 220), (224, 300))[random.integers(3)]
    are_both = random.random() < 0.3
    bones, tissue, size = np.zeros(shape), np.zeros(shape), 0.6 if are_both else 1.0
    for x in (0.27, 0.73) if are_both else (random.uniform(0.42, 0.58),):
        gap = random.uniform(0.45, 0.55)
        bones += _bone(shape, (-0.5, x), (gap - 0.01, x), 0.11 * size, random)
        bones += _bone(shape, (gap + 0.02, x), (1.5, x), 0.11 * size, random)
        bones += _bone(shape, (gap + 0.1, x + 0.15 * size), (1.4, x + 0.13 * size), 0.03 * size, random)
        bones += 0.3 * _ellipse(shape, (gap - 0.08, x), (0.07, 0.07 * size))
        tissue = np.maximum(tissue, np.clip(_bone(shape, (-0.5, x), (1.5, x), 0.26 * size, random) * 1.6, 0, 1))
    return _film(random, tissue, bones)


def body_slice(random: Random) -> Pixels:
    """A slice through a chest or a belly as CT shows it, with ribs, spine and often the table."""
    body = _ellipse(SQUARE, (0.5, 0.5), (random.uniform(0.28, 0.4), random.uniform(0.38, 0.47)), soft=0.01)
    radii = random.uniform(0.16, 0.26), random.uniform(0.1, 0.16)
    lungs = np.maximum(_ellipse(SQUARE, (0.5, 0.3), radii, 0.1, 0.02), _ellipse(SQUARE, (0.5, 0.7), radii, -0.1, 0.02))
    if random.random() < 0.35:
        lungs = _ellipse(SQUARE, (0.4, 0.4), (0.05, 0.08))
    plane = body * random.uniform(90, 170) * (1 - lungs * random.uniform(0.7, 1))
    plane += 120 * _ellipse(SQUARE, (0.7, 0.5), (0.06, 0.05))
    plane += random.uniform(0, 60) * _ellipse(SQUARE, (0.45, 0.52), (0.1, 0.09))
    plane += (_clouds(random, 0.8) > random.uniform(150, 190)) * lungs * random.uniform(40, 150)
    for angle in np.linspace(0.4, 2.7, 8):
        plane += 110 * _ellipse(SQUARE, (0.5 - 0.33 * np.sin(angle), 0.5 - 0.4 * np.cos(angle)), (0.02, 0.035))
    if random.random() < 0.5:
        y, x = np.mgrid[: SQUARE[0], : SQUARE[1]]
        plane += (np.abs(y - 235 - 3 * np.cos(x / 40)) < 2) * random.uniform(60, 150)
    return _pixels(plane + random.normal(0, random.uniform(1, 8), SQUARE) * (body > 0.1))


def head_slice(random: Random) -> Pixels:
    """A slice through a head as MR shows it."""
    shape, radii = (256, 220), (random.uniform(0.4, 0.48), random.uniform(0.36, 0.45))
    skull, inner, brain = (
        _ellipse(shape, (0.5, 0.5), (radii[0] * part, radii[1] * part), soft=0.02) for part in (1, 0.87, 0.82)
    )
    folds = np.abs(_smooth(random, shape, 9))
    plane = (skull - inner) * random.uniform(90, 220)
    plane += brain * (random.uniform(70, 130) + 35 * (folds > 0.5) - 25 * (folds < 0.12))
    left, right = (_ellipse(shape, (0.47, x), (0.1, 0.03), tilt) for x, tilt in ((0.44, 0.2), (0.56, -0.2)))
    plane *= 1 - 0.6 * np.maximum(left, right) * random.choice([-0.8, 1])
    if random.random() < 0.4:
        plane += random.uniform(60, 120) * _ellipse(shape, tuple(random.uniform(0.35, 0.65, 2)), (0.06, 0.07))
    return _pixels(plane + random.normal(0, 3, shape))


KINDS: Final[dict[str, Callable[[Random], Pixels]]] = {
    "blank": blank,
    "noise": noise,
    "document": document,
    "leaves": leaves,
    "limb": limb,
    "hand": hand,
    "knee": knee,
    "body slice": body_slice,
    "head slice": head_slice,
}


def _pixels(plane: npt.NDArray[np.floating]) -> Pixels:
    pixels: Pixels = np.clip(plane, 0, 255).astype(np.uint8)
    return pixels


def _smooth(random: Random, shape: tuple[int, int], grain: int) -> Plane:
    """Smooth noise whose hills are about `grain` pixels wide."""
    coarse = random.normal(0, 1, (shape[0] // grain + 2, shape[1] // grain + 2)).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize(shape[::-1], Image.Resampling.BICUBIC), dtype=np.float64)


def _clouds(random: Random, steepness: float) -> Pixels:
    """Noise whose amplitudes fall with the frequency."""
    frequency = np.fft.fftfreq(SQUARE[0])
    radius = np.hypot(frequency[:, None], frequency)
    radius[0, 0] = 1
    clouds = np.fft.ifft2(np.fft.fft2(random.normal(size=SQUARE)) / radius**steepness).real
    return _pixels(random.uniform(80, 170) + (clouds - clouds.mean()) / clouds.std() * random.uniform(20, 60))


def _chart(pen: ImageDraw.ImageDraw, random: Random, box: tuple[int, int, int, int]) -> None:
    pen.rectangle(box, outline=0)
    steps = np.linspace(box[0], box[2], 12)
    pen.line([(float(x), float(random.uniform(box[1], box[3]))) for x in steps], fill=int(random.integers(120)))


def _ellipse(shape: tuple[int, int], centre: Place, radii: Place, tilt: float = 0.0, soft: float = 0.05) -> Plane:
    """1 inside and 0 outside, with a soft edge."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    down, right = y / shape[0] - centre[0], x / shape[1] - centre[1]
    cosine, sine = np.cos(tilt), np.sin(tilt)
    distance = np.hypot((cosine * right + sine * down) / radii[1], (cosine * down - sine * right) / radii[0])
    edge: Plane = 1 / (1 + np.exp(np.clip((distance - 1) / soft, -50, 50)))
    return edge


def _bone(shape: tuple[int, int], start: Place, end: Place, width: float, random: Random) -> Plane:
    """A long bone: bright cortex, darker marrow, wider at its ends."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    way = np.subtract(end, start)
    length = float(np.hypot(*way))
    down, right = y / shape[0] - start[0], x / shape[1] - start[1]
    along = (down * way[0] + right * way[1]) / length**2
    aside = np.abs(right * way[0] - down * way[1]) / length
    half = width * (1 + random.uniform(0.4, 0.9) * np.clip(np.abs(along - 0.5) * 2, 0, 1) ** 4)
    inside = 1 / (1 + np.exp(np.clip((aside - half) / 0.006, -50, 50))) * ((along > 0) & (along < 1))
    bone: Plane = inside * (0.55 + 0.6 * np.clip(aside / half, 0, 1) ** 3)
    return bone


def _film(random: Random, tissue: Plane, bones: Plane) -> Pixels:
    """Tissue and bones as a film of them, half of them with a letter for the side."""
    plane = tissue * random.uniform(40, 110) + bones * random.uniform(70, 140) + random.uniform(0, 30)
    plane = plane * (1 + 0.12 * _smooth(random, tissue.shape, 30)) + random.normal(
        0, random.uniform(1, 5), tissue.shape
    )
    film = Image.fromarray(_pixels(plane))
    if random.random() < 0.5:
        place = tuple(float(share) * film.width for share in random.uniform(0.02, 0.85, 2))
        font = ImageFont.load_default(int(random.integers(14, 30)))
        ImageDraw.Draw(film).text((place[0], place[1]), str(random.choice(["L", "R"])), fill=255, font=font)
    return np.asarray(film)
