"""Scores of the places that the mean over whole pictures hides: wide steps, hands, and cloth that should have gone.

    wide_steps_iou  IoU of the lower garment, in frames whose ankles lie clearly farther apart than in the photo
    hands_iou       mean IoU of left and right arm, around the wrists
    stale_cloth     of the clothes drawn between the legs, and between upper arms and trunk, the share that is in truth
                    background or skin; less is better

Steps and places are those of the true keypoints. The frames are those of the headline (see `metrics`).
"""

from collections.abc import Sequence

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body.limb_warp import anatomy
from retarget_tf.body.limb_warp.anatomy import POINT
from retarget_tf.body.parsing_labels import PARTS10, UNKNOWN, LabelSchema
from retarget_tf.evaluation import metrics

NAMES = ("wide_steps_iou", "hands_iou", "stale_cloth")

_WIDER = 0.3  # lengths of a leg by which the ankles of a wide step are farther apart than in the photo
_HAND = 0.1  # radius around a wrist in body units: the hand and two thirds of the forearm
_SEEN = 0.2  # confidence from which a joint counts as seen

_WRISTS = [POINT["left_wrist"], POINT["right_wrist"]]
_LEGS = np.array([[POINT[f"{side}_{joint}"] for joint in ("hip", "knee", "ankle")] for side in ("left", "right")])
_ARMS = np.array([[POINT[f"{side}_{joint}"] for joint in ("shoulder", "elbow", "hip")] for side in ("left", "right")])


class Places:
    """The wide steps of a clip, and where in its frames the other scores are counted."""

    def __init__(self, keypoints: Float32Array, reference: Float32Array) -> None:
        """Finds them.

        Args:
            keypoints: True keypoints of the clip, float32 `[frames, 25, 3]` in pixels.
            reference: Keypoints of the photo, float32 `[25, 3]` in pixels.
        """
        points = np.asarray(anatomy.complete(np.concatenate([reference[None], keypoints]), reference[None, :, :2]))
        photo_step, *steps = _step(points)
        legs_seen = (keypoints[:, _LEGS.ravel(), 2] >= _SEEN).all(axis=1)
        self._is_wide = (np.array(steps) > photo_step + _WIDER) & legs_seen
        self._points = points[1:]
        self._radii = _HAND * np.asarray(anatomy.body_unit(self._points)).ravel()
        self._wrists_seen = keypoints[:, _WRISTS, 2] >= _SEEN

    def masks(self, frame: int, height: int, width: int) -> BoolArray:
        """Returns where each score of a frame is counted, in the order of `NAMES`: `[3, height, width]`."""
        masks = np.zeros((3, height, width), np.uint8)
        masks[0] = self._is_wide[frame]
        points = self._points[frame]
        y, x = np.ogrid[:height, :width]
        for (wrist_x, wrist_y), is_seen in zip(points[_WRISTS], self._wrists_seen[frame], strict=True):
            if is_seen:
                masks[1] |= np.hypot(x + 0.5 - wrist_x, y + 0.5 - wrist_y) <= self._radii[frame]
        left, right = _LEGS
        armpits = points[_ARMS]
        armpits[:, 2] = (armpits[:, 0] + armpits[:, 2]) / 2
        for outline in (points[[*left, *right[::-1]]], *armpits):
            cv2.fillPoly(masks[2], [np.round(outline - 0.5).astype(np.int32)], 1)
        return masks > 0


class PlacesTally:
    """Accumulates the scores of one contender on one clip, up to frame 200."""

    def __init__(self, schema: LabelSchema) -> None:
        self._schema = schema
        self._confusions = np.zeros((3, schema.num_classes, schema.num_classes), np.int64)

    def add(self, real: Uint8Array, generated: Uint8Array, masks: BoolArray) -> None:
        """Adds the true and the generated map `[height, width]` of a frame; for the masks see `Places.masks`."""
        for confusion, mask in zip(self._confusions, masks, strict=True):
            confusion += metrics.confusion_matrix(real[mask], generated[mask], self._schema.num_classes)

    def scores(self) -> dict[str, float]:
        """Returns the scores by name; NaN where the clip has no such place, or nothing is drawn there."""
        steps, hands, openings = self._confusions
        in_one_piece = list(self._schema.in_one_piece)
        lower, clothes = ([*self._ids(ending), *in_one_piece] for ending in ("lower_clothes", "clothes"))
        drawn = openings[:, np.unique(clothes)]
        stale = drawn[[0, *self._ids("face", "arm", "leg")]].sum() / drawn.sum() if drawn.any() else float("nan")
        steps_iou = metrics.mean_iou(metrics.merge_classes(steps, [lower]))
        return dict(zip(NAMES, (steps_iou, metrics.mean_iou(hands, self._ids("arm")), float(stale)), strict=True))

    def _ids(self, *endings: str) -> list[int]:
        """Returns the classes whose name in `parts10` ends so."""
        parts = self._schema.to_parts10
        return [i for i, part in enumerate(parts) if part != UNKNOWN and PARTS10.classes[part].endswith(endings)]


def summarise(tallies: Sequence[PlacesTally]) -> dict[str, float | None]:
    """Returns each score, averaged over the clips that have it; None where none has."""
    scores = [tally.scores() for tally in tallies]
    return {name: metrics.mean_over_clips([of_clip[name] for of_clip in scores]) for name in NAMES}


def _step(points: Float32Array) -> Float32Array:
    """Returns the distance of the ankles in lengths of the longer leg, `[frames]`, of points `[frames, 28, 2]`."""
    legs = points[:, _LEGS]  # [frames, side, joint, 2]
    longest = np.linalg.norm(np.diff(legs, axis=2), axis=-1).sum(axis=2).max(axis=1)
    return np.linalg.norm(legs[:, 0, 2] - legs[:, 1, 2], axis=-1) / np.maximum(longest, 1e-3)
