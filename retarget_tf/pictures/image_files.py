"""Picture files: photos are read with Pillow, pictures and maps are written as PNG or JPEG.

A photo comes from anybody's camera, so it is refused by its header before anything is decoded: a small file can promise
more pixels than the memory holds. Pillow's own limit (`PIL.Image.MAX_IMAGE_PIXELS`) belongs to the whole process and
hides the size that it refuses. The format's own class is therefore called instead of `PIL.Image.open`, and the limit
here is applied to the size in the header.

Colour profiles are ignored: the stored values are taken for sRGB.
"""

import io
import pathlib

import cv2
import numpy as np
import PIL.features
import PIL.Image
import PIL.ImageOps
from PIL.AvifImagePlugin import AvifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from retarget_tf import files
from retarget_tf.arrays import Uint8Array
from retarget_tf.errors import InputDataError, MissingDependencyError

MAX_PIXELS = 100_000_000

_COMMON = {"JPEG": JpegImageFile, "PNG": PngImageFile, "WebP": WebPImageFile}
# What Pillow's decoders raise when a file is not what its first bytes say.
_BROKEN = (SyntaxError, OSError, ValueError, EOFError, RuntimeError, TypeError, IndexError)


def load_photo(path: files.PathLike) -> Uint8Array:
    """Reads a JPEG, PNG, WebP, AVIF or HEIC file.

    Returns:
        RGB uint8 `[height, width, 3]`, turned upright by the orientation in its EXIF data. Gray, palettes and CMYK
        become RGB, 16 bits become 8, and transparent pixels are blended with white.

    Raises:
        InputDataError: the file is missing, of another format, animated, cut off, damaged or above 100 megapixels.
        MissingDependencyError: it is HEIC or AVIF and the package that decodes it is not installed; says the command.
    """
    with files.reading(path, "photo"):
        encoded = pathlib.Path(path).read_bytes()
    try:
        kind = _kind(encoded)
        image = _open(encoded, kind)
        width, height = image.size
        if width * height <= MAX_PIXELS:
            return _decode(encoded, kind, image)
    except MissingDependencyError as error:
        raise MissingDependencyError(f"photo {path}: {error}") from error
    except ValueError as error:
        raise InputDataError(f"photo {path}: {error}. Give a whole JPEG, PNG or WebP file.") from error
    raise InputDataError(
        f"photo {path}: is {width}x{height}, more than {MAX_PIXELS // 1_000_000} megapixels. Give a smaller one."
    )


def header_size(encoded: bytes) -> tuple[int, int]:
    """Width and height that the header of an encoded JPEG, PNG or WebP promises; ValueError says what is wrong."""
    kind = _kind(encoded)
    if kind not in _COMMON:
        raise ValueError("is no JPEG, PNG or WebP picture")
    width, height = _open(encoded, kind).size
    return width, height


def encode_png(image: Uint8Array) -> bytes:
    """The PNG file of an RGB picture `[height, width, 3]` or a map `[height, width]`."""
    return bytes(cv2.imencode(".png", image[..., ::-1] if image.ndim == 3 else image)[1])


def encode_jpeg(image: Uint8Array, quality: int) -> bytes:
    """The JPEG file of an RGB picture `[height, width, 3]`; a higher quality, up to 100, makes a larger file."""
    return bytes(cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def write_png(path: files.PathLike, image: Uint8Array) -> None:
    """Writes an RGB picture or a map as PNG, atomically. `cv2.imwrite` would say nothing where the disk is full."""
    with files.atomic_file(path) as temporary:
        temporary.write_bytes(encode_png(image))


def _kind(encoded: bytes) -> str:
    """The format by its first bytes; ValueError where it is none of ours."""
    if encoded.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if encoded.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if encoded[:4] == b"RIFF" and encoded[8:12] == b"WEBP":
        return "WebP"
    if encoded[4:8] == b"ftyp":  # the first box of AVIF and HEIC lists the formats that a reader must know
        brands = encoded[8 : int.from_bytes(encoded[:4], "big")]
        for brand, kind in ((b"avif", "AVIF"), (b"avis", "AVIF"), (b"hei", "HEIC"), (b"hev", "HEIC")):
            if brand in brands:
                return kind
    raise ValueError("is no JPEG, PNG or WebP picture" if encoded else "is empty")


def _open(encoded: bytes, kind: str) -> ImageFile:
    """The picture with nothing but its header read; ValueError says why that fails."""
    image_class = _image_class(kind)
    if kind == "PNG" and b"IEND" not in encoded:
        raise ValueError("the PNG is cut off")
    try:
        image = image_class(io.BytesIO(encoded))
    except _BROKEN as error:
        raise ValueError(f"the {kind} is cut off") from error
    # A HEIC file may hold a burst of photos; the one that its maker chose is opened.
    if kind != "HEIC" and getattr(image, "is_animated", False):
        raise ValueError("is an animation")
    return image


def _image_class(kind: str) -> type[ImageFile]:
    if kind in _COMMON:
        return _COMMON[kind]
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


def _decode(encoded: bytes, kind: str, image: ImageFile) -> Uint8Array:
    """The pixels of an opened picture as RGB; ValueError where the file does not hold them all."""
    try:
        _open(encoded, kind).verify()  # compares the checksums of a PNG; a picture that was verified cannot be decoded
        image.load()
    except _BROKEN as error:
        is_cut = any(sign in str(error).lower() for sign in ("truncated", "end of file"))
        raise ValueError(f"the {kind} is cut off" if is_cut else "cannot be decoded: it may be damaged") from error
    return np.array(_rgb(_upright(image)))


def _upright(image: PIL.Image.Image) -> PIL.Image.Image:
    try:
        return PIL.ImageOps.exif_transpose(image)
    except SyntaxError:  # the EXIF data is damaged, not the picture
        return image


def _rgb(image: PIL.Image.Image) -> PIL.Image.Image:
    if image.mode == "I;16":  # Pillow would clip gray of 16 bits; colours it has shifted already
        return PIL.Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = PIL.Image.alpha_composite(PIL.Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")
