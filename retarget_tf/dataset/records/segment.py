"""Defines, writes and parses a record: consecutive frames of one clip as a `tf.train.SequenceExample`.

    context         clip_id, person_id, fps, first_index, schema_version,
                    reference_frames, reference_parsing_maps, reference_keypoints: reference frames of the same clip;
                    the first is always the clip's first frame that shows somebody;
                    reference_surface_maps, reference_pieces (24 floats a piece), optional
    feature lists   frames (JPEG, quality 95, full chroma), parsing_maps (PNG, gray8), keypoints (75 floats);
                    surface_maps (PNG, RGB), optional, see `surfaces`

Frames are decoded with libjpeg's accurate integer transform, so that every reader gets the same pixels.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import tensorflow as tf

from retarget_tf.arrays import AnyArray, Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.dataset.clips import ClipIdentity
from retarget_tf.dataset.records.manifest import SCHEMA_VERSION

JPEG_QUALITY = 95

_CONTEXT_FEATURES = {
    "clip_id": tf.io.FixedLenFeature([], tf.string),
    "person_id": tf.io.FixedLenFeature([], tf.string),
    "fps": tf.io.FixedLenFeature([], tf.float32),
    "first_index": tf.io.FixedLenFeature([], tf.int64),
    "schema_version": tf.io.FixedLenFeature([], tf.int64),
    "reference_frames": tf.io.RaggedFeature(tf.string),
    "reference_parsing_maps": tf.io.RaggedFeature(tf.string),
    "reference_keypoints": tf.io.RaggedFeature(tf.float32),
    "reference_surface_maps": tf.io.RaggedFeature(tf.string),  # a missing feature is empty
    "reference_pieces": tf.io.RaggedFeature(tf.float32),
}
_SEQUENCE_FEATURES = {
    "frames": tf.io.FixedLenSequenceFeature([], tf.string),
    "parsing_maps": tf.io.FixedLenSequenceFeature([], tf.string),
    "keypoints": tf.io.FixedLenSequenceFeature([skeleton.NUM_JOINTS, 3], tf.float32),
    "surface_maps": tf.io.FixedLenSequenceFeature([], tf.string, allow_missing=True),
}
FRAME_FEATURES = tuple(_SEQUENCE_FEATURES)  # stored of every frame; of a reference with the prefix "reference_"
_PIECE = (2, 3, 4)


@dataclasses.dataclass(frozen=True)
class EncodedFrames:
    """Encoded frames and maps, and their keypoints.

    Attributes:
        frames: A JPEG file for each frame.
        parsing_maps: A PNG file of class ids for each frame.
        keypoints: float32 `[frames, 25, 3]`: x, y in pixels and confidence.
        surface_maps: A PNG file of codes for each frame; empty in records without surface maps.
    """

    frames: tuple[bytes, ...]
    parsing_maps: tuple[bytes, ...]
    keypoints: Float32Array
    surface_maps: tuple[bytes, ...] = ()

    def __len__(self) -> int:
        return len(self.frames)


@dataclasses.dataclass(frozen=True)
class Segment:
    """Contents of one record.

    Attributes:
        clip: Identity of the clip; its `motion_of` is not stored in records, only in the manifest.
        first_index: Position of the first frame in the clip.
        body: The consecutive frames.
        references: Reference frames of the same clip; the first is the clip's first frame that shows somebody.
        reference_pieces: Where the pieces are in the references, float32 `[references, pieces, 2, 3, 4]`; None in
            records without surface maps.
    """

    clip: ClipIdentity
    first_index: int
    body: EncodedFrames
    references: EncodedFrames
    reference_pieces: Float32Array | None = None

    def serialize(self) -> bytes:
        """Returns the record's bytes."""
        context = {
            "clip_id": _bytes([self.clip.clip_id.encode()]),
            "person_id": _bytes([self.clip.person_id.encode()]),
            "fps": _floats([self.clip.fps]),
            "first_index": _int(self.first_index),
            "schema_version": _int(SCHEMA_VERSION),
            "reference_frames": _bytes(self.references.frames),
            "reference_parsing_maps": _bytes(self.references.parsing_maps),
            "reference_keypoints": _floats(self.references.keypoints.ravel()),
        }
        lists = {
            "frames": [_bytes([frame]) for frame in self.body.frames],
            "parsing_maps": [_bytes([parsing_map]) for parsing_map in self.body.parsing_maps],
            "keypoints": [_floats(points.ravel()) for points in self.body.keypoints],
        }
        if self.reference_pieces is not None:
            context["reference_surface_maps"] = _bytes(self.references.surface_maps)
            context["reference_pieces"] = _floats(self.reference_pieces.ravel())
            lists["surface_maps"] = [_bytes([surface_map]) for surface_map in self.body.surface_maps]
        example = tf.train.SequenceExample(
            context=tf.train.Features(feature=context),
            feature_lists=tf.train.FeatureLists(
                feature_list={name: tf.train.FeatureList(feature=values) for name, values in lists.items()}
            ),
        )
        return example.SerializeToString(deterministic=True)  # otherwise protobuf may write maps in any order

    @classmethod
    def parse(cls, serialized: tf.Tensor | bytes) -> "Segment":
        """Inverts `serialize`; the pictures stay encoded."""
        return cls.from_tensors(parse_tensors(serialized))

    @classmethod
    def from_tensors(cls, tensors: dict[str, tf.Tensor]) -> "Segment":
        """Makes a segment of the result of `parse_tensors`."""
        values = {name: tensor.numpy() for name, tensor in tensors.items()}
        return cls(
            clip=ClipIdentity(values["clip_id"].decode(), values["person_id"].decode(), float(values["fps"])),
            first_index=int(values["first_index"]),
            body=_frames(values),
            references=_frames({name: values[f"reference_{name}"] for name in FRAME_FEATURES}),
            reference_pieces=values["reference_pieces"] if values["reference_pieces"].size else None,
        )


def parse_tensors(serialized: tf.Tensor | bytes) -> dict[str, tf.Tensor]:
    """Parses a record, eagerly or in a graph; pictures stay encoded.

    Args:
        serialized: string `[]`.

    Returns:
        `clip_id`, `person_id` string `[]`; `fps` float32 `[]`; `first_index`, `schema_version` int64 `[]`;
        `frames`, `parsing_maps` string `[frames]`; `keypoints` float32 `[frames, 25, 3]`; `surface_maps` string
        `[frames]`, or `[0]` in records without; the same with the prefix `reference_`, `[references, ...]`; and
        `reference_pieces` float32 `[references, pieces, 2, 3, 4]`, without any piece in records without.
    """
    context, sequence = tf.io.parse_single_sequence_example(serialized, _CONTEXT_FEATURES, _SEQUENCE_FEATURES)
    context["reference_keypoints"] = tf.reshape(context["reference_keypoints"], [-1, skeleton.NUM_JOINTS, 3])
    references, numbers = tf.size(context["reference_frames"]), tf.size(context["reference_pieces"])
    count = numbers // tf.maximum(references * math.prod(_PIECE), 1)
    context["reference_pieces"] = tf.reshape(context["reference_pieces"], [references, count, *_PIECE])
    return {**context, **sequence}


def encode_frame(frame: Uint8Array) -> bytes:
    """Encodes an RGB frame uint8 `[height, width, 3]` as JPEG, quality 95, without chroma subsampling."""
    return tf.io.encode_jpeg(frame, quality=JPEG_QUALITY, chroma_downsampling=False).numpy()


def encode_surface_map(codes: Uint8Array) -> bytes:
    """Encodes a surface map uint8 `[height, width, 3]` as PNG, which is lossless."""
    return tf.io.encode_png(codes).numpy()


def encode_map(parsing_map: Uint8Array) -> bytes:
    """Encodes a parsing map uint8 `[height, width]` as PNG, which is lossless."""
    return tf.io.encode_png(parsing_map[..., None]).numpy()


def decode_frame(jpeg: tf.Tensor) -> tf.Tensor:
    """Decodes a stored frame to RGB uint8 `[height, width, 3]`, eagerly or in a graph."""
    return tf.io.decode_jpeg(jpeg, channels=3, dct_method="INTEGER_ACCURATE")


def decode_map(png: tf.Tensor) -> tf.Tensor:
    """Decodes a stored parsing map to class ids uint8 `[height, width]`, eagerly or in a graph."""
    return tf.io.decode_png(png, channels=1)[..., 0]


def decode_surface_map(png: tf.Tensor) -> tf.Tensor:
    """Decodes a stored surface map to codes uint8 `[height, width, 3]`, eagerly or in a graph."""
    return tf.io.decode_png(png, channels=3)


def _frames(values: Mapping[str, AnyArray]) -> EncodedFrames:
    return EncodedFrames(
        tuple(values["frames"]), tuple(values["parsing_maps"]), values["keypoints"], tuple(values["surface_maps"])
    )


def _bytes(values: Sequence[bytes]) -> tf.train.Feature:
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))


def _floats(values: Sequence[float] | Float32Array) -> tf.train.Feature:
    return tf.train.Feature(float_list=tf.train.FloatList(value=values))


def _int(value: int) -> tf.train.Feature:
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
