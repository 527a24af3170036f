"""Draws figures: samples of a training, the paper's Figure 5, and rollouts below the truth.

All pictures are RGB uint8 `[height, width, 3]`.
"""

import dataclasses
from collections.abc import Sequence

from retarget_tf.arrays import Float32Array, Tensor, Uint8Array
from retarget_tf.body import pose_map
from retarget_tf.body.parsing_labels import LabelSchema
from retarget_tf.networks import encoding
from retarget_tf.pictures import drawing


@dataclasses.dataclass(frozen=True)
class Shot:
    """One moment of a rollout.

    Attributes:
        t: Number of the frame; 0 is the reference.
        frame: True frame, RGB uint8 `[size, size, 3]`.
        keypoints: Keypoints that the map was generated for, float32 `[25, 3]` in pixels.
        real_map: True class ids, uint8 `[size, size]`.
        generated_map: Generated class ids, uint8 `[size, size]`; None for the reference.
    """

    t: int
    frame: Uint8Array
    keypoints: Float32Array
    real_map: Uint8Array
    generated_map: Uint8Array | None = None


@dataclasses.dataclass(frozen=True)
class Strip:
    """Moments of one clip's rollout in temporal order.

    Attributes:
        title: Title above the clip.
        reference: The frame that the rollout started from.
        shots: The moments to draw.
    """

    title: str
    reference: Shot
    shots: tuple[Shot, ...]


def training_panel(
    frame: Tensor, keypoints: Tensor, generated: Tensor, real: Tensor, frame_title: str = "frame t"
) -> Uint8Array:
    """Draws frame, stick figure, generated map and true map of each sample as a row.

    Args:
        frame: float32 `[batch, size, size, 3]` in [-1, 1].
        keypoints: float32 `[batch, 25, 3]` in pixels.
        generated: Generated maps in colours, float32 `[batch, size, size, 3]` in [-1, 1].
        real: True maps, likewise.
        frame_title: Title above the frames.
    """
    stick = pose_map.draw_stick_figure(keypoints, frame.shape[1])
    columns = [encoding.to_pixels(pictures).numpy() for pictures in (frame, stick, generated, real)]
    return drawing.grid(list(zip(*columns, strict=True)), [frame_title, "pose t+1", "generated t+1", "truth t+1"])


def retargeting_panel(strips: Sequence[Strip], schema: LabelSchema) -> Uint8Array:
    """Draws the paper's Figure 5: a row for each clip's last shot of true frame, pose, generated map and true map."""
    rows = [_pictures(strip.shots[-1], schema) for strip in strips]
    titles = [f"{strip.title}, t = {strip.shots[-1].t}" for strip in strips]
    cells = [[row["frame"], row["pose"], row["generated"], row["truth"]] for row in rows]
    panel = drawing.grid(cells, ["true frame", "pose", "generated map", "true map"], titles)
    return drawing.stack([panel, _legend(schema, panel.shape[1])])


def rollout_figure(strips: Sequence[Strip], schema: LabelSchema) -> Uint8Array:
    """Draws pose, truth and generated maps of each clip over time, with the reference photo to the left."""
    blocks = [_strip_block(strip, schema) for strip in strips]
    width = max(block.shape[1] for block in blocks)
    return drawing.stack([*blocks, _legend(schema, width)])


def _strip_block(strip: Strip, schema: LabelSchema) -> Uint8Array:
    reference = _pictures(strip.reference, schema)
    moments = [_pictures(shot, schema) for shot in strip.shots]
    rows = [
        [reference["pose"], *(moment["pose"] for moment in moments)],
        [reference["truth"], *(moment["truth"] for moment in moments)],
        [reference["frame"], *(moment["generated"] for moment in moments)],
    ]
    columns = ["t = 0, the photo", *(f"t = {shot.t}" for shot in strip.shots)]
    block = drawing.grid(rows, columns, side_titles=["pose", "truth", "generated"])
    return drawing.titled(strip.title, block)


def _pictures(shot: Shot, schema: LabelSchema) -> dict[str, Uint8Array | None]:
    stick = pose_map.draw_stick_figure(shot.keypoints[None], len(shot.real_map))[0]
    return {
        "frame": shot.frame,
        "pose": encoding.to_pixels(stick).numpy(),
        "generated": None if shot.generated_map is None else schema.colour(shot.generated_map),
        "truth": schema.colour(shot.real_map),
    }


def _legend(schema: LabelSchema, width: int) -> Uint8Array:
    return drawing.legend(zip(schema.classes, schema.palette, strict=True), width)
