"""The person of a photo dances: the library behind `retarget`.

    retargeter = Retargeter.load("workdir")
    target = retargeter.prepare_target("photo.jpg")
    for parsing_map in retargeter.retarget(target, source_keypoints):
        ...

Everything streams: what is kept of a source is its keypoints, because the whole path is needed to place it.
"""

import abc
import contextlib
import pathlib
from collections.abc import Iterator
from typing import Self

import numpy as np
from tqdm import tqdm

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import keypoint_filters, pose_transform
from retarget_tf.body.parsing_labels import PARTS10, UNKNOWN, LabelSchema
from retarget_tf.body.pose_transform import Fit
from retarget_tf.errors import ConfigError
from retarget_tf.networks.config import GeneratorSpec
from retarget_tf.networks.generator import TrainedGenerator, load_generator
from retarget_tf.pictures import square_crop, video
from retarget_tf.pictures.panel import Panel
from retarget_tf.retargeting import inputs
from retarget_tf.retargeting.inputs import Source, Target
from retarget_tf.retargeting.live import LivePath, LiveRetargeter
from retarget_tf.retargeting.rollout import Reference, Rollout, rollout_clip

_MAP_NAME = "{:06d}.png"
_MAP_PATTERN = "[0-9]" * 6 + ".png"


class BaseRetargeter(abc.ABC):
    """All that leads from pictures and videos to a generator, wherever that runs.

    Args:
        spec: what the generator was trained for.
    """

    def __init__(self, spec: GeneratorSpec) -> None:
        self._spec = spec

    @property
    def image_size(self) -> int:
        """Side of canvases and maps in pixels."""
        return self._spec.model.image_size

    @property
    def label_schema(self) -> LabelSchema:
        """The classes of the maps."""
        return self._spec.model.schema

    @property
    def takes_reference_map(self) -> bool:
        """Whether the generator looks at the target's map; `paper` parses the photo itself."""
        return self._spec.model.takes_reference_map

    def prepare_target(
        self,
        photo: files.PathLike,
        keypoints: Float32Array | None = None,
        *,
        target_map: files.PathLike = inputs.AUTO,
    ) -> Target:
        """The person of a photo on the canvas.

        Args:
            photo: a JPEG, PNG or WebP file.
            keypoints: float32 `[25, 3]` in pixels of the upright photo; detected where None.
            target_map: a PNG file of class ids in pixels of the upright photo; `"parse"` for the parser of the
                `extract` extra; `"none"` leaves it to the network; `"auto"` parses where the generator looks at the
                map and the parser is installed.

        Raises:
            InputDataError: the photo or its map cannot be read, or nobody is in it.
            MissingDependencyError: keypoints must be detected and the detector is not installed, or no parser for
                `"parse"`.
            ConfigError: a map is given or to be parsed, and the generator does not look at it or has other classes.
        """
        is_usable = self.takes_reference_map and self.label_schema == PARTS10
        if target_map == inputs.AUTO and not is_usable:
            target_map = inputs.NO_MAP
        if target_map == inputs.PARSE and self.label_schema != PARTS10:
            raise ConfigError(f"target_map=parse needs classes of {PARTS10.name}. Received: {self.label_schema.name}")
        if target_map != inputs.NO_MAP and not self.takes_reference_map:
            raise ConfigError(f"target_map needs a model that looks at it. Received: target_map={target_map}")
        share = self._spec.person_height_share
        return inputs.photo_target(
            photo, self.image_size, share, keypoints, target_map=target_map, schema=self.label_schema
        )

    def place(
        self,
        target: Target,
        source_keypoints: Float32Array,
        *,
        fit: Fit = "limbs",
        clean: bool = True,
        source_size: tuple[int, int] | None = None,
    ) -> Float32Array:
        """The source's path on the target's canvas: float32 `[frames, 25, 3]`.

        Args:
            target: from `prepare_target`.
            source_keypoints: float32 `[frames, 25, 3]` in pixels of the source. A frame without anybody repeats the
                pose before it.
            fit: see `pose_transform.fit_path`.
            clean: whether `keypoint_filters.clean_keypoints` mends the source first.
            source_size: width and height of the source's pictures; only `fit="none"` asks for it. Without it the
                keypoints are taken as lying on the canvas.

        Raises:
            ValueError: no frame has a joint.
        """
        size = self.image_size
        if clean:
            source_keypoints = keypoint_filters.clean_keypoints(source_keypoints)
        transform = pose_transform.fit_path(
            fit, source_keypoints, target.known_keypoints, size, source_size or (size, size)
        )
        return transform.apply(pose_transform.hold_pose(source_keypoints))

    def retarget(
        self,
        target: Target,
        source_keypoints: Float32Array,
        *,
        fit: Fit = "limbs",
        clean: bool = True,
        source_size: tuple[int, int] | None = None,
    ) -> Iterator[Uint8Array]:
        """Yields one map of class ids, uint8 `[size, size]`, for each frame of the source; arguments as in `place`."""
        placed = self.place(target, source_keypoints, fit=fit, clean=clean, source_size=source_size)
        return self._generate(target, placed)

    def write_panel(
        self,
        target: Target,
        source: Source,
        out: files.PathLike,
        *,
        fit: Fit = "limbs",
        clean: bool = True,
        maps_dir: files.PathLike | None = None,
        show_progress: bool = False,
    ) -> int:
        """Writes the side-by-side video (target, source, pose, retargeted map), and the maps as PNG files of ids.

        Args:
            target: from `prepare_target`.
            source: from `inputs.video_source` or `clip_source`.
            out: the video, H.264.
            fit: see `pose_transform.fit_path`.
            clean: see `place`.
            maps_dir: a folder for `000000.png`, `000001.png`, ...; maps of an earlier run in it are replaced.
            show_progress: draws a progress bar.

        Returns:
            The number of frames.

        Raises:
            InputDataError: the source cannot be read to its end.
            ConfigError: `maps_dir` holds other things than maps, or `out` would be among them.
        """
        if maps_dir is not None and pathlib.Path(maps_dir).resolve() in pathlib.Path(out).resolve().parents:
            raise ConfigError(f"out must lie outside of maps_dir. Received: out={out}, maps_dir={maps_dir}")
        placed = self.place(target, source.keypoints, fit=fit, clean=clean, source_size=source.picture_size)
        panel = Panel(target.shown, source.picture_size, self.image_size, self.label_schema)
        steps = zip(source.frames(), placed, self._generate(target, placed), strict=True)
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(files.atomic_folder(maps_dir, ours=_maps_in)) if maps_dir is not None else None
            writer = stack.enter_context(video.VideoWriter(out, source.fps))
            progress = tqdm(steps, "retarget", total=len(placed), unit="frame", disable=not show_progress)
            for index, (frame, keypoints, parsing_map) in enumerate(progress):
                writer.write(panel.compose(frame, keypoints, parsing_map))
                if folder is not None:
                    (folder / _MAP_NAME.format(index)).write_bytes(square_crop.png(parsing_map))
        return len(placed)

    def retarget_video(self, photo: files.PathLike, video_path: files.PathLike, out: files.PathLike) -> int:
        """From two files to the panel, with the defaults of everything: returns the number of frames."""
        return self.write_panel(self.prepare_target(photo), inputs.video_source(video_path), out)

    @abc.abstractmethod
    def _generate(self, target: Target, placed: Float32Array) -> Iterator[Uint8Array]:
        """Yields the map for each pose of a path on the canvas."""

    def _reference(self, target: Target) -> Reference:
        known_map = target.parsing_map if self.takes_reference_map else np.full_like(target.parsing_map, UNKNOWN)
        return Reference(target.canvas[None], target.keypoints[None], known_map[None])


class Retargeter(BaseRetargeter):
    """A trained generator in this process."""

    def __init__(self, trained: TrainedGenerator) -> None:
        super().__init__(trained.spec)
        self._trained = trained

    @classmethod
    def load(cls, path: files.PathLike) -> Self:
        """Reads a workdir, a `.keras` file with its json, a SavedModel folder, or a pretrained model by name.

        See `generator.load_generator`.
        """
        return cls(load_generator(path))

    def live(self, target: Target) -> LiveRetargeter:
        """Begins a stream: `step(keypoints, dt)` gives the map for each pose as it comes, see `live`."""
        rollout = Rollout(self._trained, self._reference(target))
        return LiveRetargeter(rollout, LivePath(target.known_keypoints, self.image_size))

    def _generate(self, target: Target, placed: Float32Array) -> Iterator[Uint8Array]:
        return rollout_clip(self._trained, self._reference(target), placed)


def _maps_in(folder: pathlib.Path) -> set[str]:
    """Names the maps in a folder: numbered PNG files in 8-bit gray, which a numbered frame of a video is not."""
    return {path.name for path in folder.glob(_MAP_PATTERN) if path.is_file() and _is_gray(path)}


def _is_gray(path: pathlib.Path) -> bool:
    with path.open("rb") as file:
        return file.read(26)[24:] == b"\x08\x00"  # bit depth and colour type of a PNG's header
