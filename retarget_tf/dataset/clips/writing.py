"""Writes clip folders."""

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Self

import numpy as np

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.dataset.clips.info import PIECES, SURFACES, ClipInfo, maps_name, parts_of_clip
from retarget_tf.dataset.surfaces import Surface
from retarget_tf.pictures import video


@contextlib.contextmanager
def alone(folder: files.PathLike, *, overwrite: bool = False) -> Iterator[None]:
    """Keeps other processes from making the same clip during the block, which may take long before it writes.

    Raises:
        ConfigError: Another process is making it, or the folder is there and must not be replaced.
    """
    with files.exclusive(folder):
        files.check_writable(folder, ours=parts_of_clip if overwrite else None)
        yield


class ClipWriter:
    """Writes a clip folder frame by frame, as a context manager; the folder appears if the block ends without error.

    With `overwrite` it replaces a folder that is a clip folder and holds nothing else.
    """

    def __init__(self, folder: files.PathLike, info: ClipInfo, *, overwrite: bool = False) -> None:
        self._info = info
        self._atomic = files.atomic_folder(folder, ours=parts_of_clip if overwrite else None)
        self._writers = contextlib.ExitStack()
        self._keypoints: list[Float32Array] = []
        self._pieces: list[Float32Array] = []

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as entered:  # leaves again if this fails, or is stopped by a signal, half way
            self._folder = entered.enter_context(self._atomic)
            open_video = entered.enter_context(self._writers).enter_context
            self._frames = open_video(video.VideoWriter(self._folder / "frames.mkv", self._info.fps, "mjpeg"))
            self._maps = {
                schema: open_video(
                    video.VideoWriter(self._folder / maps_name(schema, self._info), self._info.fps, "ffv1")
                )
                for schema in self._info.label_schemas
            }
            if self._info.surface_version:
                self._surfaces = open_video(video.VideoWriter(self._folder / SURFACES, self._info.fps, "ffv1"))
            entered.pop_all()
        return self

    def write(
        self,
        frame: Uint8Array,
        maps: Mapping[str, Uint8Array] | Uint8Array,
        keypoints: Float32Array,
        surface: Surface | None = None,
    ) -> None:
        """Appends one frame.

        Args:
            frame: RGB uint8 `[size, size, 3]`.
            maps: Class ids, uint8 `[size, size]`; a dict by schema name if the clip has several label schemas.
            keypoints: float32 `[25, 3]`: x, y in pixels and confidence.
            surface: What the frame shows of the surface; given if, and only if, the clip has surface maps.
        """
        size = self._info.image_size
        by_schema = maps if isinstance(maps, Mapping) else {self._info.label_schema: maps}
        if frame.shape != (size, size, 3) or keypoints.shape != (skeleton.NUM_JOINTS, 3):
            raise ValueError(
                f"frame must be [{size}, {size}, 3] and keypoints [25, 3]. "
                f"Received: frame={frame.shape}, keypoints={keypoints.shape}"
            )
        if set(by_schema) != set(self._maps):
            raise ValueError(f"maps must be given for {sorted(self._maps)}. Received: maps={sorted(by_schema)}")
        for schema, parsing_map in by_schema.items():
            if parsing_map.shape != (size, size) or parsing_map.dtype != np.uint8:
                raise ValueError(
                    f"maps must be uint8 [{size}, {size}]. "
                    f"Received: {schema}={parsing_map.dtype} {list(parsing_map.shape)}"
                )
        if (surface is not None) != bool(self._info.surface_version):
            raise ValueError(
                "surface must be given for clips with surface maps, and only for them. "
                f"Received: surface_version={self._info.surface_version}"
            )
        self._frames.write(frame)
        for schema, parsing_map in by_schema.items():
            self._maps[schema].write(parsing_map)
        self._keypoints.append(np.asarray(keypoints, np.float32))
        if surface is not None:
            self._surfaces.write(np.concatenate(np.moveaxis(surface.codes, -1, 0)))
            self._pieces.append(surface.pieces)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._writers.__exit__(kind, error, traceback)
            if kind is None:
                np.save(self._folder / "keypoints.npy", np.stack(self._keypoints))
                if self._pieces:
                    np.save(self._folder / PIECES, np.stack(self._pieces))
                info = dataclasses.replace(self._info, frames=len(self._keypoints))
                files.write_json(self._folder / "clip.json", info.to_json())
        except BaseException as failure:
            self._atomic.__exit__(type(failure), failure, failure.__traceback__)
            raise
        self._atomic.__exit__(kind, error, traceback)
