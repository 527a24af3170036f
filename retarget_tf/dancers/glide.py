"""Moves smoothly between key values."""

from collections.abc import Callable

import numpy as np

from retarget_tf.arrays import Float64Array

PHRASE_BEATS = 8.0


def minimum_jerk(progress: Float64Array) -> Float64Array:
    """Maps 0..1 to 0..1 with zero speed and acceleration at both ends.

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
    """Draws key values for a dance.

    Args:
        beats: Length of the dance in beats.
        every: Beats between two keys.
        periodic: Whether the keys of the first `PHRASE_BEATS` repeat until the end, instead of new ones being drawn.
        draw: Returns the next key, `[values]`.

    Returns:
        Times `[keys]` in beats and keys `[keys, values]`.
    """
    times = np.arange(0, beats + 2 * every, every)
    if not periodic:
        return times, np.stack([draw() for _ in times])
    phrase = np.stack([draw() for _ in range(int(PHRASE_BEATS / every))])
    return times, phrase[np.arange(len(times)) % len(phrase)]


def glide(time: Float64Array, times: Float64Array, keys: Float64Array, share: float = 1.0) -> Float64Array:
    """Interpolates values `[frames, values]` between keys, with minimum jerk and at rest on each key.

    Args:
        time: Times of the frames `[frames]`, within `times`.
        times: Times of the keys `[keys]`, increasing.
        keys: Values at the keys `[keys, values]`.
        share: Share of the time between two keys that is spent moving; the rest of it the value stays at the next key.
    """
    index = np.clip(np.searchsorted(times, time, side="right") - 1, 0, len(times) - 2)
    progress = (time - times[index]) / ((times[index + 1] - times[index]) * share)
    return keys[index] + (keys[index + 1] - keys[index]) * minimum_jerk(progress)[:, None]
