"""Photos as people have them: turned, gray, transparent, cut off, and bombs."""

import io
import pathlib
import struct
import zlib

import cv2
import numpy as np
import PIL.Image
import PIL.ImageOps
import pytest

from retarget_tf.arrays import Uint8Array
from retarget_tf.errors import InputDataError
from retarget_tf.pictures import photos
from tests.testing import with_exif_orientation

# 30 px wide, 20 px high: the left half red, the right half blue.
PICTURE = np.zeros((20, 30, 3), np.uint8)
PICTURE[:, :15] = (250, 0, 0)
PICTURE[:, 15:] = (0, 0, 250)


def encoded(suffix: str, picture: Uint8Array = PICTURE) -> bytes:
    stored = picture[..., ::-1] if picture.shape[-1] == 3 else picture
    return bytes(cv2.imencode(suffix, stored)[1])


def write(folder: pathlib.Path, name: str, data: bytes) -> pathlib.Path:
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_reads_rgb(tmp_path: pathlib.Path, suffix: str) -> None:
    photo = photos.load_photo(write(tmp_path, "photo" + suffix, encoded(suffix)))
    assert photo.shape == (20, 30, 3)
    assert photo.dtype == np.uint8
    np.testing.assert_allclose(photo[10, 3], (250, 0, 0), atol=8)
    np.testing.assert_allclose(photo[10, 26], (0, 0, 250), atol=8)


def saved(kind: str, image: PIL.Image.Image, **options: object) -> bytes:
    """What OpenCV cannot write."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turns_the_photo_upright(tmp_path: pathlib.Path, orientation: int) -> None:
    picture = np.kron(np.asarray([[40, 80, 120], [160, 200, 240]]), np.ones((16, 16)))
    data = with_exif_orientation(encoded(".jpg", picture.astype(np.uint8)), orientation)
    expected = np.asarray(PIL.ImageOps.exif_transpose(PIL.Image.open(io.BytesIO(data)).convert("RGB")))
    np.testing.assert_allclose(photos.load_photo(write(tmp_path, "photo.jpg", data)), expected, atol=2)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_turns_a_transparent_photo_as_another(tmp_path: pathlib.Path, kind: str, orientation: int) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (3, 5, 4), np.uint8)
    picture[..., 3] = 255
    picture[0, :, 3] = 0
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    data = saved(kind, PIL.Image.fromarray(picture), exif=exif, lossless=True, exact=True)
    upright = np.asarray(PIL.ImageOps.exif_transpose(PIL.Image.open(io.BytesIO(data))))
    expected = np.where(upright[..., 3:] == 0, 255, upright[..., :3])
    np.testing.assert_array_equal(photos.load_photo(write(tmp_path, "photo", data)), expected)


def test_cmyk_and_palettes_become_rgb(tmp_path: pathlib.Path) -> None:
    image = PIL.Image.fromarray(PICTURE)
    palette = image.quantize(4)
    for data in (saved("JPEG", image.convert("CMYK"), quality=95), saved("PNG", palette)):
        photo = photos.load_photo(write(tmp_path, "photo", data))
        np.testing.assert_allclose(photo[:, :14], np.broadcast_to((250, 0, 0), (20, 14, 3)), atol=8)
    see_through = saved("PNG", palette, transparency=palette.getpixel((0, 0)))
    assert (photos.load_photo(write(tmp_path, "photo.png", see_through))[:, :15] == 255).all()


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_refuses_an_animation(tmp_path: pathlib.Path, kind: str) -> None:
    image = PIL.Image.fromarray(PICTURE)
    data = saved(kind, image, save_all=True, append_images=[image.rotate(180)])
    with pytest.raises(InputDataError, match=r"is an animation\. Give a whole JPEG"):
        photos.load_photo(write(tmp_path, "photo", data))


def test_gray_and_sixteen_bits_become_rgb(tmp_path: pathlib.Path) -> None:
    gray = np.full((4, 6), 200, np.uint8)
    assert (photos.load_photo(write(tmp_path, "gray.png", encoded(".png", gray))) == 200).all()
    deep = np.full((4, 6), 200 * 257, np.uint16)
    assert (photos.load_photo(write(tmp_path, "deep.png", encoded(".png", deep))) == 200).all()  # type: ignore[arg-type]


def test_what_is_transparent_becomes_white(tmp_path: pathlib.Path) -> None:
    bgra = np.zeros((4, 6, 4), np.uint8)
    bgra[:, :3] = (0, 0, 200, 255)
    photo = photos.load_photo(write(tmp_path, "photo.png", encoded(".png", bgra)))
    assert tuple(photo[0, 0]) == (200, 0, 0)
    assert tuple(photo[0, 5]) == (255, 255, 255)


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("text.jpg", b"not a picture", "is no JPEG, PNG or WebP picture"),
        ("empty.png", b"", "is empty"),
        ("cut.jpg", encoded(".jpg")[:-40], "the JPEG is cut off"),
        ("cut.png", encoded(".png")[:-20], "the PNG is cut off"),
        ("cut.webp", encoded(".webp")[:-20], "the WebP is cut off"),
        ("no_frame.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF", "the JPEG is cut off"),
    ],
)
def test_refuses_what_is_no_whole_picture(tmp_path: pathlib.Path, name: str, data: bytes, why: str) -> None:
    with pytest.raises(InputDataError, match=f"^photo .*{name}: {why}. Give a whole JPEG, PNG or WebP file.$"):
        photos.load_photo(write(tmp_path, name, data))


def test_refuses_a_damaged_picture(tmp_path: pathlib.Path) -> None:
    data = bytearray(encoded(".png"))
    data[45:55] = bytes(10)
    with pytest.raises(InputDataError, match="cannot be decoded"):
        photos.load_photo(write(tmp_path, "damaged.png", bytes(data)))


def test_refuses_by_the_header_what_memory_could_not_hold(tmp_path: pathlib.Path) -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", 50_000, 40_000, 8, 2, 0, 0, 0)
    chunks = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + b"\0\0\0\0IEND\xaeB`\x82"
    path = write(tmp_path, "bomb.png", b"\x89PNG\r\n\x1a\n" + chunks)
    with pytest.raises(InputDataError, match="is 50000x40000, more than 100 megapixels"):
        photos.load_photo(path)


def test_refuses_a_missing_file(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputDataError, match="No such file"):
        photos.load_photo(tmp_path / "missing.jpg")
