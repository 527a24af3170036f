"""The maps of a dance as PNG files of class ids: `000000.png`, `000001.png`, ..."""

import pathlib

import PIL.Image

from retarget_tf.arrays import Uint8Array
from retarget_tf.pictures.video import png_folder

_NAME = "{:06d}.png"
_PATTERN = "[0-9]" * 6 + ".png"


def write_map(folder: pathlib.Path, index: int, parsing_map: Uint8Array) -> None:
    """Writes the map of a frame into a folder."""
    PIL.Image.fromarray(parsing_map).save(folder / _NAME.format(index), pnginfo=png_folder.marked())


def maps_in(folder: pathlib.Path) -> set[str]:
    """Returns the names of the maps that this package wrote in a folder: marked and gray (written frames are RGB)."""
    return {path.name for path in folder.glob(_PATTERN) if path.is_file() and _is_gray(path)}


def _is_gray(path: pathlib.Path) -> bool:
    with path.open("rb") as file:
        is_gray = file.read(26)[24:] == b"\x08\x00"  # bit depth and colour type of a PNG's header
    return is_gray and png_folder.has_mark(path)
