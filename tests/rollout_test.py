"""Rollouts of a random generator against loops written out by hand."""

import functools
from collections.abc import Iterator

import numpy as np
import pytest
import tensorflow as tf

from retarget_tf import conditioning, generator, parsing_labels, rollout
from retarget_tf.config import GeneratorSpec, ModelConfig

SIZE = 32
FRAMES = 6
CONFIG = ModelConfig(image_size=SIZE, filters=2)


@functools.cache
def trained_generator() -> generator.TrainedGenerator:
    """A random generator with weights large enough for its maps to hold several classes."""
    model = generator.build_generator(CONFIG, seed=3)
    model.set_weights([weights * 8 if weights.ndim == 4 else weights for weights in model.get_weights()])
    return generator.TrainedGenerator(
        tf.function(lambda inputs: model(inputs, training=False)), GeneratorSpec(CONFIG, person_height_share=0.8)
    )


def random_clips(batch: int) -> tuple[rollout.Uint8Array, rollout.Uint8Array, rollout.FloatArray]:
    rng = np.random.default_rng(7)
    frames = rng.integers(0, 256, (batch, FRAMES, SIZE, SIZE, 3), np.uint8)
    maps = rng.integers(0, 10, (batch, FRAMES, SIZE, SIZE), np.uint8)
    keypoints = rng.uniform(0, SIZE, (batch, FRAMES, 25, 3)).astype(np.float32)
    keypoints[..., 2] = 1
    return frames, maps, keypoints


def references(batch: int) -> rollout.Reference:
    frames, maps, keypoints = random_clips(batch)
    return rollout.Reference(frames[:, 0], keypoints[:, 0], maps[:, 0])


def one(batch: int, index: int) -> rollout.Reference:
    whole = references(batch)
    pick = slice(index, index + 1)
    return rollout.Reference(whole.frame[pick], whole.keypoints[pick], whole.parsing_map[pick])


def test_free_running_equals_the_manual_loop() -> None:
    frames, _, keypoints = random_clips(1)
    generated = list(rollout.rollout_clip(trained_generator(), references(1), keypoints[0, 1:]))

    picture = conditioning.to_signed(frames[:, 0])
    for t in range(1, FRAMES):
        picture = trained_generator().network({"frame": picture, "keypoints": tf.constant(keypoints[:, t])})[
            "parsing_rgb"
        ]
        expected = conditioning.nearest_class(picture, parsing_labels.PARTS10)[0]
        np.testing.assert_array_equal(generated[t - 1], expected)
    assert len(generated) == FRAMES - 1
    assert len(np.unique(generated[-1])) > 1, "a map of one class would prove nothing"


def test_teacher_forced_equals_frame_by_frame_calls() -> None:
    frames, maps, keypoints = random_clips(1)
    previous = zip(frames[0, :-1], maps[0, :-1], strict=True)
    generated = list(rollout.teacher_forced_clip(trained_generator(), references(1), previous, keypoints[0, 1:]))

    for t in range(1, FRAMES):
        inputs = {"frame": conditioning.to_signed(frames[:, t - 1]), "keypoints": tf.constant(keypoints[:, t])}
        expected = conditioning.nearest_class(
            trained_generator().network(inputs)["parsing_rgb"], parsing_labels.PARTS10
        )
        np.testing.assert_array_equal(generated[t - 1], expected[0])


def test_a_batch_equals_its_clips_one_by_one() -> None:
    _, _, keypoints = random_clips(3)
    batch = rollout.Rollout(trained_generator(), references(3))
    together = np.stack([batch.step(keypoints[:, t]) for t in range(1, FRAMES)], axis=1)
    for clip in range(3):
        alone = list(rollout.rollout_clip(trained_generator(), one(3, clip), keypoints[clip, 1:]))
        np.testing.assert_array_equal(together[clip], alone)


def test_a_stream_gives_each_map_before_the_next_keypoints_are_read() -> None:
    _, _, keypoints = random_clips(1)
    read = 0

    def stream() -> Iterator[rollout.FloatArray]:
        nonlocal read
        for points in keypoints[0, 1:]:
            read += 1
            yield points

    for step, _ in enumerate(rollout.rollout_clip(trained_generator(), references(1), stream()), start=1):
        assert read == step


def test_generated_rgb_is_fed_back_raw() -> None:
    _, _, keypoints = random_clips(1)
    running = rollout.Rollout(trained_generator(), references(1))
    assert running.generated_rgb is None
    running.step(keypoints[:, 1])
    first = running.generated_rgb
    assert first is not None
    assert first.shape == (1, SIZE, SIZE, 3)
    assert np.abs(first).max() <= 1
    second = running.step(keypoints[:, 2])
    outputs = trained_generator().network({"frame": tf.constant(first), "keypoints": tf.constant(keypoints[:, 2])})
    np.testing.assert_array_equal(
        second, conditioning.nearest_class(outputs["parsing_rgb"], parsing_labels.PARTS10).numpy()
    )


def test_wrong_shapes_are_refused() -> None:
    frames, maps, keypoints = random_clips(1)
    with pytest.raises(ValueError, match="frame, keypoints and parsing_map must be"):
        rollout.Reference(frames[:, 0], keypoints[0, 0], maps[:, 0])
    half = rollout.Reference(frames[:, 0, ::2, ::2], keypoints[:, 0], maps[:, 0, ::2, ::2])
    with pytest.raises(ValueError, match="reference must be 32 px"):
        rollout.Rollout(trained_generator(), half)
