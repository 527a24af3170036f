"""Draws the moving picture of README.md: one dance, danced by several people, as an animated WebP file.

    python docs/moving_picture.py --dance=CLIP --people=CLIP,CLIP,CLIP --out=docs/dance.webp

`make picture` makes the clips first. The first column shows the dance and its stick figure; every further column shows
the photo of a person (frame 0 of a clip) and, below it, that person dancing.
"""

import numpy as np
from absl import flags
from PIL import Image, ImageDraw, ImageFont

from retarget_tf import files, program
from retarget_tf.arrays import Uint8Array

_MODEL = flags.DEFINE_string("model", "stable_128", "what --model of retarget takes")
_DANCE = flags.DEFINE_string("dance", None, "clip folder whose motion is danced", required=True)
_PEOPLE = flags.DEFINE_list("people", None, "clip folders whose first frames are the photos", required=True)
_OUT = flags.DEFINE_string("out", None, "the picture, .webp", required=True)

_CELL, _GAP, _CAPTION = 192, 4, 24  # pixels
_EVERY = 2  # of the dance's frames one in so many is shown


def main() -> None:
    """Retargets the dance to each person and writes the animation."""
    with program.native_log_aside():
        frames, fps = _animation()
    with files.atomic_file(_OUT.value) as temporary:
        milliseconds = round(1000 * _EVERY / fps)
        frames[0].save(
            temporary, save_all=True, append_images=frames[1:], duration=milliseconds, loop=0, quality=75, method=6
        )
    print(f"{len(frames)} frames: {_OUT.value}")


def _animation() -> tuple[list[Image.Image], float]:
    """The frames, and the dance's frames per second."""
    from retarget_tf import Retargeter
    from retarget_tf.retargeting import sources, targets

    retargeter = Retargeter.load(_MODEL.value)
    source = sources.clip_source(_DANCE.value)
    pictures = (timed.frame for timed in source.frames())
    columns = [list(zip(pictures, _stick_figures(source.keypoints, source.picture_size[0]), strict=True))]
    for folder in _PEOPLE.value:
        target = targets.clip_target(folder, retargeter.image_size)
        columns.append([(target.shown, frame) for frame in retargeter.frames(target, source.keypoints)])
    captions = ["the dance", *["a photo, and its dance"] * len(_PEOPLE.value)]
    return [_compose(cells, captions) for cells in list(zip(*columns, strict=True))[::_EVERY]], source.fps


def _stick_figures(keypoints: np.ndarray, size: int) -> list[Uint8Array]:
    """The dance's poses as RGB uint8 `[size, size, 3]`."""
    from retarget_tf.body import pose_map

    drawn = pose_map.draw_stick_figure(keypoints, size)
    return list(np.asarray(np.clip((np.asarray(drawn) + 1) * 127.5, 0, 255), np.uint8))


def _compose(cells: tuple[tuple[Uint8Array, Uint8Array], ...], captions: list[str]) -> Image.Image:
    """One frame of the animation: a column for each pair of pictures, the captions above."""
    step = _CELL + _GAP
    page = Image.new("RGB", (len(cells) * step + _GAP, _CAPTION + 2 * step), (24, 24, 24))
    draw = ImageDraw.Draw(page)
    for index, (pair, caption) in enumerate(zip(cells, captions, strict=True)):
        left = _GAP + index * step
        draw.text((left + _CELL / 2, _CAPTION / 2 + 2), caption, "white", ImageFont.load_default(14), anchor="mm")
        for row, picture in enumerate(pair):
            cell = Image.fromarray(picture).resize((_CELL, _CELL), Image.Resampling.LANCZOS)
            page.paste(cell, (left, _CAPTION + row * step))
    return page


if __name__ == "__main__":
    program.run(main)
