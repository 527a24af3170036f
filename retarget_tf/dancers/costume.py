"""Draws a random outfit: garments, their colours and patterns, shoes, hats and glasses."""

import colorsys

import numpy as np

from retarget_tf.dancers.body import (
    FOOTWEAR,
    GLASSES,
    HEADWEAR,
    LOWER_GARMENTS,
    PATTERNS,
    SLEEVES,
    Colour,
    Outfit,
    Pattern,
)

# Ranges of `Outfit.lower_length` and `Outfit.lower_width`.
_LENGTHS = {"trousers": (1.6, 2.0), "shorts": (0.25, 1.0), "skirt": (0.45, 1.1), "dress": (0.45, 1.1)}
_LONG = (1.1, 1.95)  # range of lengths of every third skirt or dress
_WIDTHS = {"trousers": (0.0, 1.5), "shorts": (0.1, 1.0), "skirt": (0.0, 1.2), "dress": (0.0, 1.0)}


def draw_outfit(rng: np.random.Generator) -> Outfit:
    """Draws an outfit."""
    lower = LOWER_GARMENTS[rng.choice(len(LOWER_GARMENTS), p=(0.36, 0.24, 0.21, 0.19))]
    sleeves = SLEEVES[rng.choice(len(SLEEVES), p=(0.25, 0.46, 0.29))]
    upper, lower_colour, block_colour, coat_colour = _distinct_colours(rng, 4)
    kind = rng.choice(("top", "crop", "bare", "coat"), p=(0.75, 0.08, 0.04, 0.13))
    if lower == "dress" or (lower == "skirt" and kind == "bare"):
        kind = "top"
    if kind in ("bare", "coat"):
        sleeves = "none" if kind == "bare" else "long"
    coverage = {"crop": rng.uniform(0.25, 0.85), "bare": 0.0}.get(str(kind), 1.0)
    coat = {"coat": rng.uniform(0.0, 0.10)}.get(str(kind))
    footwear = FOOTWEAR[rng.choice(len(FOOTWEAR), p=(0.54, 0.14, 0.16, 0.16))]
    upper_pattern = _draw_pattern(rng, upper)
    lengths = _LONG if lower in ("skirt", "dress") and rng.uniform() < 1 / 3 else _LENGTHS[lower]
    return Outfit(
        sleeves=sleeves,
        sleeve_share=float(rng.uniform(0.15, 1.0)),
        upper_colour=upper,
        upper_pattern=upper_pattern,
        neckline=float(rng.uniform(-1, 1)),
        coverage=float(coverage),
        coat=None if coat is None else float(coat),
        coat_colour=coat_colour,
        lower=lower,
        lower_colour=upper if lower == "dress" else lower_colour,
        lower_pattern=upper_pattern if lower == "dress" else _draw_pattern(rng, lower_colour),
        lower_length=float(rng.uniform(*lengths)),
        lower_width=float(rng.uniform(*_WIDTHS[lower])),
        looseness=float(rng.uniform(0.0, 0.30)),
        tunic=float(rng.uniform(-0.015, 0.035) if rng.uniform() < 0.8 else rng.uniform(0.035, 0.09)),
        block=float(rng.choice((0.0, 0.0, 0.0, 0.0, rng.uniform(0.12, 0.5)))),
        block_colour=block_colour,
        footwear=footwear,
        shoe_bulk=float(rng.uniform(0.62, 1.0)),
        shoe_colour=_garment_colour(rng),
        sole_colour=_pick(rng, ((240, 240, 236), (40, 38, 40), (200, 160, 110))),
        shaft_length=float(rng.uniform(0.25, 0.95)) if footwear == "boots" else 0.0,
        sock_length=float(rng.choice((0.0, 0.0, rng.uniform(0.15, 0.8)))) if footwear == "shoes" else 0.0,
        sock_colour=_pick(rng, ((244, 244, 240), (60, 60, 66), (220, 90, 80), (90, 130, 190))),
        headwear=HEADWEAR[rng.choice(len(HEADWEAR), p=(0.74, 0.09, 0.06, 0.07, 0.04))],
        hat_colour=_garment_colour(rng),
        glasses=GLASSES[rng.choice(len(GLASSES), p=(0.80, 0.13, 0.07))],
    )


def rgb(hue: float, saturation: float, value: float) -> Colour:
    """Converts hue, saturation and value, all 0..1, to RGB 0..255."""
    red, green, blue = colorsys.hsv_to_rgb(float(hue), float(min(saturation, 1)), float(min(value, 1)))
    return 255 * red, 255 * green, 255 * blue


def vary(colour: Colour, rng: np.random.Generator, spread: float) -> Colour:
    """Changes each channel of a colour at random by at most `spread`."""
    red, green, blue = (float(np.clip(channel + rng.uniform(-spread, spread), 0, 255)) for channel in colour)
    return red, green, blue


def _draw_pattern(rng: np.random.Generator, base: Colour) -> Pattern | None:
    if rng.uniform() < 0.68:
        return None
    colour = _garment_colour(rng)
    return Pattern(
        kind=PATTERNS[rng.integers(len(PATTERNS))],
        colour=colour if _distance(colour, base) > 60 else rgb(0, 0, 1 if sum(base) < 380 else 0.15),
        period=float(rng.uniform(0.02, 0.09)),
        share=float(rng.uniform(0.2, 0.6)),
        seed=int(rng.integers(2**31)),
    )


def _garment_colour(rng: np.random.Generator) -> Colour:
    if rng.uniform() < 0.4:  # black, grey, white, beige and denim are what people wear most
        usual = ((30, 30, 34), (60, 60, 66), (120, 122, 128), (236, 234, 230), (58, 78, 120), (196, 178, 150))
        return vary(_pick(rng, usual), rng, 14)
    return rgb(rng.uniform(), rng.uniform(0.15, 0.9), rng.uniform(0.25, 0.97))


def _distinct_colours(rng: np.random.Generator, count: int) -> list[Colour]:
    """Draws colours of which no two are close, so that a top can be distinguished from trousers."""
    colours: list[Colour] = []
    while len(colours) < count:
        colour = _garment_colour(rng)
        if all(_distance(colour, other) > 110 for other in colours):
            colours.append(colour)
    return colours


def _distance(one: Colour, other: Colour) -> float:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def _pick(rng: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
    return colours[int(rng.integers(len(colours)))]
