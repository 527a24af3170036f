"""Tests of reading photos: rotated, gray, transparent, from phones, truncated, and decompression bombs."""

import io
import pathlib
import sys
import tracemalloc

import cv2
import numpy as np
import PIL.features
import PIL.Image
import PIL.ImageOps
import pytest
from absl import logging

from retarget_tf.arrays import Uint8Array
from retarget_tf.errors import InputDataError, MissingDependencyError
from retarget_tf.pictures import image_files
from tests.testing import png_without_pixels, with_exif_orientation

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
    photo = image_files.load_photo(write(tmp_path, "photo" + suffix, encoded(suffix)))
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
    np.testing.assert_allclose(image_files.load_photo(write(tmp_path, "photo.jpg", data)), expected, atol=2)


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
    np.testing.assert_array_equal(image_files.load_photo(write(tmp_path, "photo", data)), expected)


def test_cmyk_and_palettes_become_rgb(tmp_path: pathlib.Path) -> None:
    image = PIL.Image.fromarray(PICTURE)
    palette = image.quantize(4)
    for data in (saved("JPEG", image.convert("CMYK"), quality=95), saved("PNG", palette)):
        photo = image_files.load_photo(write(tmp_path, "photo", data))
        np.testing.assert_allclose(photo[:, :14], np.broadcast_to((250, 0, 0), (20, 14, 3)), atol=8)
    see_through = saved("PNG", palette, transparency=palette.getpixel((0, 0)))
    assert (image_files.load_photo(write(tmp_path, "photo.png", see_through))[:, :15] == 255).all()


def test_gray_bits_and_alpha_are_read_as_they_are_seen(tmp_path: pathlib.Path) -> None:
    """The left half is black or as good as, and seen; the right half is of shade 160 or white, and mostly hidden."""
    shades = np.full((8, 8), 4, np.uint8)
    shades[:, 4:] = 160
    opacity = np.full((8, 8), 255, np.uint8)
    opacity[4:, 4:] = 51  # a fifth: 255 - (255 - 160) / 5 = 236
    gray, alpha, deep = (PIL.Image.fromarray(values) for values in (shades, opacity, shades.astype(np.uint16) * 257))
    with_alpha, indexed = gray.copy(), gray.convert("RGB").quantize(2)
    with_alpha.putalpha(alpha)
    shown_index = indexed.copy()
    shown_index.putalpha(alpha)
    hidden = indexed.getpixel((7, 7))
    kinds = {
        "gray with alpha": (saved("PNG", with_alpha), "LA", 160, 236),
        "gray with alpha, TIFF": (saved("TIFF", with_alpha), "LA", 160, 236),
        "palette with alpha, TIFF": (saved("TIFF", shown_index), "PA", 160, 236),
        "palette, one colour hidden": (saved("PNG", indexed, transparency=hidden), "P", 255, 255),
        "gray, one shade hidden": (saved("PNG", gray, transparency=160), "L", 255, 255),
        "16 bits": (saved("PNG", deep), "I;16", 160, 160),
        "16 bits, one shade hidden": (saved("PNG", deep, transparency=160 * 257), "I;16", 255, 255),
        "bits": (saved("PNG", gray.point(lambda shade: 255 * (shade > 99)).convert("1")), "1", 255, 255),
        "CMYK": (saved("TIFF", gray.convert("RGB").convert("CMYK")), "CMYK", 160, 160),
    }
    for name, (data, mode, above, below) in kinds.items():
        assert PIL.Image.open(io.BytesIO(data)).mode == mode, name
        photo = image_files.load_photo(write(tmp_path, "photo", data)).astype(int)
        assert photo.shape == (8, 8, 3)
        assert (photo[:, :4] <= 4).all(), name
        assert (abs(photo[:4, 4:] - above) <= 1).all(), name
        assert (abs(photo[4:, 4:] - below) <= 1).all(), name


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(logging, "warning", lambda text, *values: lines.append(text % values))
    return lines


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF", "GIF", "TIFF"])
def test_takes_the_first_picture_of_an_animation_and_says_so(
    tmp_path: pathlib.Path, kind: str, said: list[str]
) -> None:
    if kind == "AVIF" and not PIL.features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    image = PIL.Image.fromarray(PICTURE)
    data = saved(kind, image, save_all=True, append_images=[image.rotate(180)])
    photo = image_files.load_photo(write(tmp_path, "photo", data))
    np.testing.assert_allclose(photo[:, :12], np.broadcast_to((250, 0, 0), (20, 12, 3)), atol=12)
    assert said == [f"photo {tmp_path}/photo: holds several pictures; the first is taken."]
    if kind in ("PNG", "WEBP"):
        with pytest.raises(ValueError, match="is an animation"):
            image_files.header_size(data)


@pytest.mark.parametrize("byte_order", ["<", ">"])
def test_reads_tiff_of_eight_and_sixteen_bits(tmp_path: pathlib.Path, byte_order: str, said: list[str]) -> None:
    image = PIL.Image.fromarray(PICTURE)
    for options in ({}, {"compression": "tiff_lzw"}, {"compression": "tiff_adobe_deflate"}):
        photo = image_files.load_photo(write(tmp_path, "photo.tif", saved("TIFF", image, **options)))
        np.testing.assert_array_equal(photo, PICTURE)
    cmyk = image_files.load_photo(write(tmp_path, "photo.tif", saved("TIFF", image.convert("CMYK"))))
    np.testing.assert_allclose(cmyk, PICTURE, atol=8)
    deep = PIL.Image.fromarray((PICTURE[..., 0].astype(np.uint16) * 257).astype(f"{byte_order}u2"))
    gray = image_files.load_photo(write(tmp_path, "photo.tif", saved("TIFF", deep)))
    np.testing.assert_array_equal(gray, np.dstack([PICTURE[..., 0]] * 3))
    cv2.imwrite(str(tmp_path / "photo.tif"), PICTURE[..., ::-1].astype(np.uint16) * 257)
    np.testing.assert_array_equal(image_files.load_photo(tmp_path / "photo.tif"), PICTURE)
    assert said == []


def test_a_tiff_is_turned_upright(tmp_path: pathlib.Path) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    on_its_side = PIL.Image.fromarray(PICTURE).rotate(90, expand=True)
    data = saved("TIFF", on_its_side, exif=exif)
    np.testing.assert_array_equal(image_files.load_photo(write(tmp_path, "photo.tif", data)), PICTURE)


@pytest.mark.parametrize("picture", [PICTURE[..., 0], PICTURE], ids=["gray", "rgb"])
def test_refuses_floating_point_numbers(tmp_path: pathlib.Path, picture: Uint8Array) -> None:
    cv2.imwrite(str(tmp_path / "photo.tif"), picture.astype(np.float32) / 255)
    with pytest.raises(InputDataError, match=r"(of 32 bits|floating-point numbers).*\. Give a whole JPEG"):
        image_files.load_photo(tmp_path / "photo.tif")


@pytest.mark.parametrize("options", [{}, {"subsampling": 0}])
@pytest.mark.parametrize("missing", [1, 2])
def test_a_jpeg_without_its_end_is_read_with_a_warning(
    tmp_path: pathlib.Path, missing: int, options: dict[str, int], said: list[str]
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (61, 47, 3), np.uint8)
    data = saved("JPEG", PIL.Image.fromarray(noise), **options)
    whole = image_files.load_photo(write(tmp_path, "whole.jpg", data))
    photo = image_files.load_photo(write(tmp_path, "photo.jpg", data[:-missing]))
    np.testing.assert_array_equal(photo, whole)
    assert said == [f"photo {tmp_path}/photo.jpg: the JPEG lacks its end, but no pixel is missing."]


def test_gray_and_sixteen_bits_become_rgb(tmp_path: pathlib.Path) -> None:
    gray = np.full((4, 6), 200, np.uint8)
    assert (image_files.load_photo(write(tmp_path, "gray.png", encoded(".png", gray))) == 200).all()
    deep = np.full((4, 6), 200 * 257, np.uint16)
    assert (image_files.load_photo(write(tmp_path, "deep.png", encoded(".png", deep))) == 200).all()  # type: ignore[arg-type]


def test_what_is_transparent_becomes_white(tmp_path: pathlib.Path) -> None:
    bgra = np.zeros((4, 6, 4), np.uint8)
    bgra[:, :3] = (0, 0, 200, 255)
    photo = image_files.load_photo(write(tmp_path, "photo.png", encoded(".png", bgra)))
    assert tuple(photo[0, 0]) == (200, 0, 0)
    assert tuple(photo[0, 5]) == (255, 255, 255)


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("text.jpg", b"not a picture", "is no JPEG, PNG, WebP, AVIF, GIF, TIFF or HEIC picture"),
        ("empty.png", b"", "is empty"),
        ("cut.jpg", encoded(".jpg")[:-40], "the JPEG is cut off"),
        ("cut.png", encoded(".png")[:-20], "the PNG is cut off"),
        ("cut.webp", encoded(".webp")[:-20], "the WebP is cut off"),
        ("no_frame.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF", "the JPEG is cut off"),
    ],
)
def test_refuses_what_is_no_whole_picture(tmp_path: pathlib.Path, name: str, data: bytes, why: str) -> None:
    with pytest.raises(InputDataError, match=f"^photo .*{name}: {why}. Give a whole JPEG, PNG or WebP file.$"):
        image_files.load_photo(write(tmp_path, name, data))


def test_refuses_a_damaged_picture(tmp_path: pathlib.Path) -> None:
    data = bytearray(encoded(".png"))
    data[45:55] = bytes(10)
    with pytest.raises(InputDataError, match="cannot be decoded"):
        image_files.load_photo(write(tmp_path, "damaged.png", bytes(data)))


def test_refuses_by_the_header_what_memory_could_not_hold(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path, "bomb.png", png_without_pixels(50_000, 40_000))
    with pytest.raises(InputDataError, match="is 50000x40000, more than 100 megapixels"):
        image_files.load_photo(path)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "I;16", "CMYK"])
def test_a_large_photo_is_converted_in_bands_to_the_same_pixels(
    tmp_path: pathlib.Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = PIL.Image.fromarray(PICTURE)
    stored = PIL.Image.fromarray(PICTURE[..., 0].astype(np.uint16) * 251) if mode == "I;16" else photo.convert(mode)
    if mode == "RGBA":
        stored.putalpha(PIL.Image.fromarray(PICTURE[..., 1]))
    path = tmp_path / "photo.tiff"
    stored.save(path)
    whole = image_files.load_photo(path)
    monkeypatch.setattr(image_files, "_PIXELS_AT_A_TIME", 3 * PICTURE.shape[1])
    np.testing.assert_array_equal(image_files.load_photo(path), whole)
    assert whole.any()


def test_of_a_large_photo_no_second_copy_is_made(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "photo.png"
    PIL.Image.new("RGB", (6000, 4000), "red").save(path)
    tracemalloc.start()
    try:
        picture = image_files.load_photo(path)
        assert tracemalloc.get_traced_memory()[1] < 1.6 * picture.nbytes  # of Pillow's own copy it does not know
    finally:
        tracemalloc.stop()


def test_refuses_a_missing_file(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputDataError, match="No such file"):
        image_files.load_photo(tmp_path / "missing.jpg")


def phone_photo(kind: str, **options: object) -> bytes:
    """AVIF or HEIC of 120x80 pixels, stored on its side with a note to turn it upright."""
    if kind == "AVIF" and not PIL.features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    if kind == "HEIF":
        pytest.importorskip("pillow_heif", reason="the extra `heif` is not installed").register_heif_opener()
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    large = PIL.Image.fromarray(PICTURE.repeat(4, axis=0).repeat(4, axis=1))
    return saved(kind, large.rotate(90, expand=True), exif=exif.tobytes(), quality=95, **options)


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_reads_what_phones_make(tmp_path: pathlib.Path, kind: str) -> None:
    photo = image_files.load_photo(write(tmp_path, "photo", phone_photo(kind)))
    assert photo.shape == (80, 120, 3)
    np.testing.assert_allclose(photo[:, :56], np.broadcast_to((250, 0, 0), (80, 56, 3)), atol=12)
    np.testing.assert_allclose(photo[:, 64:], np.broadcast_to((0, 0, 250), (80, 56, 3)), atol=12)


@pytest.mark.parametrize(("kind", "name"), [("AVIF", "AVIF"), ("HEIF", "HEIC")])
def test_refuses_a_phone_photo_that_is_cut_off(tmp_path: pathlib.Path, kind: str, name: str) -> None:
    data = phone_photo(kind)
    for length in (40, len(data) // 2, len(data) - 1):
        with pytest.raises(InputDataError, match=f"the {name} is cut off"):
            image_files.load_photo(write(tmp_path, "photo", data[:length]))


def test_takes_the_main_photo_of_a_burst(tmp_path: pathlib.Path) -> None:
    others = [PIL.Image.new("RGB", (80, 120))]
    burst = phone_photo("HEIF", save_all=True, append_images=others)
    photo = image_files.load_photo(write(tmp_path, "photo.heic", burst))
    np.testing.assert_allclose(photo[:, :56], np.broadcast_to((250, 0, 0), (80, 56, 3)), atol=12)


def test_says_what_a_heic_photo_needs(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    path = write(tmp_path, "photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    with pytest.raises(MissingDependencyError, match=r"photo.heic: is HEIC, .* pip install 'retarget_tf\[heif\]'$"):
        image_files.load_photo(path)


def test_takes_the_first_picture_of_a_jpeg_that_holds_two(tmp_path: pathlib.Path) -> None:
    """Phones append depth maps and previews: Pillow calls such a JPEG an MPO, and animated."""
    image = PIL.Image.fromarray(PICTURE)
    data = saved("MPO", image, save_all=True, append_images=[image.rotate(180)], quality=95)
    photo = image_files.load_photo(write(tmp_path, "photo.jpg", data))
    np.testing.assert_allclose(photo[:, :8], np.broadcast_to((250, 0, 0), (20, 8, 3)), atol=8)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_refuses_a_cut_anywhere(tmp_path: pathlib.Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (9, 12, 3), np.uint8)
    data = encoded(suffix, noise)
    end = len(data) - {".png": 4, ".jpg": 3}.get(suffix, 0)  # the end chunk's checksum; the end marker, padding bits
    for length in (*range(0, end, 29), *range(end - 20, end)):
        with pytest.raises(InputDataError, match=r"is cut off|is no JPEG, |is empty|cannot be decoded"):
            image_files.load_photo(write(tmp_path, "photo", data[:length]))


@pytest.mark.parametrize("kind", ["WEBP", "JPEG"])
def test_reads_a_photo_with_damaged_exif_as_it_lies(tmp_path: pathlib.Path, kind: str) -> None:
    data = saved(kind, PIL.Image.fromarray(PICTURE), exif=b"Exif\0\0no TIFF header")
    assert image_files.load_photo(write(tmp_path, "photo", data)).shape == (20, 30, 3)


@pytest.mark.filterwarnings("error")
def test_its_own_limit_stands_in_place_of_pillows(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", 100)
    path = write(tmp_path, "photo.png", encoded(".png"))
    assert image_files.load_photo(path).shape == (20, 30, 3)
    monkeypatch.setattr(image_files, "MAX_PIXELS", 599)
    with pytest.raises(InputDataError, match="is 30x20, more than"):
        image_files.load_photo(path)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"quality": 40}])
def test_decodes_jpeg_as_opencv_does(tmp_path: pathlib.Path, options: dict[str, int]) -> None:
    """To the bit: the maps that a photo leads to stay what they were when OpenCV read it."""
    noise = np.random.default_rng(0).integers(0, 256, (61, 47, 3), np.uint8)
    data = saved("JPEG", PIL.Image.fromarray(np.asarray(cv2.GaussianBlur(noise, (5, 5), 0))), **options)
    expected = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))[..., ::-1]
    np.testing.assert_array_equal(image_files.load_photo(write(tmp_path, "photo.jpg", data)), expected)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP"])
def test_header_size_is_that_of_the_stored_pixels(kind: str) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    assert image_files.header_size(saved(kind, PIL.Image.fromarray(PICTURE), exif=exif)) == (30, 20)


def test_header_size_knows_what_a_server_takes() -> None:
    with pytest.raises(ValueError, match="is no JPEG, PNG or WebP picture"):
        image_files.header_size(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")


@pytest.mark.parametrize("picture", [PICTURE, PICTURE[..., 0]], ids=["picture", "map"])
def test_written_png_reads_back(tmp_path: pathlib.Path, picture: Uint8Array) -> None:
    image_files.write_png(tmp_path / "new/picture.png", picture)
    np.testing.assert_array_equal(np.asarray(PIL.Image.open(tmp_path / "new/picture.png")), picture)


def test_encoded_jpeg_is_rgb() -> None:
    decoded = np.asarray(PIL.Image.open(io.BytesIO(image_files.encode_jpeg(PICTURE, 95))))
    np.testing.assert_allclose(decoded[10, 3], (250, 0, 0), atol=8)
