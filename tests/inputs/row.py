"""A row of the table: a command and what comes of it."""

import dataclasses
import re

DONE, FAILED, USAGE, BAD_INPUT = range(4)
TARGET = "--target_photo=photo.png --target_keypoints=person.npy --target_map=map.png"
SOURCE = "--source_video=dance.mp4 --source_keypoints=points.npy"
DANCE = f"retarget {TARGET} {SOURCE}"
QUERY = DANCE.replace("retarget ", "retarget-query-server ")
IMPORT = "retarget-import-clips --frames=frames --keypoints=points.npy --maps=maps --schema=parts10 --fps=25"
BUILD = "retarget-build-records --clips=clips --validation_share=0.34 --test_share=0.34 --out=new"
TRAIN = "retarget-train --records=records --workdir=work --steps=1"
SCREEN = "retarget-screen-clips --videos=dance.mp4"
EXTRACT = "retarget-extract-clips --videos=dance.mp4"
CLIP = ("clip.json", "frames.mkv", "keypoints.npy", "maps.mkv")


@dataclasses.dataclass(frozen=True)
class Row:
    """A command and what comes of it.

    Attributes:
        command: The command, run in a folder with the files of `brought`; `NAME=value` before it is of the environment.
        code: Exit code.
        told: Pattern of the last line on stderr, after `ERROR: `; where the command succeeds, of all it says.
        written: Names of what is new or has changed.
        before: Shell commands that prepare the folder.
    """

    command: str
    code: int
    told: str = ""
    written: tuple[str, ...] = ()
    before: str = ""

    @property
    def name(self) -> str:
        """The command without what every command of its program has, for the report."""
        short = self.command
        for common in (TARGET, SOURCE, "retarget-"):
            short = short.replace(common, "")
        return re.sub(r"[^\w=./-]+", " ", f"{self.before} {short}").strip()


def dances(command: str, told: str = "") -> Row:
    """A row of a dance that is made: `out.mp4` and nothing else."""
    return Row(f"{command} --out=out.mp4", DONE, told, ("out.mp4",))


def imports(command: str, told: str = "", name: str = "new/me") -> Row:
    """A row of a clip that is imported as `new/me`."""
    return Row(f"{command} --out=new --clip_id=me", DONE, told, ("new", name, *(f"{name}/{file}" for file in CLIP)))
