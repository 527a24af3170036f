"""Reads photos with Pillow, and writes pictures and maps as PNG or JPEG.

The size in a photo's header is checked before anything is decoded, because a small file can decode to more pixels than
fit into memory. Pillow's own limit (`PIL.Image.MAX_IMAGE_PIXELS`) is global to the process, and its error hides the
size, so this module calls the class of the format instead of `PIL.Image.open`, which would apply that limit.

Colour profiles are ignored: the stored values are interpreted as sRGB.
"""

import contextlib
import io
from collections.abc import Sequence

import cv2
import numpy as np
import PIL.features
import PIL.Image
import PIL.ImageOps
from absl import logging
from PIL.AvifImagePlugin import AvifImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from retarget_tf import files
from retarget_tf.arrays import Uint8Array
from retarget_tf.errors import InputDataError, MissingDependencyError

MAX_PIXELS = 100_000_000
_PIXELS_AT_A_TIME = 4_000_000

_PILLOWS = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WebP": WebPImageFile,
    "GIF": GifImageFile,
    "TIFF": TiffImageFile,
}
_SERVED = ("JPEG", "PNG", "WebP")
_READ = (*_SERVED, "AVIF", "GIF", "TIFF", "HEIC")
_SIGNATURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}
_END_OF_JPEG = b"\xff\xd9"
_PADDINGS = (b"\x00", b"\x55", b"\xaa", b"\xc3", b"\xfe")
# Errors that Pillow's decoders raise on damaged files.
_BROKEN = (SyntaxError, OSError, ValueError, EOFError, RuntimeError, TypeError, IndexError)


def load_photo(path: files.PathLike) -> Uint8Array:
    """Reads a JPEG, PNG, WebP, TIFF, GIF, AVIF or HEIC file.

    Logs a warning if it takes the first of several pictures, or the file lacks its last bytes but no pixel.

    Returns:
        RGB uint8 `[height, width, 3]`, rotated upright by the orientation in its EXIF data. Gray, palette and CMYK
        pictures are converted to RGB, 16 bits to 8, and transparent pixels are blended with white.

    Raises:
        InputDataError: The file is missing, of another format, cut off, damaged, of floating-point numbers, or above
            100 megapixels.
        MissingDependencyError: It is HEIC or AVIF, and the package to decode it is not installed.
    """
    encoded = files.read_bytes(path, "photo")
    try:
        kind = _kind(encoded, _READ)
        image = _open(encoded, kind)
        width, height = image.size
        if width * height <= MAX_PIXELS:
            # A HEIC file may hold a burst of photos, of which Pillow opens the primary one.
            if kind != "HEIC" and getattr(image, "is_animated", False):
                logging.warning("photo %s: holds several pictures; the first is taken.", path)
            return _decode_whole(path, encoded, kind, image)
    except MissingDependencyError as error:
        raise MissingDependencyError(f"photo {path}: {error}") from error
    except ValueError as error:
        raise InputDataError(f"photo {path}: {error}. Give a whole JPEG, PNG or WebP file.") from error
    raise InputDataError(
        f"photo {path}: is {width}x{height}, more than {MAX_PIXELS // 1_000_000} megapixels. Give a smaller one."
    )


def header_size(encoded: bytes) -> tuple[int, int]:
    """Returns width and height from the header of an encoded JPEG, PNG or WebP; raises ValueError on other data."""
    image = _open(encoded, _kind(encoded, _SERVED))
    if getattr(image, "is_animated", False):
        raise ValueError("is an animation")
    width, height = image.size
    return width, height


def encode_png(image: Uint8Array) -> bytes:
    """Encodes an RGB picture `[height, width, 3]` or a map `[height, width]` as PNG."""
    return bytes(cv2.imencode(".png", image[..., ::-1] if image.ndim == 3 else image)[1])


def encode_jpeg(image: Uint8Array, quality: int) -> bytes:
    """Encodes an RGB picture `[height, width, 3]` as JPEG; larger quality, up to 100, makes larger files."""
    return bytes(cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def write_png(path: files.PathLike, image: Uint8Array) -> None:
    """Writes an RGB picture or a map as PNG, atomically. `cv2.imwrite` would not report a full disk."""
    with files.atomic_file(path) as temporary:
        temporary.write_bytes(encode_png(image))


def _kind(encoded: bytes, taken: Sequence[str]) -> str:
    """Returns the format; raises ValueError if it is none of those that are taken."""
    kind = _kind_by_its_beginning(encoded)
    if kind not in taken:
        raise ValueError(f"is no {', '.join(taken[:-1])} or {taken[-1]} picture" if encoded else "is empty")
    return kind


def _kind_by_its_beginning(encoded: bytes) -> str:
    """Returns the format; empty if it is unknown."""
    for signature, kind in _SIGNATURES.items():
        if encoded.startswith(signature):
            return kind
    if encoded[:4] == b"RIFF" and encoded[8:12] == b"WEBP":
        return "WebP"
    if encoded[4:8] == b"ftyp":  # the first box of AVIF and HEIC files lists their brands
        brands = encoded[8 : int.from_bytes(encoded[:4], "big")]
        for brand, kind in ((b"avif", "AVIF"), (b"avis", "AVIF"), (b"hei", "HEIC"), (b"hev", "HEIC")):
            if brand in brands:
                return kind
    return ""


def _open(encoded: bytes, kind: str) -> ImageFile:
    """Opens a picture and reads only its header; raises ValueError if that fails."""
    image_class = _image_class(kind)
    if kind == "PNG" and b"IEND" not in encoded:
        raise ValueError("the PNG is cut off")
    try:
        return image_class(io.BytesIO(encoded))
    except _BROKEN as error:
        if "pixel mode" in str(error):
            raise ValueError(f"is a {kind} of pixels that cannot be read, such as floating-point numbers") from error
        raise ValueError(f"the {kind} is cut off") from error


def _image_class(kind: str) -> type[ImageFile]:
    if kind in _PILLOWS:
        return _PILLOWS[kind]
    if kind == "AVIF":
        if not PIL.features.check("avif"):
            raise MissingDependencyError("is AVIF, which this Pillow cannot read. Run: pip install --upgrade pillow")
        return AvifImageFile
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        raise MissingDependencyError(
            "is HEIC, which needs pillow-heif. Run: pip install 'retarget_tf[heif]'"
        ) from error
    return HeifImageFile


def _decode_whole(path: files.PathLike, encoded: bytes, kind: str, image: ImageFile) -> Uint8Array:
    """Decodes as `_decode`, also a JPEG that lacks nothing but its end marker, as viewers do; then logs a warning."""
    try:
        return _decode(encoded, kind, image)
    except ValueError as error:
        # Of a progressive JPEG a whole scan may be missing, which could not be told.
        if kind != "JPEG" or image.info.get("progressive") or encoded.endswith(_END_OF_JPEG):
            raise
        why = str(error)
    image.close()  # out of the reach of the error, which would keep its pixels, up to 400 MB
    start = encoded.removesuffix(_END_OF_JPEG[:1])
    first, *others = (start + padding * 64 + _END_OF_JPEG for padding in _PADDINGS)
    picture = _decode(first, kind, _open(first, kind))
    # If pixels are missing too, they depend on what follows the cut.
    if any((_decode(other, kind, _open(other, kind)) != picture).any() for other in others):
        raise ValueError(why)
    logging.warning("photo %s: the JPEG lacks its end, but no pixel is missing.", path)
    return picture


def _decode(encoded: bytes, kind: str, image: ImageFile) -> Uint8Array:
    """Decodes an opened picture to RGB; raises ValueError if the file is cut off or damaged."""
    try:
        _open(encoded, kind).verify()  # PNG checksums; on a second image, as `verify` makes it unusable
        image.load()
    except _BROKEN as error:
        is_cut = any(sign in str(error).lower() for sign in ("truncated", "end of file"))
        raise ValueError(f"the {kind} is cut off" if is_cut else "cannot be decoded: it may be damaged") from error
    return _pixels(_upright(image))


def _pixels(image: PIL.Image.Image) -> Uint8Array:
    """Converts to RGB a band of rows at a time: of a large photo each copy takes 400 MB."""
    width, height = image.size
    rows = max(1, _PIXELS_AT_A_TIME // width)
    picture = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, rows):
        below = min(top + rows, height)
        band = image if rows >= height else image.crop((0, top, width, below))
        picture[top:below] = np.asarray(_rgb(band))
    return picture


def _upright(image: PIL.Image.Image) -> PIL.Image.Image:
    with contextlib.suppress(SyntaxError):  # only the EXIF data is damaged
        PIL.ImageOps.exif_transpose(image, in_place=True)
    return image


def _rgb(image: PIL.Image.Image) -> PIL.Image.Image:
    if image.mode in ("F", "I"):
        raise ValueError("has pixels of 32 bits, whose range is not known")
    if image.mode.startswith("I;16"):  # Pillow would clip 16-bit gray; it scales 16-bit colours itself
        deep = np.asarray(image)
        gray = np.where(deep == image.info.get("transparency", -1), 255, deep >> 8)
        return PIL.Image.fromarray(gray.astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        on_white = PIL.Image.new("RGB", image.size, "white")
        on_white.paste(image, mask=image)
        return on_white
    return image.convert("RGB")
