"""Label schemas of human parsing maps: classes, colours, left-right pairs, and the table that leads to `parts10`.

A parsing map is uint8 `[..., height, width]` of class ids; 255 is unknown. `parts10` is what models are trained
and judged on; `cihp20` is the schema of the CIHP data set (Gong et al. 2018, "Instance-level Human Parsing via
Part Grouping Network").
"""

import dataclasses

import numpy as np
import numpy.typing as npt

from retarget_tf.errors import ConfigError

UNKNOWN = 255

IdMap = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]


@dataclasses.dataclass(frozen=True)
class LabelSchema:
    """A named list of classes.

    Attributes:
        name: the key in `SCHEMAS`.
        classes: names; the position is the class id, 0 is the background.
        palette: RGB 0..255 of each class. Those of `parts10` lie far apart, to be told from each other in a
            regressed picture; those of `cihp20` are the data set's own.
        to_parts10: for each class the id in `parts10`, 255 where it has none.
        coarse_groups: sets of class ids that are scored as one; empty where the schema defines none.
    """

    name: str
    classes: tuple[str, ...]
    palette: tuple[Colour, ...]
    to_parts10: tuple[int, ...]
    coarse_groups: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def __post_init__(self) -> None:
        if not len(self.classes) == len(self.palette) == len(self.to_parts10):
            raise ValueError(f"classes, palette and to_parts10 must be equally long. Received: name={self.name}")

    @property
    def num_classes(self) -> int:
        """The number of classes, the background included."""
        return len(self.classes)

    @property
    def mirrored(self) -> tuple[int, ...]:
        """For each class id the id in the mirrored picture: left and right swap."""
        swap = {"left": "right", "right": "left"}
        names = ("_".join(swap.get(word, word) for word in name.split("_")) for name in self.classes)
        return tuple(self.classes.index(name) for name in names)

    def colour(self, parsing_map: IdMap) -> npt.NDArray[np.uint8]:
        """RGB uint8 `[..., height, width, 3]` of a map; unknown pixels are mid-grey."""
        table = np.full((256, 3), 128, np.uint8)
        table[: self.num_classes] = self.palette
        return table[parsing_map]

    def unknown_ids(self, parsing_map: IdMap) -> list[int]:
        """The ids in a map that this schema does not have (255 is always allowed)."""
        present = np.flatnonzero(np.bincount(parsing_map.ravel(), minlength=256))
        return [int(i) for i in present if i >= self.num_classes and i != UNKNOWN]


_PARTS10 = {
    "background": (0, 0, 0),
    "hair": (140, 70, 20),
    "face": (255, 200, 150),
    "upper_clothes": (230, 60, 50),
    "lower_clothes": (40, 70, 200),
    "left_arm": (60, 220, 230),
    "right_arm": (250, 230, 50),
    "left_leg": (40, 170, 80),
    "right_leg": (190, 60, 220),
    "shoes": (255, 255, 255),
}
PARTS10 = LabelSchema(
    name="parts10",
    classes=tuple(_PARTS10),
    palette=tuple(_PARTS10.values()),
    to_parts10=tuple(range(10)),
    coarse_groups=(
        ("head", (1, 2)),
        ("upper_clothes", (3,)),
        ("lower_body", (4, 7, 8)),
        ("arms", (5, 6)),
        ("shoes", (9,)),
    ),
)


def _parts10(name: str) -> int:
    return PARTS10.classes.index(name)


# A hat hides hair, so it counts as hair; a glove has no side, so nothing can be said of it. A dress is upper
# clothes here; above and below the hip line are told apart where a clip is written (`split_dress`).
_CIHP20: dict[str, tuple[Colour, int]] = {
    "background": ((0, 0, 0), 0),
    "hat": ((128, 0, 0), _parts10("hair")),
    "hair": ((255, 0, 0), _parts10("hair")),
    "glove": ((0, 85, 0), UNKNOWN),
    "sunglasses": ((170, 0, 51), _parts10("face")),
    "upper_clothes": ((255, 85, 0), _parts10("upper_clothes")),
    "dress": ((0, 0, 85), _parts10("upper_clothes")),
    "coat": ((0, 119, 221), _parts10("upper_clothes")),
    "socks": ((85, 85, 0), _parts10("shoes")),
    "pants": ((0, 85, 85), _parts10("lower_clothes")),
    "torso_skin": ((85, 51, 0), _parts10("face")),
    "scarf": ((52, 86, 128), _parts10("upper_clothes")),
    "skirt": ((0, 128, 0), _parts10("lower_clothes")),
    "face": ((0, 0, 255), _parts10("face")),
    "left_arm": ((51, 170, 221), _parts10("left_arm")),
    "right_arm": ((0, 255, 255), _parts10("right_arm")),
    "left_leg": ((85, 255, 170), _parts10("left_leg")),
    "right_leg": ((170, 255, 85), _parts10("right_leg")),
    "left_shoe": ((255, 255, 0), _parts10("shoes")),
    "right_shoe": ((255, 170, 0), _parts10("shoes")),
}
CIHP20 = LabelSchema(
    name="cihp20",
    classes=tuple(_CIHP20),
    palette=tuple(colour for colour, _ in _CIHP20.values()),
    to_parts10=tuple(target for _, target in _CIHP20.values()),
)

SCHEMAS = {schema.name: schema for schema in (PARTS10, CIHP20)}


def get_schema(name: str) -> LabelSchema:
    """The schema of that name.

    Raises:
        ConfigError: there is none.
    """
    try:
        return SCHEMAS[name]
    except KeyError:
        raise ConfigError(f"label schema must be one of {sorted(SCHEMAS)}. Received: label_schema={name}") from None


def split_dress(cihp20_map: IdMap, hip_y: float) -> IdMap:
    """The `parts10` map of a `cihp20` map `[height, width]`; a dress is lower clothes below the hip line.

    Args:
        cihp20_map: class ids.
        hip_y: the hip line in pixels from the top (pixel centres at +0.5).
    """
    table = np.full(256, UNKNOWN, np.uint8)
    table[: CIHP20.num_classes] = CIHP20.to_parts10
    parts = table[cihp20_map]
    below = (np.arange(cihp20_map.shape[-2]) + 0.5 > hip_y)[:, None]
    dress = cihp20_map == CIHP20.classes.index("dress")
    parts[dress & below] = _parts10("lower_clothes")
    return parts
