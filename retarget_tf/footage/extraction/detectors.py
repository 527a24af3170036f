"""Wraps MediaPipe's models as context managers: two pose landmarkers and a multiclass person segmenter.

MediaPipe is imported only when one of them is opened.
"""

import io
import zipfile
from typing import Any, Self

import numpy as np

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body.keypoint_formats import from_mediapipe33
from retarget_tf.errors import MissingDependencyError
from retarget_tf.footage.extraction import late_imports, models, tflite_metadata

# Channels of `Segmenter.segment`, as the model card of selfie_multiclass_256x256 lists them.
BACKGROUND, HAIR, BODY_SKIN, FACE_SKIN, CLOTHES, OTHERS = range(6)
NUM_CHANNELS = 6
SEGMENTER_SIZE = 256  # side of the segmenter's input in pixels
# MediaPipe smooths a single person's joints over time, so that they lag behind fast motion. Its filter goes by the time
# that has passed: if it is told that seconds pass in the place of frames, it follows a person without smoothing.
_TIME_FACTOR = 30
_LANDMARKS = "pose_landmarks_detector.tflite"  # the model of landmarks within a pose task, which is a zip archive


class PoseDetector:
    """Finds the BODY_25 keypoints of one or several people in a picture.

    Args:
        video: Treats the pictures as consecutive frames and tracks the person instead of searching every picture anew,
            which is faster and steadier.
        max_people: Largest number of people to find.
        models_folder: Folder of the model file; None for `models.default_folder()`.
        exact: Uses MediaPipe's heavy model in the place of its full one: joints are nearer to the truth, and a person
            takes three times as long.

    Raises:
        MissingDependencyError: mediapipe or the model file is not installed; names the command that installs it.
    """

    def __init__(
        self,
        *,
        video: bool = False,
        max_people: int = 1,
        models_folder: files.PathLike | None = None,
        exact: bool = False,
    ) -> None:
        task = _exact_task(models_folder) if exact else models.find(models.POSE_LANDMARKER, models_folder).read_bytes()
        vision, base_options = _mediapipe_vision()
        options = base_options(model_asset_buffer=task)
        self._video = video
        mode = vision.RunningMode.VIDEO if video else vision.RunningMode.IMAGE
        self._landmarker = vision.PoseLandmarker.create_from_options(
            vision.PoseLandmarkerOptions(base_options=options, running_mode=mode, num_poses=max_people)
        )

    def detect(self, image: Uint8Array, seconds: float = 0.0) -> Float32Array | None:
        """Returns the first person of `detect_all`, or None if nobody is found."""
        return next(iter(self.detect_all(image, seconds)), None)

    def detect_all(self, image: Uint8Array, seconds: float = 0.0) -> list[Float32Array]:
        """Finds the keypoints of all people.

        Args:
            image: RGB uint8 `[height, width, 3]`.
            seconds: Time of the frame in its video, which must increase from call to call; unused for single pictures.

        Returns:
            float32 `[25, 3]` for each person: x, y in pixels and confidence. Joints of low confidence or outside of the
            image are included; `skeleton.drop_unseen` removes them.
        """
        picture = _mediapipe_image(image)
        if self._video:
            result = self._landmarker.detect_for_video(picture, round(seconds * 1000 * _TIME_FACTOR))
        else:
            result = self._landmarker.detect(picture)
        height, width = image.shape[:2]
        everybody = [[(p.x * width, p.y * height, p.visibility) for p in points] for points in result.pose_landmarks]
        return [from_mediapipe33(points) for points in everybody]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._landmarker.close()


class Segmenter:
    """Segments a picture of a person into background, hair, skin of body and face, clothes and other things.

    Args:
        models_folder: Folder of the model file; None for `models.default_folder()`.

    Raises:
        MissingDependencyError: mediapipe or the model file is not installed; names the command that installs it.
    """

    def __init__(self, *, models_folder: files.PathLike | None = None) -> None:
        path = models.find(models.MULTICLASS_SEGMENTER, models_folder)
        vision, base_options = _mediapipe_vision()
        options = base_options(model_asset_path=str(path))
        self._segmenter = vision.ImageSegmenter.create_from_options(
            vision.ImageSegmenterOptions(base_options=options, output_confidence_masks=True, output_category_mask=False)
        )

    def segment(self, image: Uint8Array) -> Float32Array:
        """Returns confidences float32 `[256, 256, 6]`, which sum to 1, of a picture RGB uint8 `[256, 256, 3]`."""
        if image.shape != (SEGMENTER_SIZE, SEGMENTER_SIZE, 3):
            raise ValueError(f"image must be [{SEGMENTER_SIZE}, {SEGMENTER_SIZE}, 3]. Received: shape={image.shape}")
        result = self._segmenter.segment(_mediapipe_image(image))
        return np.concatenate([np.atleast_3d(mask.numpy_view()) for mask in result.confidence_masks], axis=-1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._segmenter.close()


def _exact_task(folder: files.PathLike | None) -> bytes:
    """Returns MediaPipe's pose task with the heavy model of landmarks in the place of its own."""
    heavy = models.find(models.EXACT_POSE_LANDMARKS, folder).read_bytes()
    task = io.BytesIO()
    with zipfile.ZipFile(models.find(models.POSE_LANDMARKER, folder)) as usual, zipfile.ZipFile(task, "w") as made:
        for name in usual.namelist():
            content = usual.read(name)
            made.writestr(name, tflite_metadata.graft(heavy, content) if name == _LANDMARKS else content)
    return task.getvalue()


def _mediapipe_vision() -> tuple[Any, Any]:
    late_imports.keep_tensorflow_out()
    try:
        with late_imports.pyplot_when_used():
            from mediapipe.tasks.python import BaseOptions, vision
    except ImportError as error:
        raise MissingDependencyError(
            f"package mediapipe: cannot be imported ({error}). Install it: pip install 'retarget_tf[extract]'"
        ) from error
    return vision, BaseOptions


def _mediapipe_image(image: Uint8Array) -> Any:
    import mediapipe

    return mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(image))
