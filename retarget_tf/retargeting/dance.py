"""The task of the program `retarget`: its input and output files, checked before TensorFlow is imported.

dance = Dance(out="panel.mp4", target_photo="me.jpg", source_video="dance.mp4")
frames = Retargeter.load("stable_128").write_dance(dance)
"""

import dataclasses
import pathlib

from retarget_tf import files
from retarget_tf.body.pose_transform import Fit
from retarget_tf.errors import ConfigError

MAP_CHOICES = AUTO, PARSE, NO_MAP = "auto", "parse", "none"  # values of target_map that are not file names


@dataclasses.dataclass(frozen=True)
class Dance:
    """Files and options of one retargeting: the target is the person to generate, the source the performer to imitate.

    Attributes:
        out: Panel video to write, `.mp4`.
        maps_dir: Folder to write the generated maps into as PNG files of class ids; None writes no maps.
        target_photo: Photo of the target.
        target_clip: Clip folder whose first frame is used instead of a photo.
        target_keypoints: Keypoint file of the photo; None detects the keypoints.
        target_map: Parsing map of the photo: a PNG file of class ids, or `auto`, `parse` or `none`, see
            `BaseRetargeter.prepare_target`. With a clip, `auto` uses the clip's map and `none` ignores it.
        source_video: Video of the source.
        source_clip: Clip folder used instead of a video.
        source_keypoints: Keypoint file of the video with one entry per frame; None detects the keypoints.
        units: Unit of the keypoint files: `pixels`, `shares` of the picture's width and height, or `auto`.
        fit: How the source's poses are placed on the target's canvas, see `pose_transform.fit_path`.
        clean: Repairs the source's keypoints first, see `keypoint_filters.clean_keypoints`.
        max_frames: Stops after this many frames; None uses the whole source.
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
    """Raises ConfigError if the panel is `maps_dir` or lies in it: that folder may hold nothing but maps."""
    panel = pathlib.Path(out).resolve()
    if maps_dir is not None and pathlib.Path(maps_dir).resolve() in (panel, *panel.parents):
        raise ConfigError(f"out must lie outside of maps_dir. Received: out={out}, maps_dir={maps_dir}")
