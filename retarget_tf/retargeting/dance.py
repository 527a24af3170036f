"""One dance as the files that it is made of: what the program `retarget` is asked for. Imports no TensorFlow.

dance = Dance(out="panel.mp4", target_photo="me.jpg", source_video="dance.mp4")
frames = Retargeter.load("stable_128").write_dance(dance)
"""

import dataclasses
import pathlib

from retarget_tf import files
from retarget_tf.body.pose_transform import Fit
from retarget_tf.errors import ConfigError

MAP_CHOICES = AUTO, PARSE, NO_MAP = "auto", "parse", "none"  # what a target's map can be beside a file's name


@dataclasses.dataclass(frozen=True)
class Dance:
    """Whose picture, whose motion, and where the panel goes.

    Attributes:
        out: file of the panel video, `.mp4`.
        maps_dir: folder for the maps as PNG files of class ids; none are written where None.
        target_photo: photo of the person who is to dance.
        target_clip: clip folder whose first frame takes the photo's place.
        target_keypoints: keypoint file of the photo; they are detected where None.
        target_map: map of the photo: a PNG of class ids, or `auto`, `parse` or `none`, see
            `BaseRetargeter.prepare_target`. A clip's own map is used with `auto` and left out with `none`.
        source_video: video of the performer.
        source_clip: clip folder that takes the video's place.
        source_keypoints: keypoint file of the video, one entry a frame; they are detected where None.
        units: what the numbers of the keypoint files are: `pixels`, `shares` of width and height, or `auto`.
        fit: how the path is placed, see `pose_transform.fit_path`.
        clean: whether the source's keypoints are mended first.
        max_frames: number of frames after which the dance stops; None goes on to the source's end.
    """

    out: str
    maps_dir: str | None = None
    target_photo: str | None = None
    target_clip: str | None = None
    target_keypoints: str | None = None
    target_map: str = AUTO
    source_video: str | None = None
    source_clip: str | None = None
    source_keypoints: str | None = None
    units: str = "auto"
    fit: Fit = "limbs"
    clean: bool = True
    max_frames: int | None = None

    def __post_init__(self) -> None:
        for first, second in (("target_photo", "target_clip"), ("source_video", "source_clip")):
            given = [name for name in (first, second) if getattr(self, name)]
            if len(given) != 1:
                raise ConfigError(f"give one of --{first} and --{second}. Received: {' and '.join(given) or 'neither'}")
        if (self.target_clip and self.target_keypoints) or (self.source_clip and self.source_keypoints):
            raise ConfigError("a clip folder has its keypoints with it: give no keypoint file. Received: both")
        if self.target_clip and self.target_map not in (AUTO, NO_MAP):
            raise ConfigError(f"target_map must be auto or none with a clip. Received: target_map={self.target_map}")
        if not self.out.endswith(".mp4"):
            raise ConfigError(f"out must end with .mp4. Received: out={self.out}")
        check_outputs(self.out, self.maps_dir)
        self._refuse_replacing_inputs()

    def _refuse_replacing_inputs(self) -> None:
        given = [self.target_photo, self.target_clip, self.target_keypoints, self.source_video, self.source_clip]
        given += [self.source_keypoints, None if self.target_map in MAP_CHOICES else self.target_map]
        files.refuse_replacing(self.out, *given)
        if self.maps_dir:
            files.refuse_replacing(self.maps_dir, *given)


def check_outputs(out: files.PathLike, maps_dir: files.PathLike | None) -> None:
    """Refuses with a ConfigError a panel that is or lies in the folder of the maps, which holds nothing but maps."""
    panel = pathlib.Path(out).resolve()
    if maps_dir is not None and pathlib.Path(maps_dir).resolve() in (panel, *panel.parents):
        raise ConfigError(f"out must lie outside of maps_dir. Received: out={out}, maps_dir={maps_dir}")
