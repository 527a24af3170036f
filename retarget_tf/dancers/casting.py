"""Who dances: a person is a pure function of (seed, person).

To widen the crowd, widen the ranges and lists of this module: nothing else draws a body, its clothes or its scene.
"""

import colorsys

import numpy as np

from retarget_tf.dancers.body import (
    HAIR_STYLES,
    LOWER_GARMENTS,
    SLEEVES,
    Backdrop,
    Body,
    Colour,
    Hair,
    Outfit,
    Person,
)

_SKIN_TONES: tuple[Colour, ...] = (
    (250, 222, 202), (241, 205, 178), (228, 184, 150), (210, 160, 122), (186, 132, 96), (156, 106, 74),
    (124, 80, 56), (92, 58, 42),
)  # fmt: skip
_HAIR_TONES: tuple[Colour, ...] = (
    (30, 26, 28), (52, 36, 30), (86, 56, 36), (128, 84, 46), (178, 128, 70), (222, 186, 116), (168, 76, 40),
    (122, 120, 124), (196, 194, 194), (70, 60, 110), (190, 90, 120),
)  # fmt: skip


def person_id(seed: int, person: int) -> str:
    """The id of a person; people of different seeds are different people."""
    return f"dancer_{seed}_{person:04d}"


def draw_person(seed: int, person: int) -> Person:
    """The person of that number in the crowd of that seed."""
    rng = np.random.default_rng([seed, person, 0])
    skin = _vary(_pick(rng, _SKIN_TONES), rng, 6)
    hair_colour = _vary(_pick(rng, _HAIR_TONES), rng, 8)
    outfit = _draw_outfit(rng)
    return Person(
        person_id=person_id(seed, person),
        body=_draw_body(rng),
        skin=skin,
        eyes=_pick(rng, ((52, 36, 28), (70, 90, 110), (60, 90, 60), (30, 26, 28))),
        hair=_draw_hair(rng, hair_colour),
        outfit=outfit,
        backdrop=_draw_backdrop(rng),
    )


def _draw_body(rng: np.random.Generator) -> Body:
    def around(value: float, spread: float) -> float:
        return value * (1 + spread * float(rng.uniform(-1, 1)))

    legs, width, build = around(1, 0.06), around(1, 0.10), around(1, 0.16)
    curve = float(rng.uniform(0, 1))  # 0: straight with broad shoulders, 1: narrow waist and broad hips
    lengths = {
        "ankle": 0.045,
        "shin": around(0.235 * legs, 0.03),
        "thigh": around(0.240 * legs, 0.03),
        "trunk": around(0.295, 0.04),
        "neck": around(0.042, 0.15),
        "head": around(0.146, 0.07),
    }
    total = sum(lengths.values())
    arms = around(1, 0.06)
    return Body(
        **{name: length / total for name, length in lengths.items()},
        stature=float(rng.uniform(0.66, 0.77)),
        upper_arm=around(0.165 * arms, 0.03),
        forearm=around(0.145 * arms, 0.03),
        hand=around(0.080, 0.08),
        foot=around(0.145, 0.07),
        hip_half=around(0.052, 0.08),
        shoulder_half=(0.112 - 0.018 * curve) * width,
        chest=((0.096 - 0.014 * curve) * width * build, 0.064 * build),
        waist=((0.084 - 0.014 * curve) * width * build, 0.055 * build),
        pelvis=((0.084 + 0.014 * curve) * width * build, (0.062 + 0.008 * curve) * build),
        arm_girth=around(build, 0.08),
        leg_girth=around(build, 0.08),
        head_width=around(0.40, 0.06),
    )


def _draw_hair(rng: np.random.Generator, colour: Colour) -> Hair:
    style = HAIR_STYLES[rng.choice(len(HAIR_STYLES), p=(0.24, 0.14, 0.14, 0.18, 0.14, 0.11, 0.05))]
    lengths = {"bob": (0.09, 0.13), "long": (0.17, 0.27), "ponytail": (0.12, 0.22)}
    return Hair(
        style=style,
        colour=colour,
        volume=float(rng.uniform(0.8, 1.5)),
        length=float(rng.uniform(*lengths.get(style, (0, 0)))),
        fringe=float(rng.uniform(0, 1)),
    )


def _draw_outfit(rng: np.random.Generator) -> Outfit:
    lower = LOWER_GARMENTS[rng.choice(len(LOWER_GARMENTS), p=(0.45, 0.22, 0.18, 0.15))]
    sleeves = SLEEVES[rng.choice(len(SLEEVES), p=(0.15, 0.45, 0.40))]
    upper, lower_colour, block_colour = _distinct_colours(rng, 3)
    lengths = {"trousers": (1.75, 2.0), "shorts": (0.5, 1.0), "skirt": (0.6, 1.35), "dress": (0.6, 1.5)}
    widths = {"trousers": (0.0, 0.6), "shorts": (0.1, 0.6), "skirt": (0.3, 1.2), "dress": (0.2, 1.0)}
    return Outfit(
        sleeves=sleeves,
        sleeve_share=float(rng.uniform(0.45, 0.95)),
        upper_colour=upper,
        lower=lower,
        lower_colour=upper if lower == "dress" else lower_colour,
        lower_length=float(rng.uniform(*lengths[lower])),
        lower_width=float(rng.uniform(*widths[lower])),
        looseness=float(rng.uniform(0, 0.14)),
        tunic=float(rng.uniform(-0.01, 0.035)),
        block=float(rng.choice((0.0, 0.0, 0.0, rng.uniform(0.12, 0.5)))),
        block_colour=block_colour,
        shoe_colour=_garment_colour(rng),
        sole_colour=_pick(rng, ((240, 240, 236), (40, 38, 40), (200, 160, 110))),
        sock_length=float(rng.choice((0.0, 0.0, rng.uniform(0.15, 0.5)))),
        sock_colour=_pick(rng, ((244, 244, 240), (60, 60, 66), (220, 90, 80), (90, 130, 190))),
    )


def _draw_backdrop(rng: np.random.Generator) -> Backdrop:
    hue, saturation, value = rng.uniform(0, 1), rng.uniform(0, 0.25), rng.uniform(0.45, 0.97)
    wall = _rgb(hue, saturation, value)
    uniform = rng.uniform() < 0.35
    floor = wall if uniform else _rgb(rng.normal(hue, 0.08) % 1, saturation * 1.1, value * rng.uniform(0.72, 0.92))
    return Backdrop(
        wall=wall,
        floor=floor,
        horizon=float(rng.uniform(0.72, 0.86)),
        gradient=float(rng.uniform(0, 0.14)),
        texture=float(rng.choice((0, 1, 2.5))),
        noise=float(rng.uniform(0.5, 2.5)),
        seed=int(rng.integers(2**31)),
    )


def _garment_colour(rng: np.random.Generator) -> Colour:
    if rng.uniform() < 0.25:  # black, grey, white and denim are what people wear most
        return _vary(_pick(rng, ((36, 36, 42), (120, 122, 128), (236, 234, 230), (58, 78, 120))), rng, 8)
    return _rgb(rng.uniform(), rng.uniform(0.35, 0.85), rng.uniform(0.4, 0.95))


def _distinct_colours(rng: np.random.Generator, count: int) -> list[Colour]:
    """Colours of which no two are close: a top can be told from trousers."""
    colours: list[Colour] = []
    while len(colours) < count:
        colour = _garment_colour(rng)
        if all(sum(abs(a - b) for a, b in zip(colour, other, strict=True)) > 110 for other in colours):
            colours.append(colour)
    return colours


def _pick(rng: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
    return colours[int(rng.integers(len(colours)))]


def _vary(colour: Colour, rng: np.random.Generator, spread: float) -> Colour:
    red, green, blue = (float(np.clip(channel + rng.uniform(-spread, spread), 0, 255)) for channel in colour)
    return red, green, blue


def _rgb(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(float(hue), float(min(saturation, 1)), float(min(value, 1)))
    return 255 * red, 255 * green, 255 * blue
