"""Moving between key values without a jerk."""

from collections.abc import Callable

import numpy as np

from retarget_tf.arrays import Float64Array

PHRASE_BEATS = 8.0


def minimum_jerk(progress: Float64Array) -> Float64Array:
    """Maps 0..1 to 0..1 with speed and acceleration zero at both ends.

    Source: Flash and Hogan 1985, "The coordination of arm movements".
    """
    u = np.clip(progress, 0, 1)
    return u**3 * (10 - 15 * u + 6 * u**2)


def bump(progress: Float64Array) -> Float64Array:
    """Rises from 0 to 1 and falls back to 0 while `progress` goes from 0 to 1; flat at both ends."""
    u = np.clip(progress, 0, 1)
    return 16 * u**2 * (1 - u) ** 2


def draw_keys(
    beats: float, every: float, periodic: bool, draw: Callable[[], Float64Array]
) -> tuple[Float64Array, Float64Array]:
    """Key values for a dance: a new one every few beats, or one phrase of them again and again.

    Args:
        beats: length of the dance.
        every: beats from key to key.
        periodic: whether the keys repeat with each phrase.
        draw: gives the next key, `[values]`.

    Returns:
        times `[keys]` in beats and keys `[keys, values]`.
    """
    times = np.arange(0, beats + 2 * every, every)
    if not periodic:
        return times, np.stack([draw() for _ in times])
    phrase = np.stack([draw() for _ in range(int(PHRASE_BEATS / every))])
    return times, phrase[np.arange(len(times)) % len(phrase)]


def glide(time: Float64Array, times: Float64Array, keys: Float64Array, share: float = 1.0) -> Float64Array:
    """Values `[frames, values]` at `time` `[frames]`: from key to key, resting on each.

    Args:
        time: of every frame, within `times`.
        times: of the keys, increasing.
        keys: `[keys, values]`.
        share: part of the way from key to key that is spent moving.
    """
    index = np.clip(np.searchsorted(times, time, side="right") - 1, 0, len(times) - 2)
    progress = (time - times[index]) / ((times[index + 1] - times[index]) * share)
    return keys[index] + (keys[index + 1] - keys[index]) * minimum_jerk(progress)[:, None]
