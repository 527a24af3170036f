"""Draws a random person; the same (seed, person) always gives the same person.

To make people more diverse, widen the ranges and lists here, in `costume` and in `scenery`.
"""

import numpy as np

from retarget_tf.dancers import costume, scenery
from retarget_tf.dancers.body import HAIR_STYLES, Body, Colour, Hair, Person, View

_SKIN_TONES: tuple[Colour, ...] = (
    (250, 222, 202), (241, 205, 178), (228, 184, 150), (210, 160, 122), (186, 132, 96), (156, 106, 74),
    (124, 80, 56), (92, 58, 42),
)  # fmt: skip
_HAIR_TONES: tuple[Colour, ...] = (
    (30, 26, 28), (52, 36, 30), (86, 56, 36), (128, 84, 46), (178, 128, 70), (222, 186, 116), (168, 76, 40),
    (122, 120, 124), (196, 194, 194), (70, 60, 110), (190, 90, 120),
)  # fmt: skip


def person_id(seed: int, person: int) -> str:
    """Returns the id of a person; people of different seeds are different people."""
    return f"dancer_{seed}_{person:04d}"


def draw_person(seed: int, person: int) -> Person:
    """Draws the person of that number in the crowd of that seed."""
    rng = np.random.default_rng([seed, person, 0])
    body = _draw_body(rng)
    return Person(
        person_id=person_id(seed, person),
        body=body,
        skin=costume.vary(_pick(rng, _SKIN_TONES), rng, 6),
        eyes=_pick(rng, ((52, 36, 28), (70, 90, 110), (60, 90, 60), (30, 26, 28))),
        hair=_draw_hair(rng, costume.vary(_pick(rng, _HAIR_TONES), rng, 8)),
        outfit=costume.draw_outfit(rng),
        backdrop=scenery.draw_backdrop(rng),
        view=_draw_view(rng, body.stature),
    )


def _draw_body(rng: np.random.Generator) -> Body:
    def around(value: float, spread: float) -> float:
        return value * (1 + spread * float(rng.uniform(-1, 1)))

    child = float(rng.uniform(0.4, 1)) if rng.uniform() < 0.08 else 0.0  # 1: about five years old
    legs, width = around(1 - 0.12 * child, 0.06), around(1, 0.11)
    build = float(np.clip(np.exp(rng.normal(0, 0.15)), 0.76, 1.45))
    heavy, curve = max(build - 1, 0), float(rng.uniform(0, 1))  # 0: straight, 1: narrow waist and broad hips
    lengths = {
        "ankle": 0.045,
        "shin": around(0.235 * legs, 0.03),
        "thigh": around(0.240 * legs, 0.03),
        "trunk": around(0.295, 0.05),
        "neck": around(0.046 * (1 - 0.3 * child), 0.15),
        "head": around(0.145 * (1 + 0.34 * child), 0.07),
    }
    total = sum(lengths.values())
    arms = around(1 - 0.08 * child, 0.06)
    usual_share = rng.uniform() < 0.65
    return Body(
        **{name: length / total for name, length in lengths.items()},
        stature=float(rng.uniform(*((0.64, 0.90) if usual_share else (0.45, 0.95)))),
        upper_arm=around(0.165 * arms, 0.03),
        forearm=around(0.145 * arms, 0.03),
        hand=around(0.080, 0.08),
        foot=around(0.135, 0.08),
        hip_half=around(0.052, 0.10),
        shoulder_half=(0.112 - 0.016 * curve) * width,
        chest=((0.098 - 0.014 * curve) * width * build, 0.066 * build),
        waist=((0.087 - 0.017 * curve) * width * build * (1 + 0.4 * heavy), 0.060 * build * (1 + 0.7 * heavy)),
        pelvis=((0.092 + 0.012 * curve) * width * build, (0.063 + 0.008 * curve) * build),
        arm_girth=around(build, 0.08),
        leg_girth=around(build, 0.08),
        head_width=around(0.415, 0.07),
    )


def _draw_hair(rng: np.random.Generator, colour: Colour) -> Hair:
    style = HAIR_STYLES[rng.choice(len(HAIR_STYLES), p=(0.23, 0.13, 0.13, 0.24, 0.13, 0.10, 0.04))]
    lengths = {"bob": (0.09, 0.13), "long": (0.17, 0.30), "ponytail": (0.12, 0.24)}
    return Hair(
        style=style,
        colour=colour,
        volume=float(rng.uniform(0.7, 1.4)),
        length=float(rng.uniform(*lengths.get(style, (0, 0)))),
        fringe=float(rng.uniform(0, 1)),
        in_front=style == "long" and bool(rng.uniform() < 0.4),
    )


def _draw_view(rng: np.random.Generator, stature: float) -> View:
    """Draws a camera between a phone in the same room and a distant one; some people stand off-centre."""
    aside = rng.uniform(-0.25, 0.25) if rng.uniform() < 0.4 else rng.normal(0, 0.02)
    return View(
        distance=float(rng.uniform(2.1, 5.5)),
        height=float(rng.uniform(0.35, 0.85)),
        centre=float(0.5 + aside),
        floor=float(np.clip(0.5 + 0.5 * stature + rng.uniform(-0.04, 0.12), 0.70, 0.97)),
    )


def _pick(rng: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
    return colours[int(rng.integers(len(colours)))]
