"""Reads clip folders, and refuses those whose parts contradict each other."""

import dataclasses
import pathlib
import zipfile
from collections.abc import Iterator

import numpy as np

from retarget_tf import files
from retarget_tf.arrays import AnyArray, Float32Array, Uint8Array
from retarget_tf.body import parsing_labels, skeleton
from retarget_tf.dataset.clips.info import PIECES, SURFACES, ClipInfo, maps_name, parse_info
from retarget_tf.dataset.surfaces import Surface
from retarget_tf.errors import InputDataError
from retarget_tf.pictures import video


@dataclasses.dataclass(frozen=True)
class Clip:
    """An open clip folder: its header and keypoints are in memory, frames and maps are decoded as they are read.

    Of one in a store no frames and maps can be read: `files.fetched` brings it to the disk.
    """

    folder: files.Place
    info: ClipInfo
    keypoints: Float32Array

    def read_frames(self) -> Iterator[Uint8Array]:
        """Yields RGB frames uint8 `[size, size, 3]`; raises InputDataError if size or number differ from `info`."""
        path = self._path("frames.mkv")
        return self._counted(path, video.read_frames(path))

    def read_maps(self, label_schema: str | None = None) -> Iterator[Uint8Array]:
        """Yields parsing maps, class ids uint8 `[size, size]`.

        Args:
            label_schema: Which of the clip's label schemas to read; None reads `info.label_schema`.

        Raises:
            InputDataError: There are no such maps, an id is not in the schema, or size or number differ from `info`.
        """
        schema = parsing_labels.get_schema(label_schema or self.info.label_schema)
        path = self._path(maps_name(schema.name, self.info))
        if not path.is_file():
            carried = ", ".join((self.info.label_schema, *self.info.more_label_schemas))
            raise InputDataError(
                f"clip {self.folder}: has no maps of label schema {schema.name} ({path.name}). "
                f"Make the clip again, or choose among {carried}."
            )
        for index, parsing_map in enumerate(self._counted(path, video.read_gray(path))):
            if unknown := schema.unknown_ids(parsing_map):
                raise InputDataError(
                    f"parsing map {path} frame {index}: ids {unknown} are not in label schema {schema.name} "
                    f"(0..{schema.num_classes - 1}, 255 = unknown). "
                    "Write the clip again, or name its schema in clip.json."
                )
            yield parsing_map

    def read_surfaces(self) -> Iterator[Surface]:
        """Yields what each frame shows of the surface.

        Raises:
            InputDataError: There are no surface maps, they cannot be read, or size or number differ from `info`.
        """
        path, file, size = self._path(SURFACES), self._path(PIECES), self.info.image_size
        if not self.info.surface_version:
            raise InputDataError(
                f"clip {self.folder}: has no surface maps. Make the clip again: retarget-make-dancers --surfaces"
            )
        pieces = _load(file, "clip")
        if (
            pieces.dtype != np.float32
            or pieces.ndim != 5
            or (len(pieces), *pieces.shape[2:]) != (self.info.frames, 2, 3, 4)
        ):
            raise InputDataError(
                f"clip {file}: must be float32 [{self.info.frames}, pieces, 2, 3, 4], not {pieces.dtype} "
                f"{list(pieces.shape)}. Make the clip again."
            )
        for planes, of_frame in zip(self._counted(path, video.read_gray(path), 3 * size), pieces, strict=True):
            codes = np.ascontiguousarray(np.moveaxis(planes.reshape(3, size, size), 0, -1))
            yield Surface(codes, of_frame)

    def _path(self, name: str) -> pathlib.Path:
        path = self.folder / name
        if isinstance(path, files.StorePath):
            raise InputDataError(f"clip {self.folder}: lies in a store. Copy it to a local folder.")
        return path

    def _counted(self, path: pathlib.Path, pictures: Iterator[Uint8Array], height: int = 0) -> Iterator[Uint8Array]:
        count, size = 0, self.info.image_size
        height = height or size
        for picture in pictures:
            if picture.shape[:2] != (height, size):
                raise InputDataError(
                    f"clip {path} frame {count}: is {picture.shape[1]}x{picture.shape[0]}, "
                    f"clip.json says {size}x{height}. Make the clip again."
                )
            count += 1
            yield picture
        if count != self.info.frames:
            raise InputDataError(
                f"clip {path}: holds {count} frames, clip.json and keypoints.npy {self.info.frames}. "
                "Make the clip again."
            )


def open_clip(folder: files.PathLike) -> Clip:
    """Opens a clip folder and checks its header and keypoints.

    Raises:
        InputDataError: A part is missing, of another schema version, or the parts contradict each other.
    """
    if files.is_address(folder):
        with files.fetched(folder, ("clip.json", "keypoints.npy")) as local:
            return dataclasses.replace(open_clip(local), folder=files.place(folder))
    path = pathlib.Path(folder)
    info, file = parse_info(path / "clip.json", files.read_json(path / "clip.json", "clip")), path / "keypoints.npy"
    keypoints = _load(file, "keypoints")
    if keypoints.dtype.kind not in "fiu":
        raise InputDataError(f"keypoints {file}: must be numbers, not {keypoints.dtype}. Make the clip again.")
    if keypoints.ndim != 3 or keypoints.shape[1:] != (skeleton.NUM_JOINTS, 3):
        raise InputDataError(
            f"keypoints {file}: must be [frames, 25, 3], not {list(keypoints.shape)}. Make the clip again."
        )
    if len(keypoints) != info.frames:
        raise InputDataError(
            f"keypoints {file}: are of {len(keypoints)} frames, clip.json says {info.frames}. Make the clip again."
        )
    if fault := skeleton.find_fault(keypoints, info.image_size):
        raise InputDataError(f"keypoints {file} frame {fault[0]}: {fault[1]}. Make the clip again.")
    return Clip(path, info, keypoints.astype(np.float32))


def _load(path: pathlib.Path, what: str) -> AnyArray:
    files.check_file(path, what)
    try:
        files.check_arrays(path, what)
        array: AnyArray = np.load(path, allow_pickle=False)
    except InputDataError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        # What NumPy says is left out: of any file that it does not know it advises to unpickle it.
        raise InputDataError(f"{what} {path}: cannot be read: it is cut or damaged. Make the clip again.") from error
    return array


def find_clips(folder: files.PathLike) -> list[Clip]:
    """Opens the clips in the direct subfolders of `folder`, sorted by id.

    Raises:
        InputDataError: The folder is missing, holds no clip, or two clips have the same id.
    """
    root = files.place(folder)
    with files.reading(root, "clips folder"):  # a glob would silently skip folders without read permission
        if not root.is_dir():
            raise InputDataError(f"clips folder {root}: no such folder. Check its name.")
        names = [name for name, state in files.states(root).items() if state is None and not name.startswith(".")]
        folders = [root / name for name in names if isinstance(root, files.StorePath) or (root / name).is_dir()]
        clips = [open_clip(path) for path in folders if "clip.json" in files.states(path)]
    if not clips:
        raise InputDataError(f"clips folder {root}: holds no clip folder. Make some: retarget-make-dancers --help")
    seen: dict[str, files.Place] = {}
    for clip in clips:
        if clip.info.clip_id in seen:
            raise InputDataError(
                f"clip {clip.folder}: has the id of {seen[clip.info.clip_id]}. Rename one in clip.json."
            )
        seen[clip.info.clip_id] = clip.folder
    return sorted(clips, key=lambda clip: clip.info.clip_id)
