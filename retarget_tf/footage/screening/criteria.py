"""What a clip must be to be learned from, as numbers.

These are the paper's four criteria (no fast motion or blur, the person in full view, the camera at rest, a static and
uniform background) and what our records need besides. The numbers were measured on eight real clips of 2 to 13 seconds,
at 480 px and ten looks a second; each attribute says what it lies between.
"""

import dataclasses

import numpy as np

from retarget_tf.arrays import Float32Array


@dataclasses.dataclass(frozen=True)
class Limit:
    """What counts as good and as poor; in between the score falls in a straight line.

    Attributes:
        good: score 1 here and beyond.
        poor: score 0 here and beyond, above `good` or below it.
    """

    good: float
    poor: float

    def __post_init__(self) -> None:
        if self.good == self.poor:
            raise ValueError(f"good and poor must differ. Received: good={self.good}, poor={self.poor}")

    def score(self, values: Float32Array) -> Float32Array:
        """Scores 0..1 of values of any shape; 1 for NaN: what cannot be told is not held against a clip."""
        scores = np.clip((self.poor - values) / (self.poor - self.good), 0, 1)
        return np.where(np.isnan(values), 1, scores).astype(np.float32)

    def at(self, score: float) -> float:
        """The value that has this score."""
        return self.poor + score * (self.good - self.poor)


@dataclasses.dataclass(frozen=True)
class Criteria:
    """Limits of the measures of a look; see `looking.MEASURES` for their units.

    Attributes:
        speed: the second fastest of elbows, hands, knees and feet. Real dances stay under 3.5 body heights a second.
        smear: width of the edges of the most smeared hand or foot, in body heights. Looked at one by one, hands under
            .016 are sharp and those from .022 on streaks (arm_swing).
        softness: width of the sharpest edges of the person, in body heights. .005 to .021 in all eight clips; their
            pictures blurred by 1 % of the body's height come to .022 to .039.
        presence: 1 where the person is found.
        full_view: share of head, left and right foot that are seen in the picture, 2/3 just passing: a foot is often
            hidden behind the other.
        height: of the person, in pixels of the video. Clips are stored at 256 px and less.
        camera: motion of the picture's corners, in longer sides per second. Under .03 on tripods, leaves and water in
            the back included.
        change: share of the background that is not as it was a second before. Water and leaves of lakeside_dance
            come to .03, shadows on the wall of arm_swing to .1, slow pans of two cameras to .19 and .3.
        busyness: share of the background that is edges; a matter of taste, so it lowers the score long before it
            refuses, at two thirds.
        company: height of the next largest person beside the main one.
        fps: of the video. arm_swing has 22.4 and can be followed.
        passing: score of the worst measure with which a look is good.
        bridged_seconds: what fails no longer than this does not end a stretch.
        shortest_seconds: what is good no longer than this is left out.
        good_share: of the frames that must lie in good stretches for a clip to be good.
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
    fps: Limit = Limit(24.0, 12.0)
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
