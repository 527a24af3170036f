"""Defines the limits of the measures of a good training clip.

They cover the paper's four criteria (no fast motion or blur, the person in full view, the camera at rest, a static and
uniform background) and what our records need in addition. The numbers were measured on eight real clips of 2 to 13
seconds, at 480 px and ten looks a second; the attributes name the clips that they are based on.
"""

import dataclasses

import numpy as np

from retarget_tf.arrays import Float32Array


@dataclasses.dataclass(frozen=True)
class Limit:
    """Linear score of a measure.

    Attributes:
        good: Value from which on the score is 1.
        poor: Value from which on the score is 0; may be above or below `good`.
    """

    good: float
    poor: float

    def __post_init__(self) -> None:
        if self.good == self.poor:
            raise ValueError(f"good and poor must differ. Received: good={self.good}, poor={self.poor}")

    def score(self, values: Float32Array) -> Float32Array:
        """Returns the scores 0..1 of values of any shape; NaN, a measure that is unknown, scores 1."""
        scores = np.clip((self.poor - values) / (self.poor - self.good), 0, 1)
        return np.where(np.isnan(values), 1, scores).astype(np.float32)

    def at(self, score: float) -> float:
        """Returns the value that has this score."""
        return self.poor + score * (self.good - self.poor)


@dataclasses.dataclass(frozen=True)
class Criteria:
    """Limits of the measures of a look; see `looking.MEASURES` for their units.

    Attributes:
        speed: Speed of the second fastest of elbows, hands, knees and feet, in body heights per second. Real dances
            stay under 3.5.
        smear: Width of the edges of the most smeared hand or foot, in body heights. In arm_swing hands under 0.016 are
            sharp, and those from 0.022 on are streaks.
        softness: Width of the sharpest edges of the person, in body heights. It is 0.005 to 0.021 in all eight clips,
            and 0.022 to 0.039 when they are blurred by 1 % of the body's height.
        presence: 1 where the person is found, else 0.
        full_view: Share of head, left foot and right foot that are seen. 2/3 just passes, since one foot is often
            hidden behind the other.
        height: Height of the person in pixels of the video. Clips are stored at 256 px or less.
        camera: Speed of the picture's fastest corner, in longer sides per second. It is under 0.03 on tripods, even
            with leaves and water in the background.
        change: Share of the background that differs from that of a second ago: 0.03 for water and leaves
            (lakeside_dance), 0.1 for shadows on a wall (arm_swing), 0.19 and 0.3 for slow pans of two cameras.
        busyness: Share of the background that consists of edges. A matter of taste, so it lowers the score early but
            fails only at two thirds.
        company: Height of the largest other person divided by that of the main one.
        fps: Frames per second of the video. arm_swing has 22.4, and dances of 15 and 16 can be tracked too.
        passing: Smallest score of the worst measure with which a look is good.
        bridged_seconds: Longest failure that does not end a good stretch.
        shortest_seconds: Shortest good stretch; shorter ones are left out.
        good_share: Smallest share of frames in good stretches of a good clip.
    """

    speed: Limit = Limit(3.0, 6.0)
    smear: Limit = Limit(0.014, 0.030)
    softness: Limit = Limit(0.020, 0.040)
    presence: Limit = Limit(1.0, 0.0)
    full_view: Limit = Limit(1.0, 0.3)
    height: Limit = Limit(200.0, 80.0)
    camera: Limit = Limit(0.02, 0.10)
    change: Limit = Limit(0.04, 0.30)
    busyness: Limit = Limit(0.15, 1.2)
    company: Limit = Limit(0.3, 0.9)
    fps: Limit = Limit(20.0, 8.0)
    passing: float = 0.5
    bridged_seconds: float = 0.3
    shortest_seconds: float = 1.0
    good_share: float = 0.5

    def __post_init__(self) -> None:
        for name in ("passing", "good_share"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} must be in 0..1. Received: {name}={getattr(self, name)}")
        for name in ("bridged_seconds", "shortest_seconds"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must not be negative. Received: {name}={getattr(self, name)}")
