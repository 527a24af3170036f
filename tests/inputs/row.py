"""A row of the table: a command and what comes of it."""

import dataclasses
import re
import shlex

DONE, FAILED, USAGE, BAD_INPUT = range(4)
TARGET = "--target_photo=photo.png --target_keypoints=person.npy --target_map=map.png"
SOURCE = "--source_video=dance.mp4 --source_keypoints=points.npy"
DANCE = f"retarget {TARGET} {SOURCE}"
QUERY = DANCE.replace("retarget ", "retarget-query-server ")
IMPORT = "retarget-import-clips --frames=frames --keypoints=points.npy --maps=maps --schema=parts10 --fps=25"
BUILD = "retarget-build-records --clips=clips --validation_share=0.34 --test_share=0.34 --out=new"
TRAIN = "retarget-train --records=records --workdir=work --steps=1"
SCREEN = "retarget-screen-clips --videos=dance.mp4"
INSPECT = "retarget-inspect-records --records=records --out=s.png"
EXTRACT = "retarget-extract-clips --videos=dance.mp4"
# What commands have in common, which tells a reader nothing.
_NAMES = "--out=o.mp4 --out=out.mp4 --out=new --out=g.onnx --out=s.png --out=d --out=s --clip_id=me --report=r.html"
_QUICK = "--show=maps --max_frames=1 --wait_seconds=0 --model=stable_128"
_COMMON = set(shlex.split(" ".join([DANCE, IMPORT, BUILD, TRAIN, SCREEN, EXTRACT, _NAMES, _QUICK])))
CLIP = ("clip.json", "frames.mkv", "keypoints.npy", "maps.mkv")


@dataclasses.dataclass(frozen=True)
class Row:
    """A command and what comes of it.

    Attributes:
        command: The command, run in a folder with the files of `brought`; `NAME=value` before it is of the environment.
        code: Exit code.
        told: Pattern of the last line on stderr, after `ERROR: `; where the command succeeds, of a line it says.
        written: Names of what is new or has changed.
        before: Shell commands that prepare the folder.
        brought: What makes the row different, in words or as a file's name, where the command does not show it.
    """

    command: str
    code: int
    told: str = ""
    written: tuple[str, ...] = ()
    before: str = ""
    brought: str = ""

    @property
    def different(self) -> list[str]:
        """The words of the command that other commands do not have; without such the name of what is written."""
        words = [word for word in shlex.split(self.command) if not word.startswith("retarget")]
        names = [word for word in words if word.startswith(("--out=", "--report="))]
        return [word for word in words if word not in _COMMON] or names

    @property
    def file(self) -> str:
        """The file or folder made for this row, if that is what makes it different."""
        values = [self.brought] if self.brought else [word.partition("=")[2] for word in self.different]
        made = re.fullmatch(r"(photos|videos|points|parsed|models)/[^ ]+", values[0]) if len(values) == 1 else None
        return made[0] if made else ""

    @property
    def program(self) -> str:
        """The program, with the flag that names the file, if the row is about one."""
        program = next(word for word in shlex.split(self.command) if word.startswith("retarget"))
        flags = [word.split("=")[0] for word in self.different if self.file and word.endswith(f"={self.file}")]
        return " ".join([program, *flags])

    @property
    def name(self) -> str:
        """The command without what every command of its program has, for the report."""
        short = self.command
        for common in (TARGET, SOURCE, "retarget-"):
            short = short.replace(common, "")
        return re.sub(r"[^\w=./-]+", " ", f"{self.before} {short}").strip()


def dances(command: str, told: str = "", brought: str = "") -> Row:
    """A row of a dance that is made: `out.mp4` and nothing else."""
    return Row(f"{command} --out=out.mp4", DONE, told, ("out.mp4",), brought=brought)


def imports(command: str, told: str = "", name: str = "new/me") -> Row:
    """A row of a clip that is imported as `new/me`."""
    return Row(f"{command} --out=new --clip_id=me", DONE, told, ("new", name, *(f"{name}/{file}" for file in CLIP)))
