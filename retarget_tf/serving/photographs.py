"""The signatures that answer with photographs: bodies of `prepare_photo`, `step_frame` and `retarget_clip_frames`.

A photo is prepared once: its canvas, its map, and the layers that frames are made of, one below the other in a JPEG
file (the background without the person, then the picture of each class, see `moved_photo_graph`). With those, frames
are made without a state on the server. `retarget_clip_frames` runs the same two functions, so its frames are the same.
"""

from collections.abc import Callable

import tensorflow as tf

from retarget_tf.arrays import Tensor
from retarget_tf.body import reference_choice
from retarget_tf.body.parsing_labels import UNKNOWN
from retarget_tf.networks.config import GeneratorSpec
from retarget_tf.retargeting.frames import moved_photo_graph
from retarget_tf.retargeting.frames.moved_photo_graph import PreparedPhoto
from retarget_tf.serving import contract
from retarget_tf.serving.canvas import Canvas, OnCanvas, decode, encode_each, frames_of, without_wild

_LAYERS_QUALITY = 95
_FRAME_QUALITY = 85  # a frame of 256 px is 5 to 17 kB


class Photographs:
    """Bodies of the signatures that answer with photographs.

    Args:
        spec: Settings of the generator.
        parse: Makes the maps of photos that have none: frames uint8 `[batch, size, size, 3]` and keypoints float32
            `[batch, 25, 3]` to class ids uint8 `[batch, size, size]`, all of the generator's size.
    """

    def __init__(self, spec: GeneratorSpec, parse: Callable[[Tensor, Tensor], Tensor]) -> None:
        self._schema, self._map_size, self._parse = spec.model.schema, spec.model.image_size, parse
        self._size = contract.frame_size(self._map_size)
        self._canvas = Canvas(spec, self._size)

    def prepare(self, image_bytes: Tensor, reference_keypoints: Tensor, reference_map: Tensor) -> dict[str, Tensor]:
        """Body of `prepare_photo`."""
        nowhere = tf.zeros_like(reference_keypoints)[:, None]
        on_canvas = self._canvas.of_photos(self._canvas.cut, image_bytes, reference_keypoints, reference_map, nowhere)
        maps = self._known_maps(on_canvas)
        return {
            "canvas_bytes": encode_each(tf.io.encode_png, on_canvas.frame),
            "layers_bytes": self._layers(on_canvas.frame, maps),
            "reference_keypoints": on_canvas.own,
            "reference_map": maps,
            "photo_square": on_canvas.square,
        }

    def step(
        self,
        canvas_bytes: Tensor,
        layers_bytes: Tensor,
        reference_keypoints: Tensor,
        reference_map: Tensor,
        keypoints: Tensor,
    ) -> dict[str, Tensor]:
        """Body of `step_frame`."""
        own, wanted = (without_wild(points, self._size) for points in (reference_keypoints, keypoints))
        canvas = tf.map_fn(
            lambda encoded: decode(encoded, self._size, self._size, "canvas_bytes"),
            canvas_bytes,
            fn_output_signature=tf.TensorSpec([self._size, self._size, 3], tf.uint8),
        )
        maps = self._canvas.with_known_ids(reference_map, "reference_map")
        frames, opacity = self._prepared(canvas, own, maps, layers_bytes).frame(wanted)
        opacity = tf.cast(tf.round(255.0 * opacity), tf.uint8)
        return {
            "frame_jpeg_bytes": encode_each(_as_jpeg, frames),
            "opacity_png_bytes": encode_each(tf.io.encode_png, opacity),
        }

    def clip(
        self, image_bytes: Tensor, reference_keypoints: Tensor, reference_map: Tensor, keypoints: Tensor
    ) -> dict[str, Tensor]:
        """Body of `retarget_clip_frames`."""
        people, frames = tf.shape(keypoints)[0], frames_of(keypoints)
        shown = image_bytes, reference_keypoints, reference_map
        on_canvas = self._canvas.of_photos(self._canvas.cut, *shown, keypoints)
        maps = self._known_maps(on_canvas)
        prepared = self._prepared(on_canvas.frame, on_canvas.own, maps, self._layers(on_canvas.frame, maps))
        distances = reference_choice.distances(on_canvas.own, on_canvas.wanted)

        def step(frame: Tensor, rows: Tensor, results: Tensor) -> tuple[Tensor, ...]:
            rows = tf.ensure_shape(reference_choice.choose(distances[:, frame], rows), [None])
            made, _ = prepared.of(rows).frame(on_canvas.wanted[:, frame])
            return frame + 1, rows, results.write(frame, encode_each(_as_jpeg, made))

        *_, results = tf.while_loop(
            lambda frame, *_: frame < frames,
            step,
            (0, tf.fill([people], -1), tf.TensorArray(tf.string, size=frames, element_shape=[None])),
            parallel_iterations=1,
        )
        return {"frame_jpeg_bytes": tf.transpose(results.stack())}

    def _known_maps(self, photos: OnCanvas) -> Tensor:
        """Returns the photos' maps, uint8 `[batch, size, size]`; the network parses photos whose map is unknown."""
        scale = self._size // self._map_size
        is_unknown = tf.reduce_all(photos.parsing_map == UNKNOWN, axis=(1, 2), keepdims=True)

        def parsed() -> Tensor:
            small = tf.image.resize(photos.frame, [self._map_size, self._map_size], method="area")
            points = photos.own * [1 / scale, 1 / scale, 1.0]
            maps = self._parse(tf.cast(tf.round(small), tf.uint8), points)
            return tf.where(is_unknown, tf.repeat(tf.repeat(maps, scale, axis=1), scale, axis=2), photos.parsing_map)

        maps = tf.cond(tf.reduce_any(is_unknown), parsed, lambda: photos.parsing_map)
        return tf.ensure_shape(maps, [None, self._size, self._size])

    def _layers(self, canvas: Tensor, maps: Tensor) -> Tensor:
        """Returns the layers of photos as encoded pictures, string `[batch]`."""
        background, pictures = moved_photo_graph.layers(canvas, maps, self._schema)
        layers = tf.concat([background[:, None], pictures], axis=1)
        layers = tf.reshape(layers, [-1, self._height(), self._size, 3])
        return encode_each(
            lambda picture: tf.io.encode_jpeg(picture, quality=_LAYERS_QUALITY, chroma_downsampling=False),
            tf.cast(tf.round(layers), tf.uint8),
        )

    def _prepared(self, canvas: Tensor, own: Tensor, maps: Tensor, layers_bytes: Tensor) -> PreparedPhoto:
        layers = tf.map_fn(
            lambda encoded: decode(encoded, self._height(), self._size, "layers_bytes"),
            layers_bytes,
            fn_output_signature=tf.TensorSpec([self._height(), self._size, 3], tf.uint8),
        )
        layers = tf.reshape(layers, [-1, self._schema.num_classes + 1, self._size, self._size, 3])
        return moved_photo_graph.prepare(canvas, own, maps, layers[:, 0], layers[:, 1:], self._schema)

    def _height(self) -> int:
        return (self._schema.num_classes + 1) * self._size


def _as_jpeg(frame: Tensor) -> Tensor:
    return tf.io.encode_jpeg(frame, quality=_FRAME_QUALITY)
