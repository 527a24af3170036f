"""The task of the program `retarget`: its input and output files, checked before TensorFlow is imported.

dance = Dance(out="me_dancing.mp4", target_photo="me.jpg", source_video="dance.mp4")
frames = write_dance(Retargeter.load("stable_128"), dance)
"""

import dataclasses
import pathlib
from typing import Literal

from retarget_tf import files
from retarget_tf.body.parsing_labels import SCHEMAS
from retarget_tf.body.pose_transform import Fit
from retarget_tf.errors import ConfigError
from retarget_tf.footage.people.choosing import PersonChoice
from retarget_tf.footage.settings import UNITS, PersonSearch
from retarget_tf.program.settings import check, setting
from retarget_tf.retargeting.frames.options import NONE, FrameOptions

Show = Literal["frames", "maps", "panel"]
MAP_CHOICES = AUTO, PARSE, NO_MAP = "auto", "parse", "none"  # values of target_map that are not file names


@dataclasses.dataclass(frozen=True)
class Dance:
    """Files and options of a retargeting: the target is the person to generate, the source the performer to imitate."""

    out: str = setting(
        help="video to write: .mp4, .mov, .mkv (H.264) or .webm (VP9); a name without suffix is a folder of PNG files"
    )
    show: Show = setting(
        "frames",
        "what the video shows. frames: the person of the photo dances; maps: her parsing maps in colours; panel: "
        "target, source, pose, map and frame side by side",
    )
    audio: bool = setting(True, "take over the sound of the source video")
    maps_dir: str | None = setting(None, "folder to write the generated maps into, as PNG files of class ids")
    target_photo: str | None = setting(
        None,
        "photo of the target: the person who is to dance. Several, with commas between them, show more of her: "
        "front.jpg,back.jpg; the first gives framing and background",
    )
    target_video: str | None = setting(
        None, "video of the target instead of photos: its best frames from all sides, and the background behind her"
    )
    target_person: str = setting(
        "0", "which person of the photos or the video: 0 the main one, 1 the next, or a point x,y in pixels"
    )
    exact_keypoints: bool = setting(
        True, "find joints in photos and videos with two models, more exactly; with one it takes a third of the time"
    )
    target_clip: str | None = setting(None, "clip folder whose first frame is used instead of a photo")
    target_keypoints: str | None = setting(
        None, "keypoints of the photo: a .json of OpenPose, .npy or .npz; detected unless given"
    )
    target_map: str = setting(
        AUTO,
        "parsing map of the photo: a PNG of class ids in pixels of the upright photo; parse: made by the parser of "
        "the extract extra; none: the model parses the photo itself, a clip's map is ignored; auto: a clip's map, or "
        "parse if the extra is installed",
    )
    target_map_schema: str | None = setting(
        None, "label schema of the file of target_map; the model's own unless given", choices=sorted(SCHEMAS)
    )
    source_video: str | None = setting(
        None,
        "video of the source: the performer to imitate; also a folder of numbered pictures, 25 a second or --fps",
    )
    source_clip: str | None = setting(None, "clip folder used instead of a video")
    source_keypoints: str | None = setting(
        None,
        "keypoints of the video, one entry per frame: a folder of OpenPose's files, DWPose's .json, .npy or .npz; "
        "detected unless given",
    )
    units: str = setting(
        "auto",
        "unit of the keypoint files: pixels, or shares of the picture's width and height; auto decides by the values",
        choices=UNITS,
    )
    fit: Fit = setting(
        "limbs",
        "how the source's poses are placed on the target's canvas. limbs: with the target's bone lengths, height and "
        "ground; body: with its height and ground only; path: filling the canvas; none: the picture is fitted in",
    )
    clean: bool = setting(True, "repair the source's keypoints first: swapped sides, gaps, missing arms, noise")
    max_frames: int | None = setting(None, "stop after this many frames", minimum=1)

    def __post_init__(self) -> None:
        check(self)
        for names in (("target_photo", "target_video", "target_clip"), ("source_video", "source_clip")):
            given = [name for name in names if getattr(self, name)]
            if len(given) != 1:
                *first, last = (f"--{name}" for name in names)
                raise ConfigError(
                    f"give one of {', '.join(first)} and {last}. Received: {' and '.join(given) or 'none'}"
                )
        if (len(self.photos) > 1 or self.target_video) and (self.target_keypoints or self.target_map != AUTO):
            raise ConfigError("target_keypoints and target_map are for a single photo. Received: several pictures")
        PersonChoice.parse(self.target_person, "target_person")
        if self.target_person != "0" and (self.target_keypoints or self.target_clip):
            raise ConfigError(
                "target_person is for people who are detected, without target_keypoints and target_clip. "
                f"Received: target_person={self.target_person}"
            )
        if (self.target_clip and self.target_keypoints) or (self.source_clip and self.source_keypoints):
            raise ConfigError("a clip folder has its keypoints with it: give no keypoint file. Received: both")
        if self.target_map_schema and self.target_map in MAP_CHOICES:
            raise ConfigError(f"target_map_schema needs a file. Received: target_map={self.target_map}")
        if self.target_clip and self.target_map not in (AUTO, NO_MAP):
            raise ConfigError(f"target_map must be auto or none with a clip. Received: target_map={self.target_map}")
        check_outputs(self.out, self.maps_dir)
        self._refuse_replacing_inputs()

    @property
    def photos(self) -> list[str]:
        """The photos' names; a comma may be in the name of a single one."""
        if not self.target_photo:
            return []
        return [self.target_photo] if pathlib.Path(self.target_photo).exists() else self.target_photo.split(",")

    @property
    def target_search(self) -> PersonSearch:
        """How the target is found."""
        return PersonSearch(PersonChoice.parse(self.target_person), self.exact_keypoints)

    @property
    def source_search(self) -> PersonSearch:
        """How the source is found."""
        return PersonSearch(exact_keypoints=self.exact_keypoints)

    def _refuse_replacing_inputs(self) -> None:
        given = [
            *self.photos,
            self.target_video,
            self.target_clip,
            self.target_keypoints,
            self.source_video,
            self.source_clip,
        ]
        given += [self.source_keypoints, None if self.target_map in MAP_CHOICES else self.target_map]
        files.refuse_replacing(self.out, *given)
        if self.maps_dir:
            files.refuse_replacing(self.maps_dir, *given)


def check_outputs(
    out: files.PathLike, maps_dir: files.PathLike | None, show: Show = "frames", options: FrameOptions | None = None
) -> None:
    """Checks what is to be written.

    Raises:
        ConfigError: The video is `maps_dir` or lies in it, where only maps may be; it cannot have the background of the
            options; or the background's file would be replaced.
    """
    video, options = pathlib.Path(out).resolve(), options or FrameOptions()
    if maps_dir is not None and pathlib.Path(maps_dir).resolve() in (video, *video.parents):
        raise ConfigError(f"out must lie outside of maps_dir. Received: out={out}, maps_dir={maps_dir}")
    has_alpha = video.suffix.lower() in ("", ".webm")
    if options.background == NONE and (show != "frames" or not has_alpha):
        raise ConfigError(
            "background=none needs --show=frames and an --out ending with .webm, or without suffix for a folder of PNG "
            f"files. Received: out={out}, show={show}"
        )
    for output in (out, maps_dir):
        if options.background_file and output is not None:
            files.refuse_replacing(output, options.background_file)
