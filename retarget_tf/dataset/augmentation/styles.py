"""Other ways to draw the same person's map: parts of other classes, parts a pixel thicker; the same in a whole stream.

Every parser of photos has habits of its own: one gives shoes to the trousers, one draws arms thick. A network that has
seen one way only draws everybody so. One that has seen many has to take the way from the reference's map.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from retarget_tf.body import parsing_labels
from retarget_tf.errors import ConfigError

_Classes = tuple[str, ...]
# What may be taken for what, by the names of `parts10`.
_RELABELLINGS: tuple[tuple[_Classes, str], ...] = (
    (("shoes",), "lower_clothes"),
    (("shoes",), "background"),
    (("hair",), "face"),
    (("lower_clothes",), "upper_clothes"),
    (("left_leg", "right_leg"), "lower_clothes"),
    (("left_arm", "right_arm"), "upper_clothes"),
)


@dataclasses.dataclass(frozen=True)
class StyleRange:
    """How far the way of drawing may change.

    Attributes:
        relabel: probability of each relabelling.
        thicken: probability that one class, drawn at random, is a pixel thicker on all sides.
    """

    relabel: float = 0.0
    thicken: float = 0.0

    def __post_init__(self) -> None:
        if not all(0 <= value <= 1 for value in dataclasses.astuple(self)):
            raise ConfigError(f"relabel and thicken must lie in 0..1. Received: {self}")

    def apply(
        self, parsing_maps: tf.Tensor, seed: tf.Tensor, schema: parsing_labels.LabelSchema
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Redraws all maps in one way.

        Args:
            parsing_maps: uint8 `[maps, size, size]`.
            seed: int `[2]`.
            schema: of the maps; relabellings whose classes it has not are left out.

        Returns:
            The maps, and bool `[]`: whether they still are what the photo shows.
        """
        relabel_seed, thicken_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
        draws = tf.random.stateless_uniform([len(_RELABELLINGS)], relabel_seed)
        table, is_relabelled = tf.range(256), tf.constant(False)
        for index, (classes, other) in enumerate(_RELABELLINGS):
            if not {*classes, other} <= set(schema.classes):
                continue
            chosen = draws[index] < self.relabel
            members = np.isin(np.arange(256), [schema.classes.index(name) for name in classes])
            table = tf.where(chosen & members, schema.classes.index(other), table)
            is_relabelled |= chosen
        parsing_maps = tf.cast(tf.gather(table, tf.cast(parsing_maps, tf.int32)), tf.uint8)
        if self.thicken:
            parsing_maps = self._thickened(parsing_maps, thicken_seed, schema)
        return parsing_maps, ~is_relabelled

    def _thickened(self, parsing_maps: tf.Tensor, seed: tf.Tensor, schema: parsing_labels.LabelSchema) -> tf.Tensor:
        """One class grows into the background."""
        draw = tf.random.stateless_uniform([2], seed)
        thick = 1 + tf.cast(draw[1] * (schema.num_classes - 1), tf.int32)
        member = tf.cast(tf.equal(tf.cast(parsing_maps, tf.int32), thick), tf.float32)[..., None]
        grown = tf.nn.max_pool2d(member, 3, 1, "SAME")[..., 0] > 0
        grows = (draw[0] < self.thicken) & grown & (parsing_maps == 0)
        return tf.where(grows, tf.cast(thick, tf.uint8), parsing_maps)
