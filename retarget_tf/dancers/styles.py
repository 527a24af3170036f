"""Draws styles of movement: a few numbers that make a motion a dance, a walk or a slow turn."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Style:
    """How a person moves through a clip.

    Attributes:
        name: Name of the style.
        arms: Movement of the arms: "dance" is a sequence of poses; others are "hanging", "swing" and "dribble".
        liveliness: Factor of the movements of waist and head, and of kicks.
        restlessness: Probability of turning away, drawn every 4 beats.
        spin: Steady turn in radians per beat; if not 0, it replaces other turns.
        facing: Direction in radians in which the hips face by default; 0 is towards the camera.
        reach: How far the hips travel (sideways, front to back), in standing heights.
        follows_path: Whether the person faces the direction of travel.
        crouch: Least and greatest depth of a crouch, in standing heights.
        crouching: Probability of a crouch, drawn every 2 beats.
        bounce: Bounce of the hips on the beat, in standing heights.
        stance: Half the distance between the feet, in standing heights.
        hops: Probability that a clip has leaps.
    """

    name: str
    arms: str = "dance"
    liveliness: float = 1.0
    restlessness: float = 0.6
    spin: float = 0.0
    facing: float = 0.0
    reach: tuple[float, float] = (0.10, 0.05)
    follows_path: bool = False
    crouch: tuple[float, float] = (0.05, 0.20)
    crouching: float = 0.2
    bounce: float = 0.010
    stance: float = 0.075
    hops: float = 0.0


_NAMES, _SHARES = ("dance", "turn", "walk", "swing", "dribble"), (0.60, 0.13, 0.10, 0.09, 0.08)


def draw_style(rng: np.random.Generator, beat: float) -> Style:
    """Draws the style of a clip whose beats last `beat` frames."""
    name = _NAMES[rng.choice(len(_NAMES), p=_SHARES)]
    # Most people face the camera, some any other direction, some away from it.
    facing = float(rng.choice((0.0, rng.uniform(-np.pi, np.pi), np.pi), p=(0.78, 0.14, 0.08)))
    match name:
        case "turn":  # one slow turn in 7 to 14 seconds, as on a catwalk
            spin = rng.choice((-1.0, 1.0)) * 2 * np.pi * beat / (30 * rng.uniform(7, 14))
            return Style(
                name,
                arms="swing" if rng.uniform() < 0.15 else "hanging",
                liveliness=0.25,
                restlessness=0.0,
                spin=float(spin),
                facing=facing,
                reach=(0.01, 0.01),
                crouching=0.0,
                bounce=float(rng.uniform(0, 0.003)),
                stance=0.055,
            )
        case "walk":
            return Style(
                name,
                arms="swing",
                liveliness=0.4,
                restlessness=0.0,
                reach=(float(rng.uniform(0.15, 0.42)), float(rng.uniform(0.0, 0.25))),
                follows_path=True,
                crouching=0.0,
                bounce=0.006,
                stance=0.05,
            )
        case "swing":
            return Style(
                name,
                arms="swing",
                liveliness=0.5,
                restlessness=0.1,
                facing=facing,
                reach=(0.03, 0.02),
                crouching=0.05,
                bounce=0.004,
            )
        case "dribble":
            return Style(
                name,
                arms="dribble",
                liveliness=0.9,
                restlessness=0.3,
                facing=facing,
                reach=(0.14, 0.08),
                crouch=(0.06, 0.24),
                crouching=0.8,
                bounce=0.012,
                stance=float(rng.uniform(0.08, 0.14)),
            )
    return Style(
        name,
        liveliness=float(rng.uniform(0.4, 1.2)),
        restlessness=float(rng.choice((0.15, 0.6, 0.9))),
        facing=facing,
        reach=(float(rng.uniform(0.03, 0.17)), float(rng.uniform(0.0, 0.10))),
        crouching=float(rng.uniform(0, 0.4)),
        bounce=float(rng.uniform(0.003, 0.016)),
        stance=float(rng.uniform(0.055, 0.10)),
        hops=0.2,
    )
