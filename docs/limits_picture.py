"""Draws docs/limits.webp: what geometry cannot give, on procedural people; `make picture` makes their clips first.

    python docs/limits_picture.py --clips=FOLDER --out=docs/limits.webp

Each column shows a photo (frame 0 of a clip), the frame of the dance to imitate, and what comes out.
"""

import pathlib

import numpy as np
from absl import flags
from PIL import Image, ImageDraw, ImageFont

from retarget_tf import files, program
from retarget_tf.arrays import Uint8Array

_CLIPS = flags.DEFINE_string("clips", None, "folder of the clips that `make picture` makes", required=True)
_OUT = flags.DEFINE_string("out", None, "the picture, .webp", required=True)

# Caption, clip of the photo, clip of the dance, frame of the dance.
_CASES = (
    ("seen from behind", "dancer_7_0010_00", "dancer_7_0010_00", 119),
    ("seen from the side", "dancer_7_0004_00", "dancer_7_0004_00", 111),
    ("loose hair", "dancer_7_0013_00", "dancer_7_0013_00", 69),
    ("knees bent in a skirt", "dancer_7_0005_00", "dancer_7_0006_00", 16),
    ("crouching", "dancer_7_0002_00", "dancer_7_0000_00", 67),
)
_CELL, _GAP, _CAPTION = 176, 4, 24  # pixels
_ROWS = ("photo", "dance", "result")


def main() -> None:
    """Makes the frames and writes the picture."""
    with program.native_log_aside():
        columns = [_column(*case[1:]) for case in _CASES]
    page = _compose(columns)
    with files.atomic_file(_OUT.value) as temporary:
        page.save(temporary, format="WEBP", quality=85, method=6)
    print(f"{len(_CASES)} cases: {_OUT.value}")


def _column(photo: str, dance: str, frame: int) -> list[Uint8Array]:
    """The photo, the frame of the dance, and the frame that is made of both."""
    from retarget_tf import Retargeter
    from retarget_tf.retargeting import sources, targets

    retargeter = Retargeter.load("stable_128")
    folder = pathlib.Path(_CLIPS.value)
    target = targets.clip_target(folder / photo, retargeter.image_size)
    source = sources.clip_source(folder / dance)
    wanted = [timed.frame for timed in source.frames()][frame]
    return [target.shown, wanted, list(retargeter.frames(target, source.keypoints))[frame]]


def _compose(columns: list[list[Uint8Array]]) -> Image.Image:
    """A column a case, its caption above."""
    step = _CELL + _GAP
    page = Image.new("RGB", (len(columns) * step + _GAP, _CAPTION + len(_ROWS) * step), (24, 24, 24))
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(14)
    for index, (case, pictures) in enumerate(zip(_CASES, columns, strict=True)):
        left = _GAP + index * step
        draw.text((left + _CELL / 2, _CAPTION / 2), case[0], "white", font, anchor="mm")
        for row, picture in enumerate(pictures):
            cell = Image.fromarray(np.asarray(picture)).resize((_CELL, _CELL), Image.Resampling.LANCZOS)
            page.paste(cell, (left, _CAPTION + row * step))
            draw.text(
                (left + 4, _CAPTION + row * step + 2), _ROWS[row], "white", font, stroke_width=1, stroke_fill="black"
            )
    return page


if __name__ == "__main__":
    program.run(main)
