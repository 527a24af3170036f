"""What a visitor asks for: a photo, a video and choices; goes to the process that makes the dance."""

import dataclasses
import pathlib

from retarget_tf.footage.people.choosing import PersonChoice
from retarget_tf.footage.settings import PersonSearch
from retarget_tf.retargeting.frames.options import NONE, FrameOptions

PHOTO, MORE, VIDEO, CHOICES = "photo", "more", "video", "choices"  # places of the page where inputs are given
LOOK, FIND, DANCE, MAPS = "look", "find", "dance", "maps"  # steps of the work, in this order


@dataclasses.dataclass(frozen=True)
class Given:
    """A photo or a video that a visitor gave.

    Attributes:
        path: The file.
        clip: Clip folder of the same pictures, of an example, whose joints are known.
    """

    path: pathlib.Path
    clip: pathlib.Path | None = None


@dataclasses.dataclass(frozen=True)
class Choices:
    """What a visitor may choose, as fields of `FrameOptions` and `PersonSearch`.

    Attributes:
        height: As in `FrameOptions`.
        background: As in `FrameOptions`.
        mark: As in `FrameOptions`.
        person: As `Dance.target_person`.
        exact: As `PersonSearch.exact_keypoints`.
        cut: Shows the person's surroundings instead of the whole photo.
    """

    height: int = 720
    background: str = "photo"
    mark: bool = False
    person: str = "0"
    exact: bool = True
    cut: bool = False

    @property
    def frames(self) -> FrameOptions:
        """Size and background; raises ConfigError."""
        return FrameOptions(height=self.height, background=self.background, mark=self.mark)

    @property
    def photo_search(self) -> PersonSearch:
        """Who dances."""
        return PersonSearch(PersonChoice.parse(self.person), self.exact)

    @property
    def video_search(self) -> PersonSearch:
        """Who is imitated."""
        return PersonSearch(exact_keypoints=self.exact)


@dataclasses.dataclass(frozen=True)
class Task:
    """One dance to make.

    Attributes:
        folder: Folder for all that is made.
        photo: The person who is to dance.
        more: More photos of the same person.
        video: The performer to imitate.
        choices: Size, background and so on.
        frames: Frames to dance.
    """

    folder: pathlib.Path
    photo: Given
    video: Given
    frames: int
    more: tuple[pathlib.Path, ...] = ()
    choices: Choices = Choices()

    @property
    def dance(self) -> pathlib.Path:
        """The video of the dance."""
        suffix = ".webm" if self.choices.background == NONE else ".mp4"
        return self.folder / f"{self.photo.path.stem}_dancing{suffix}"

    @property
    def maps(self) -> pathlib.Path:
        """The video of the maps."""
        return self.folder / f"{self.photo.path.stem}_maps.mp4"

    @property
    def map_files(self) -> pathlib.Path:
        """The maps of class ids as PNG files in a ZIP archive."""
        return self.folder / f"{self.photo.path.stem}_maps.zip"

    @property
    def keypoints(self) -> pathlib.Path:
        """The keypoints of the video."""
        return self.folder / f"{self.video.path.stem}_keypoints.npy"

    @property
    def shown_video(self) -> pathlib.Path:
        """The given video, where browsers cannot play it."""
        return self.folder / f"{self.video.path.stem}_shown.mp4"
