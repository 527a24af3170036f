"""Runs a human parser from a SavedModel folder, a `.tflite` or an `.onnx` file instead of the built-in one.

The network gets the same close square around the person as the built-in segmenter. Its first input defines size, dtype
and layout (`[batch, height, width, 3]` or `[batch, 3, height, width]`). Its output must be class ids, or one value per
class along the last or the second axis. TensorFlow and onnxruntime are imported only when such a file is opened.
"""

import pathlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, Self

import cv2
import numpy as np
import numpy.typing as npt

from retarget_tf import files
from retarget_tf.arrays import AnyArray, Uint8Array
from retarget_tf.body.parsing_labels import LabelSchema
from retarget_tf.errors import ConfigError, InputDataError, MissingDependencyError
from retarget_tf.footage.extraction import cropping
from retarget_tf.footage.extraction.parser import ParsedImage, PosedImage, inside_picture
from retarget_tf.footage.extraction.views import parsed_upright
from retarget_tf.footage.settings import SCALINGS
from retarget_tf.pictures.square_crop import SquareCrop

_FREE_SIZE = 512  # side in pixels used for inputs that accept any size
_MEAN, _STD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)


class _Network(NamedTuple):
    """Loaded model: `run` maps its input, of `shape` (None for free lengths) and `dtype`, to all its outputs."""

    run: Callable[[AnyArray], Sequence[AnyArray]]
    shape: tuple[int | None, ...]
    dtype: npt.DTypeLike


class ExternalParser:
    """Parses pictures of one person with a network from a file; has the same methods as `PartsParser`.

    Args:
        path: Path of the SavedModel folder, `.tflite` or `.onnx` file.
        schema: Label schema of the network's classes.
        scaling: Range of the network's input: `imagenet` subtracts ImageNet's mean and divides by its standard
            deviation (`imagenet_bgr` in the order BGR), `unit` is 0..1, `symmetric` is -1..1 and `bytes` is 0..255.
            Integer inputs always get `bytes`.

    Raises:
        InputDataError: The file is missing, cannot be loaded, or has another kind of input.
        MissingDependencyError: onnxruntime is not installed; names the command that installs it.
    """

    def __init__(self, path: files.PathLike, schema: LabelSchema, scaling: str = "imagenet") -> None:
        if scaling not in SCALINGS:
            raise ConfigError(f"scaling must be one of {SCALINGS}. Received: scaling={scaling}")
        self.schema = schema
        self._path = path
        self._network = _load(pathlib.Path(path))
        shape = self._network.shape
        if len(shape) != 4 or 3 not in (shape[1], shape[3]):
            raise InputDataError(
                f"parser {path}: its input must be [batch, height, width, 3] or [batch, 3, height, width], "
                f"not {list(shape)}. Give another parser, or change its input."
            )
        self._channels_first = shape[3] != 3
        height, width = shape[2:] if self._channels_first else shape[1:3]
        self._height, self._width = height or _FREE_SIZE, width or _FREE_SIZE
        self._scaling = "bytes" if np.issubdtype(self._network.dtype, np.integer) else scaling

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Does nothing, since the network needs no closing."""

    def view_of(self, posed: PosedImage) -> PosedImage | None:
        """Returns None, since this parser takes no vote."""

    def vote(self, views: Iterable[PosedImage]) -> None:
        """Does nothing, since the network itself distinguishes clothes and skin."""

    def parse_frames(
        self, frames: Iterable[PosedImage], crop: SquareCrop, size: int, clothes: object = None
    ) -> Iterator[ParsedImage]:
        """Yields each cropped frame and its map as `PartsParser.parse_frames` does, in ids of `schema`."""
        for image, keypoints in frames:
            height, width = image.shape[:2]
            view = cropping.person_view(keypoints, width, height)
            parsing_map = np.zeros((size, size), np.uint8)
            if view is not None:
                side = max(self._height, self._width)
                ids = parsed_upright(self.ids, view.apply(image, side), keypoints)
                parsing_map = crop.relative_to(view, side).apply_map_on_background(ids, size)
                parsing_map *= inside_picture(image, crop, size)
            yield ParsedImage(crop.apply(image, size), parsing_map)

    def ids(self, view: Uint8Array) -> Uint8Array:
        """Returns class ids uint8 `[side, side]` of a square picture RGB uint8 `[side, side, 3]`.

        Raises:
            InputDataError: The network's output is not a map of the schema's classes.
        """
        batch = _scaled(cv2.resize(view, (self._width, self._height), interpolation=cv2.INTER_AREA), self._scaling)
        batch = np.ascontiguousarray(np.moveaxis(batch, -1, 0) if self._channels_first else batch)
        outputs = self._network.run(batch[None].astype(self._network.dtype))
        found = next((ids for output in outputs if (ids := self._ids_of(output)) is not None), None)
        if found is None:
            shapes = ", ".join(str(list(output.shape)) for output in outputs)
            raise InputDataError(
                f"parser {self._path}: its output must be a map of ids or of {self.schema.num_classes} values a pixel "
                f"({self.schema.name}), not {shapes}. Check --parser_schema."
            )
        if found.min() < 0 or found.max() >= self.schema.num_classes:
            raise InputDataError(
                f"parser {self._path}: gives id {int(found.max())}, {self.schema.name} has 0.."
                f"{self.schema.num_classes - 1}. Check --parser_schema."
            )
        return cv2.resize(found.astype(np.uint8), view.shape[:2], interpolation=cv2.INTER_NEAREST)

    def _ids_of(self, output: AnyArray) -> AnyArray | None:
        """Returns the ids `[height, width]` of one output, or None if it has another shape."""
        classes = self.schema.num_classes
        if output.ndim == 4 and output.shape[0] == 1:
            if output.shape[3] == classes:
                return output[0].argmax(axis=-1)
            if output.shape[1] == classes:
                return output[0].argmax(axis=0)
            output = output[..., 0] if output.shape[3] == 1 else output[:, 0] if output.shape[1] == 1 else output
        return output[0] if output.ndim == 3 and output.shape[0] == 1 else None


def _scaled(picture: Uint8Array, scaling: str) -> AnyArray:
    if scaling == "bytes":
        return picture
    unit = picture.astype(np.float32) / 255
    if scaling == "unit":
        return unit
    if scaling == "symmetric":
        return unit * 2 - 1
    normal = (unit - _MEAN) / _STD
    return normal[..., ::-1] if scaling == "imagenet_bgr" else normal


def _load(path: pathlib.Path) -> _Network:
    if not path.exists():
        raise InputDataError(f"parser {path}: no such file or folder. Check --parser.")
    load = {".tflite": _load_tflite, ".onnx": _load_onnx}.get(path.suffix.lower())
    if load is None and not path.is_dir():
        raise InputDataError(f"parser {path}: of no known kind. Give a SavedModel folder, a .tflite or an .onnx file.")
    for file in (path,) if path.is_file() else (*path.glob("saved_model.pb"), *path.glob("variables/*")):
        files.check_file(file, "parser")
    try:
        return (load or _load_saved_model)(path)
    except (MissingDependencyError, InputDataError):
        raise
    except Exception as error:  # each runtime has its own errors for a damaged file
        raise InputDataError(f"parser {path}: cannot be loaded ({error}). Restore or convert it again.") from error


def _load_saved_model(path: pathlib.Path) -> _Network:
    import tensorflow as tf

    function = tf.saved_model.load(str(path)).signatures["serving_default"]
    [(name, spec)] = function.structured_input_signature[1].items()

    def run(batch: AnyArray) -> list[AnyArray]:
        return [output.numpy() for output in function(**{name: tf.constant(batch)}).values()]

    return _Network(run, tuple(spec.shape), spec.dtype.as_numpy_dtype)


def _load_tflite(path: pathlib.Path) -> _Network:
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(str(path))
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]

    def run(batch: AnyArray) -> list[AnyArray]:
        interpreter.set_tensor(given["index"], batch)
        interpreter.invoke()
        return [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]

    return _Network(run, tuple(int(length) for length in given["shape"]), given["dtype"])


def _load_onnx(path: pathlib.Path) -> _Network:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingDependencyError(
            f"package onnxruntime: cannot be imported ({error}). Install it: pip install 'retarget_tf[onnx]'"
        ) from error
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    shape = tuple(length if isinstance(length, int) else None for length in given.shape)
    dtype = np.uint8 if given.type == "tensor(uint8)" else np.float32
    return _Network(lambda batch: session.run(None, {given.name: batch}), shape, dtype)
