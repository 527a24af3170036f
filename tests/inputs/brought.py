"""Makes the files that the commands of the table name: five frames of a walking square, in every kind people bring."""

import json
import pathlib
import shutil
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
import PIL.features
import PIL.Image

from retarget_tf.arrays import Uint8Array
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.dataset import records
from retarget_tf.networks.trained import PRETRAINED
from retarget_tf.pictures import video
from tests import testing

SIZE = 64
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"
SQUARES = [testing.walking_square(index, SIZE) for index in range(5)]
FRAMES = [frame for frame, _, _ in SQUARES]


def bring(folder: pathlib.Path) -> None:
    """Writes what every row may use."""
    _common(folder)
    kinds = {"photos": _photos, "videos": _videos, "points": _points, "parsed": _maps, "models": _models}
    for name, write in kinds.items():
        (folder / name).mkdir()
        write(folder / name)


def _common(folder: pathlib.Path) -> None:
    _pictures(folder / "frames", FRAMES, "{:04}.png")
    _pictures(folder / "maps", [parsing_map for _, parsing_map, _ in SQUARES], "{:06}.png")
    with video.VideoWriter(folder / "dance.mp4", 25) as writer:
        for frame in FRAMES:
            writer.write(frame)
    shutil.copy(folder / "frames" / "0000.png", folder / "photo.png")
    shutil.copy(folder / "maps" / "000000.png", folder / "map.png")
    np.save(folder / "points.npy", np.stack([keypoints for *_, keypoints in SQUARES]))
    np.save(folder / "person.npy", SQUARES[0][2][None])
    for person in "abc":
        testing.make_clip_folder(folder / "clips", clip_id=person, person_id=person)
    config = records.BuildConfig(segment_frames=4, validation_share=0.34, test_share=0.34)
    records.build_records([folder / "clips"], folder / "records", config)


def _pictures(folder: pathlib.Path, pictures: Iterable[Uint8Array], pattern: str) -> None:
    folder.mkdir()
    for index, picture in enumerate(pictures):
        PIL.Image.fromarray(picture).save(folder / pattern.format(index))


def _no_files(folder: pathlib.Path, suffix: str) -> None:
    """What has the name of a file but is none, for every door."""
    (folder / f"text{suffix}").write_text("not what its name says\n" * 20)
    (folder / f"lfs{suffix}").write_text(POINTER)
    (folder / f"empty{suffix}").touch()
    (folder / f"folder{suffix}").mkdir()


def _photos(folder: pathlib.Path) -> None:
    photo = PIL.Image.fromarray(FRAMES[0])
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    photo.rotate(90).save(folder / "rotated.jpg", exif=exif)
    photo.rotate(90).save(folder / "sideways.png")
    PIL.Image.fromarray(SQUARES[0][1]).rotate(90).save(folder / "sideways_map.png")
    points = SQUARES[0][2].copy()
    np.save(folder / "sideways.npy", np.stack([points[:, 1], SIZE - points[:, 0], points[:, 2]], -1)[None])
    for suffix in ("jpg", "tiff", "gif", "webp", *(["avif"] if PIL.features.check("avif") else [])):
        photo.save(folder / f"photo.{suffix}")
    photo.convert("CMYK").save(folder / "cmyk.tiff")
    gray, indexed = photo.convert("L"), photo.quantize(16)
    gray.convert("1").save(folder / "bits.png")
    PIL.Image.fromarray(np.asarray(gray).astype(np.uint16) * 257).save(folder / "deep.png")
    indexed.save(folder / "indexed.png", transparency=indexed.getpixel((0, 0)))
    for name, image in (("gray", gray), ("indexed", indexed)):
        image.putalpha(PIL.Image.fromarray(np.maximum(255 * (SQUARES[0][1] > 0), 100).astype(np.uint8)))
        image.save(folder / f"{name}_alpha.tiff")
    gray.save(folder / "gray_alpha.png")
    photo.save(folder / "animation.gif", save_all=True, append_images=[PIL.Image.fromarray(FRAMES[1])])
    photo.convert("F").save(folder / "float.tiff")
    if testing.HAS_HEIF:
        from pillow_heif import from_pillow

        from_pillow(photo).save(folder / "photo.heic")
    (folder / "cut.jpg").write_bytes((folder / "photo.jpg").read_bytes()[:-200])
    (folder / "endless.jpg").write_bytes((folder / "photo.jpg").read_bytes()[:-2])
    photo.resize((1, 1)).save(folder / "dot.png")
    (folder / "huge.png").write_bytes(testing.png_without_pixels(60_000, 60_000))
    _no_files(folder, ".jpg")


def _videos(folder: pathlib.Path) -> None:
    _stream(folder / "nearly.mp4", sample_aspect_ratio=Fraction(1787, 1789))
    _stream(folder / "anamorphic.mp4", sample_aspect_ratio=Fraction(4, 3))
    _stream(folder / "rateless.webm", "vp8", format="webm", options={"live": "1"})
    _stream(folder / "12:30.mp4")
    _stream(folder / "whole.mkv", "mjpeg")
    _stream(folder / "one.mp4", frames=FRAMES[:1])
    _stream(folder / "hlg.mp4", bright=True)
    _stream(folder / "covered.mp4", covered=True)
    _trimmed(folder / "trim.mp4")
    testing.write_sound(folder / "sound.mp4")
    for suffix in ("gif", "webp"):
        first, *more = map(PIL.Image.fromarray, FRAMES)
        first.save(folder / f"a.{suffix}", save_all=True, append_images=more, duration=40)
    _pictures(folder / "pictures", FRAMES, "frame_{:03}.jpg")
    _pictures(folder / "unnumbered", [FRAMES[0]], "me.png")
    _pictures(folder / "twice", FRAMES[:1], "{}.png")
    shutil.copy(folder / "twice" / "0.png", folder / "twice" / "00.png")
    (folder / "list.mp4").write_text("ffconcat version 1.0\nfile one.mp4\n")
    (folder / "addresses.mp4").write_text("#EXTM3U\n#EXTINF:9,\nhttp://localhost/one.ts\n")
    cuts = {"cut.mp4": "12:30.mp4", "cut.mkv": "whole.mkv", "torn.mp4": "../dance.mp4"}
    for name, source in cuts.items():
        whole = (folder / source).read_bytes()
        (folder / name).write_bytes(whole[: len(whole) * 6 // 10])
    _no_files(folder, ".mp4")


def _stream(
    path: pathlib.Path,
    codec: str = "libx264",
    frames: Iterable[Uint8Array] = FRAMES,
    *,
    covered: bool = False,
    bright: bool = False,
    sample_aspect_ratio: Fraction | None = None,
    start: int = 0,
    **container_options: Any,
) -> None:
    """Writes frames as a camera or a browser does, not as this package does."""
    # mjpeg takes no pictures of the range of televisions
    with av.open(f"file:{path}", "w", **container_options) as container:
        stream: Any = container.add_stream(codec, rate=25)
        stream.width, stream.height = SIZE, SIZE
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if bright:  # HDR, as telephones film it
            stream.pix_fmt = "yuv420p10le"
            stream.codec_context.color_trc, stream.codec_context.color_primaries = 18, 9
            stream.codec_context.colorspace = 9
        if sample_aspect_ratio:
            stream.codec_context.sample_aspect_ratio = sample_aspect_ratio
        cover: Any = container.add_stream("mjpeg", rate=1) if covered else None
        if cover:
            cover.width, cover.height, cover.pix_fmt = 32, 32, "yuvj420p"
            cover.disposition = av.stream.Disposition.attached_pic
            container.mux(cover.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))))
            container.mux(cover.encode())
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels)
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _trimmed(path: pathlib.Path) -> None:
    """A trim without recoding: seven frames are stored, of which the edit list shows the last five."""
    whole = path.with_name("untrimmed.mp4")
    _stream(whole, frames=[FRAMES[0], FRAMES[0], *FRAMES])
    with av.open(str(whole)) as source, av.open(str(path), "w") as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None and packet.pts is not None and packet.time_base is not None:
                shift = round(Fraction(2, 25) / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, stream
                container.mux(packet)
    whole.unlink()


def _points(folder: pathlib.Path) -> None:
    """Keypoints of the five frames in each format, and what is wrong with such files."""
    points = np.stack([keypoints for *_, keypoints in SQUARES])
    np.savez(folder / "named.npz", keypoints=points)
    np.savez(folder / "unnamed.npz", points)
    np.save(folder / "shares.npy", points / [SIZE, SIZE, 1])
    np.save(folder / "centred.npy", points / [-SIZE, SIZE, 1])
    np.save(folder / "unsure.npy", points[..., :2])
    np.save(folder / "doubles.npy", points.astype(np.float64))
    np.save(folder / "sixteen.npy", points[:, :16])
    np.save(folder / "flat.npy", points.ravel())
    np.save(folder / "none.npy", points[:0])
    np.save(folder / "seven.npy", points[[0, 0, 0, 1, 2, 3, 4]])
    np.save(folder / "three.npy", points[:3])
    np.save(folder / "two.npy", points[:2])
    np.save(folder / "zeros.npy", points * 0)
    np.save(folder / "words.npy", points.astype(str))
    np.save(folder / "pickled.npy", points.astype(object), allow_pickle=True)
    for name, value in (("nan", np.nan), ("infinity", np.inf)):
        changed = points.copy()
        changed[3, 0, 0] = value
        np.save(folder / f"{name}.npy", changed)
    gap = points.copy()
    gap[3] = 0
    np.save(folder / "gap.npy", gap)
    (folder / "cut.npy").write_bytes((folder / "doubles.npy").read_bytes()[:1000])
    # Halpe's order is that of COCO-17, the top of the head (here the nose again), neck, hip, and feet.
    halpe = points[:, [0, 16, 15, 18, 17, 5, 2, 6, 3, 7, 4, 12, 9, 13, 10, 14, 11, 0, 1, 8, 19, 22, 20, 23, 21, 24]]
    np.save(folder / "halpe.npy", halpe)
    people = [{"keypoints": pose.ravel().tolist(), "category_id": 1, "score": 2.5} for pose in halpe[:4]]
    for name, pictures in (("alphapose", "0123"), ("nameless", "abcd")):
        listed = [{"image_id": f"{picture}.jpg"} | person for picture, person in zip(pictures, people, strict=True)]
        _json(folder / f"{name}.json", listed)
    frames = [{"people": [{"pose_keypoints_2d": pose.ravel().tolist()}]} for pose in points]
    beside = points + [2, 0, 0] * (points[..., 2:] > 0)  # another person, nearly at the same place
    close = [
        {"people": [{"pose_keypoints_2d": pose.ravel().tolist()} for pose in pair]}
        for pair in zip(points, beside, strict=True)
    ]
    canvas = [frame | {"canvas_width": SIZE, "canvas_height": SIZE} for frame in frames]
    _json(folder / "dwpose.json", canvas)
    _json(folder / "dwpose.npy", canvas)
    _json(folder / "others.json", {"annotations": []})
    _json(folder / "fifteen.json", [{"people": [{"pose_keypoints_2d": [1.0] * 45}]}] * 5)
    for name, chosen in (
        ("openpose", frames),
        ("fewer", frames[:4]),
        ("more", [*frames, frames[0]]),
        ("close", close),
    ):
        (folder / name).mkdir()
        for index, frame in enumerate(chosen):
            _json(folder / name / f"dance_{index:012}_keypoints.json", frame)
    (folder / "nobody").mkdir()
    _json(folder / "nobody" / "0.json", {"people": []})
    (folder / "yaml").mkdir()
    for index, pose in enumerate(points):
        storage = cv2.FileStorage(str(folder / "yaml" / f"{index:06}_pose.yml"), cv2.FILE_STORAGE_WRITE)
        storage.write("pose", pose[None])
        storage.release()
    _no_files(folder, ".npy")
    _no_files(folder, ".json")


def _json(path: pathlib.Path, content: object) -> None:
    path.write_text(json.dumps(content))


def _maps(folder: pathlib.Path) -> None:
    """The map of the photo as each kind of PNG, and what is none."""
    ids = SQUARES[0][1]
    image = PIL.Image.fromarray(ids)
    palette = np.asarray(PARTS10.palette, np.uint8)
    kinds: dict[str, Callable[[], PIL.Image.Image]] = {
        "wide": lambda: PIL.Image.fromarray(ids.astype(np.uint16)),
        "repeated": lambda: PIL.Image.fromarray(np.dstack([ids] * 3)),
        "coloured": lambda: PIL.Image.fromarray(palette[ids]),
        "opaque": lambda: PIL.Image.fromarray(palette[ids]).convert("RGBA"),
        "clear": lambda: PIL.Image.fromarray(np.dstack([palette[ids], ids])),
        "blurred": lambda: PIL.Image.fromarray(cv2.blur(palette[ids], (3, 3))),
        "bits": lambda: PIL.Image.fromarray(ids > 0),
        "large": lambda: image.resize((SIZE * 2, SIZE * 2), PIL.Image.Resampling.NEAREST),
        "nineteen": lambda: PIL.Image.fromarray(np.maximum(ids, 19)),
        "ninety": lambda: PIL.Image.fromarray(ids + np.uint8(90)),
        "bare": lambda: PIL.Image.fromarray(ids * np.uint8(0)),
    }
    for name, kind in kinds.items():
        kind().save(folder / f"{name}.png")
    indexed = PIL.Image.fromarray(ids, "P")
    indexed.putpalette(palette.ravel().tolist())
    indexed.save(folder / "indexed.png")
    indexed.convert("RGB").save(folder / "lossy.jpg")
    (folder / "cut.png").write_bytes((folder / "coloured.png").read_bytes()[:-30])
    _no_files(folder, ".png")


def _models(folder: pathlib.Path) -> None:
    """What is given as a model and is none."""
    for name in ("text", "lfs", "empty", "lonely", "undescribed", "folder"):
        (folder / name).mkdir()
        if name not in ("undescribed", "folder"):
            shutil.copy(PRETRAINED / "stable_128.json", folder / name / "generator.json")
    (folder / "text" / "generator.keras").write_text("not a model\n")
    (folder / "lfs" / "generator.keras").write_text(POINTER)
    (folder / "empty" / "generator.keras").touch()
    (folder / "undescribed" / "generator.keras").write_text("not a model\n")
    (folder / "saved").mkdir()
    (folder / "saved" / "saved_model.pb").write_text("not a model\n")
    (folder / "saved" / "assets.extra").mkdir()
    shutil.copy(PRETRAINED / "stable_128.json", folder / "saved" / "assets.extra" / "generator.json")
