"""Changes parsing maps as different human parsers would: some classes merge into others, one is drawn a pixel thicker.

Human parsers differ in their errors: one labels shoes as trousers, another draws arms thick. A network trained on one
style draws that style for everybody; one trained on many has to copy the style of the reference's map.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from retarget_tf.body import parsing_labels
from retarget_tf.errors import ConfigError

_Classes = tuple[str, ...]
# Which classes may be replaced by which, by the names of `parts10`.
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
    """Probabilities of the style changes.

    Attributes:
        relabel: Probability of each of the relabellings, which are drawn independently.
        thicken: Probability that one random class grows into the background by a pixel on all sides.
    """

    relabel: float = 0.0
    thicken: float = 0.0

    def __post_init__(self) -> None:
        if not all(0 <= value <= 1 for value in dataclasses.astuple(self)):
            raise ConfigError(f"relabel and thicken must lie in 0..1. Received: {self}")

    def apply(
        self, parsing_maps: tf.Tensor, seed: tf.Tensor, schema: parsing_labels.LabelSchema
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Applies one random style to all maps.

        Args:
            parsing_maps: Class ids uint8 `[maps, size, size]`.
            seed: int `[2]`; the same seed gives the same style.
            schema: Label schema of the maps; relabellings with a class that it lacks are skipped.

        Returns:
            The maps, and bool `[]`, false if classes were relabelled, so that the maps contradict the photo.
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
        draw = tf.random.stateless_uniform([2], seed)
        thick = 1 + tf.cast(draw[1] * (schema.num_classes - 1), tf.int32)
        member = tf.cast(tf.equal(tf.cast(parsing_maps, tf.int32), thick), tf.float32)[..., None]
        grown = tf.nn.max_pool2d(member, 3, 1, "SAME")[..., 0] > 0
        grows = (draw[0] < self.thicken) & grown & (parsing_maps == 0)
        return tf.where(grows, tf.cast(thick, tf.uint8), parsing_maps)
