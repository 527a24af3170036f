"""What retargeters have in common: prepares inputs, places poses, makes photographic frames, writes videos."""

import abc
import contextlib
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Unpack

from absl import logging

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body.parsing_labels import PARTS10, UNKNOWN, LabelSchema
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.footage.importers import KeypointFile
from retarget_tf.footage.settings import MAIN_SEARCH, PersonSearch
from retarget_tf.networks.config import GeneratorSpec
from retarget_tf.parallel import ahead
from retarget_tf.pictures import video
from retarget_tf.program.progress import Progress, counted
from retarget_tf.retargeting import map_files, target_video, targets
from retarget_tf.retargeting.dance import AUTO, MAP_CHOICES, NO_MAP, PARSE, Show, check_outputs
from retarget_tf.retargeting.frames.options import SOURCE, FrameOptions
from retarget_tf.retargeting.placing import Placing, place_path
from retarget_tf.retargeting.shown import METADATA, Shown
from retarget_tf.retargeting.sources import Source
from retarget_tf.retargeting.targets import Target

if TYPE_CHECKING:  # imports TensorFlow
    from retarget_tf.retargeting.frames.frame_maker import FrameMaker
    from retarget_tf.retargeting.live import LiveFrames


class BaseRetargeter(abc.ABC):
    """Prepares inputs, places poses and writes outputs; subclasses run the generator (`_generate`).

    Args:
        spec: Description of the generator.
    """

    def __init__(self, spec: GeneratorSpec) -> None:
        self._spec = spec

    @property
    def image_size(self) -> int:
        """Side of canvas and maps in pixels."""
        return self._spec.model.image_size

    @property
    def label_schema(self) -> LabelSchema:
        """The classes of the maps."""
        return self._spec.model.schema

    @property
    def takes_reference_map(self) -> bool:
        """Whether the generator uses the target's map; `paper` parses the photo itself."""
        return self._spec.model.takes_reference_map

    def prepare_target(
        self,
        photo: files.PathLike,
        keypoints: Float32Array | KeypointFile | None = None,
        *,
        target_map: files.PathLike = AUTO,
        target_map_schema: str | None = None,
        search: PersonSearch = MAIN_SEARCH,
    ) -> Target:
        """Cuts the square around the person out of a photo and scales it to the canvas.

        Args:
            photo: A JPEG, PNG, WebP, AVIF or HEIC file.
            keypoints: float32 `[25, 3]` in pixels of the upright photo, or a keypoint file, of which the first frame
                is used; None detects them.
            target_map: Parsing map of the photo: a PNG file of class ids as large as the upright photo; `"parse"` runs
                the parser of the `extract` extra; `"none"` leaves the parsing to the network; `"auto"` runs the parser
                if it is installed and has the classes of the model. Photographic frames are made from it whatever the
                model is; `paper` does not look at it for its maps.
            target_map_schema: Label schema of the file; None for the model's own.
            search: Which person is detected, and how exactly.

        Raises:
            InputDataError: The photo or its map cannot be read, or the photo shows nobody.
            MissingDependencyError: The keypoint detector, or the parser for `"parse"`, is needed and not installed.
            ConfigError: The map must be parsed or converted, but the model has other classes than `parts10`.
        """
        if target_map == AUTO and self.label_schema != PARTS10:
            target_map = NO_MAP
        if target_map == PARSE and self.label_schema != PARTS10:
            raise ConfigError(f"target_map=parse needs classes of {PARTS10.name}. Received: {self.label_schema.name}")
        if target_map not in MAP_CHOICES and not self.takes_reference_map:
            logging.info("target: its map is for photographs; the model does not look at it")
        return targets.photo_target(
            *(photo, self.image_size, self._spec.person_height_share, keypoints),
            target_map=target_map,
            map_schema=target_map_schema,
            schema=self.label_schema,
            search=search,
        )

    def prepare_video_target(
        self,
        path: files.PathLike,
        reading: video.ReadOptions = video.AS_IT_IS,
        search: PersonSearch = MAIN_SEARCH,
    ) -> Target:
        """Takes the target from a video: its best frames from all sides, and the background behind them.

        Args:
            path: The video file.
            reading: Resampling and limits of reading it.
            search: Which person is taken, and how exactly joints are found.

        Raises:
            InputDataError: The video cannot be read, or shows nobody.
            MissingDependencyError: The keypoint detector is not installed.
        """
        size, share = self.image_size, self._spec.person_height_share
        target_map = AUTO if self.label_schema == PARTS10 else NO_MAP
        film = target_video.watch(path, reading, search)
        first, *more = (
            targets.picture_target(picture, pose, size, share, target_map=target_map) for picture, pose in film.pictures
        )
        photo = dataclasses.replace(first.photo, plate=film.plate)
        return dataclasses.replace(first, photo=photo, more=tuple(more))

    def warm_up(self) -> None:  # noqa: B027
        """Does in advance what would delay the first map; nothing unless a subclass has something to do."""

    def place(self, target: Target, source_keypoints: Float32Array, **placing: Unpack[Placing]) -> Float32Array:
        """Moves the source's poses onto the target's canvas; see `placing.place_path`."""
        return place_path(target, source_keypoints, **placing)

    def retarget(
        self, target: Target, source_keypoints: Float32Array, **placing: Unpack[Placing]
    ) -> Iterator[Uint8Array]:
        """Yields one map of class ids, uint8 `[size, size]`, for each frame of the source; arguments as in `place`."""
        return self._generate(target, self.place(target, source_keypoints, **placing))

    def frames(
        self,
        target: Target,
        source_keypoints: Float32Array,
        options: FrameOptions | None = None,
        *,
        source: Source | None = None,
        **placing: Unpack[Placing],
    ) -> Iterator[Uint8Array]:
        """Yields a photographic frame for each frame of the source: the target, dancing.

        Args:
            target: From `prepare_target`.
            source_keypoints: As in `place`.
            options: Size and background of the frames; None for the defaults.
            source: The source whose pictures the background `source` shows.
            **placing: As in `place`.

        Yields:
            RGB uint8 `[height, width, 3]` in the framing of the photo, or of the source for the background `source`;
            RGBA for the background `none`.

        Raises:
            ValueError: No frame of the source has a joint, or `source` is missing.
            InputDataError: The background's picture cannot be read, or the person's map has nobody.
        """
        placed = self.place(target, source_keypoints, **placing)
        return self._frame_maker(target, options, source, placed).dance(placed)

    def live_frames(self, target: Target, options: FrameOptions | None = None) -> "LiveFrames":
        """Starts a live stream, whose `step(keypoints, dt)` returns the photograph for each new pose; see `live`.

        Args:
            target: From `prepare_target`.
            options: Size and background of the frames, except for the background `source`; None for the defaults.
        """
        from retarget_tf.retargeting.live import LiveFrames, LivePath

        return LiveFrames(self._frame_maker(target, options, None, target.keypoints[None]), LivePath(target))

    def write_video(
        self,
        target: Target,
        source: Source,
        out: files.PathLike,
        *,
        show: Show = "frames",
        options: FrameOptions | None = None,
        audio: bool = True,
        maps_dir: files.PathLike | None = None,
        show_progress: Progress = False,
        **placing: Unpack[Placing],
    ) -> int:
        """Writes the dance as a video with the times of the source's frames.

        Args:
            target: From `prepare_target`.
            source: From `sources.video_source` or `sources.clip_source`.
            out: File or folder to write, see `video.open_writer`.
            show: What to show: the photographic `frames`; the coloured `maps`; or the `panel` of target, source, pose,
                map and frame side by side.
            options: Size and background of the photographic frames; maps are shown at `height` too, with smooth
                outlines. None for the defaults.
            audio: Takes over the source's sound.
            maps_dir: Folder for the maps of class ids, `000000.png`, `000001.png`, ...; maps of an earlier run in it
                are deleted. None writes no maps.
            show_progress: Draws a progress bar, or the function to tell of the progress.
            **placing: See `Placing`; `source_size` and `source_fps` are by default the source's.

        Returns:
            The number of frames.

        Raises:
            InputDataError: The source cannot be read to its end, or as in `frames`.
            ConfigError: `maps_dir` holds other files than maps, `out` lies in it, cannot be written, or
                cannot hold the background.
        """
        check_outputs(out, maps_dir, show, options)
        video.check_output(out)
        placing.setdefault("source_size", source.picture_size)
        placing.setdefault("source_fps", source.fps)
        placed = self.place(target, source.keypoints, **placing)
        shown = Shown(
            target,
            placed,
            lambda: ahead(self._generate(target, placed)),
            lambda: ahead(self._frame_maker(target, options, source, placed).dance(placed)),
            self.label_schema,
            (options or FrameOptions()).height,
        )
        sound = source.sound if audio else None
        with (
            contextlib.nullcontext()
            if maps_dir is None
            else files.atomic_folder(maps_dir, ours=map_files.maps_in) as folder,
            video.open_writer(out, source.fps, sound=sound, metadata=METADATA) as writer,
        ):
            steps = shown.steps(show, source, with_maps=folder is not None)
            with counted(steps, "retarget", len(placed), show_progress) as counted_steps:
                for index, step in enumerate(counted_steps):
                    writer.write(step.picture, step.seconds, step.duration)
                    if folder is not None:
                        map_files.write_map(folder, index, step.parsing_map)
        return len(placed)

    def _frame_maker(
        self, target: Target, options: FrameOptions | None, source: Source | None, placed: Float32Array
    ) -> "FrameMaker":
        from retarget_tf.retargeting.frames.frame_maker import FrameMaker
        from retarget_tf.retargeting.frames.source_stage import SourceStage

        people = [target, *target.more]
        maps = [self._photo_map(one) for one in people]
        options, stage = options or FrameOptions(), None
        if options.background == SOURCE:
            if source is None:
                raise ValueError("background=source needs the source of the dance. Received: source=None")
            if not target.shows_feet:
                raise InputDataError("photo: shows no feet, which background=source needs. Give one of a whole person.")
            stage = SourceStage(source, placed, self.image_size, options.height)
        return FrameMaker(people, maps, self.label_schema, options, stage)

    def _photo_map(self, target: Target) -> Uint8Array:
        """Returns the photo's own map; if it has none, the one that the network makes of it."""
        if (target.photo.parsing_map == UNKNOWN).all():
            return next(iter(self._generate(target, target.keypoints[None])))
        return target.photo.parsing_map

    @abc.abstractmethod
    def _generate(self, target: Target, placed: Float32Array) -> Iterator[Uint8Array]:
        """Yields a map, uint8 `[size, size]`, for each pose on the canvas, float32 `[frames, 25, 3]`."""
