"""Label schemas of human parsing maps: classes, colours, left-right pairs, and the table that converts to `parts10`.

A parsing map is uint8 `[..., height, width]` of class ids; 255 is unknown. By default models use
`parts10`. The other schemas are those of public data sets and parsers, in their own order of classes:

| schema | source |
|---|---|
| `cihp20` | CIHP: Gong et al. 2018, "Instance-level Human Parsing via Part Grouping Network" |
| `lip20` | LIP: Gong et al. 2017, "Look into Person" |
| `atr18` | ATR: Liang et al. 2015, "Deep Human Parsing with Active Template Regression" |
| `ppp7` | Pascal-Person-Part: Chen et al. 2014, "Detect What You Can" |
| `mediapipe6` | MediaPipe's multiclass selfie segmenter |
"""

import dataclasses

import numpy as np

from retarget_tf.arrays import Uint8Array
from retarget_tf.errors import ConfigError

UNKNOWN = 255

Colour = tuple[int, int, int]


@dataclasses.dataclass(frozen=True)
class LabelSchema:
    """A named list of classes.

    Attributes:
        name: Key of the schema in `SCHEMAS`.
        classes: Names of the classes; the position is the class id, 0 is the background.
        palette: RGB 0..255 of each class. The colours of `parts10` lie far apart, so that they can still be
            distinguished in a regressed picture; the other palettes are those commonly used for the data set.
        to_parts10: For each class its id in `parts10`; 255 where `parts10` has no such class.
        in_one_piece: Ids of garments, such as dresses, that cover the body above and below the hips.
        coarse_groups: Named sets of class ids that metrics may merge into one class; empty if there are none.
    """

    name: str
    classes: tuple[str, ...]
    palette: tuple[Colour, ...]
    to_parts10: tuple[int, ...]
    in_one_piece: tuple[int, ...] = ()
    coarse_groups: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def __post_init__(self) -> None:
        if not len(self.classes) == len(self.palette) == len(self.to_parts10):
            raise ValueError(f"classes, palette and to_parts10 must be equally long. Received: name={self.name}")

    @property
    def num_classes(self) -> int:
        """Number of classes, including the background."""
        return len(self.classes)

    @property
    def mirrored(self) -> tuple[int, ...]:
        """For each class id its id in the mirrored picture, where left and right are exchanged."""
        swap = {"left": "right", "right": "left"}
        names = ("_".join(swap.get(word, word) for word in name.split("_")) for name in self.classes)
        return tuple(self.classes.index(name) for name in names)

    def colour(self, parsing_map: Uint8Array) -> Uint8Array:
        """Paints a map: RGB uint8 `[..., height, width, 3]`, mid-grey where the class is unknown."""
        table = np.full((256, 3), 128, np.uint8)
        table[: self.num_classes] = self.palette
        return np.take(table, parsing_map, axis=0)  # several times as fast as an index

    def ids_of(self, picture: Uint8Array) -> Uint8Array:
        """Inverts `colour`: returns the class id of each pixel of a picture `[height, width, 3]`.

        Mid-grey that is no class's colour becomes 255.

        Raises:
            ValueError: A pixel's colour belongs to no class; the message names the first such pixel.
        """
        weights = np.array([1 << 16, 1 << 8, 1], np.int32)
        codes = np.asarray([*self.palette, (128, 128, 128)], np.int32) @ weights
        ids = np.asarray([*range(self.num_classes), UNKNOWN], np.uint8)
        order = np.argsort(codes, kind="stable")  # a class that is itself mid-grey is found before unknown
        wanted = picture.astype(np.int32) @ weights
        found = order[np.minimum(np.searchsorted(codes[order], wanted), len(codes) - 1)]
        if strangers := np.argwhere(codes[found] != wanted).tolist():
            row, column = strangers[0]
            colour = tuple(int(value) for value in picture[row, column])
            raise ValueError(f"colour {colour} at x={column}, y={row} is of no class of label schema {self.name}")
        return ids[found]

    def parts10_of(self, parsing_map: Uint8Array, hip_y: float) -> Uint8Array:
        """Converts a map `[height, width]` of this schema to `parts10`.

        Args:
            parsing_map: uint8 class ids of this schema.
            hip_y: Height of the hips in pixels from the top (pixel centres at +0.5). Below it, garments in one piece
                become lower clothes.
        """
        table = np.full(256, UNKNOWN, np.uint8)
        table[: self.num_classes] = self.to_parts10
        parts = table[parsing_map]
        below = (np.arange(parsing_map.shape[-2]) + 0.5 > hip_y)[:, None]
        parts[np.isin(parsing_map, self.in_one_piece) & below] = _parts10("lower_clothes")
        return parts

    def unknown_ids(self, parsing_map: Uint8Array) -> list[int]:
        """Returns the ids in a map that this schema does not define (255 is always allowed)."""
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


def _schema(
    name: str, classes: dict[str, tuple[Colour, str | None]], in_one_piece: tuple[str, ...] = ()
) -> LabelSchema:
    """Builds a schema from the colour of each class and its class in `parts10`, None where there is none."""
    targets = [target for _, target in classes.values()]
    return LabelSchema(
        name=name,
        classes=tuple(classes),
        palette=tuple(colour for colour, _ in classes.values()),
        to_parts10=tuple(UNKNOWN if target is None else _parts10(target) for target in targets),
        in_one_piece=tuple(list(classes).index(garment) for garment in in_one_piece),
    )


# A hat hides hair, so it counts as hair. A glove may be on either hand, so it has no class in `parts10`. A dress is
# upper clothes here; `LabelSchema.parts10_of` makes it lower clothes below the hips.
_CIHP20: dict[str, tuple[Colour, str | None]] = {
    "background": ((0, 0, 0), "background"),
    "hat": ((128, 0, 0), "hair"),
    "hair": ((255, 0, 0), "hair"),
    "glove": ((0, 85, 0), None),
    "sunglasses": ((170, 0, 51), "face"),
    "upper_clothes": ((255, 85, 0), "upper_clothes"),
    "dress": ((0, 0, 85), "upper_clothes"),
    "coat": ((0, 119, 221), "upper_clothes"),
    "socks": ((85, 85, 0), "shoes"),
    "pants": ((0, 85, 85), "lower_clothes"),
    "torso_skin": ((85, 51, 0), "face"),
    "scarf": ((52, 86, 128), "upper_clothes"),
    "skirt": ((0, 128, 0), "lower_clothes"),
    "face": ((0, 0, 255), "face"),
    "left_arm": ((51, 170, 221), "left_arm"),
    "right_arm": ((0, 255, 255), "right_arm"),
    "left_leg": ((85, 255, 170), "left_leg"),
    "right_leg": ((170, 255, 85), "right_leg"),
    "left_shoe": ((255, 255, 0), "shoes"),
    "right_shoe": ((255, 170, 0), "shoes"),
}
CIHP20 = _schema("cihp20", _CIHP20, ("dress",))

# LIP has CIHP's classes, except that id 10 is jumpsuits.
_LIP20 = {
    ("jumpsuits" if name == "torso_skin" else name): (
        (colour, "upper_clothes") if name == "torso_skin" else (colour, to)
    )
    for name, (colour, to) in _CIHP20.items()
}
LIP20 = _schema("lip20", _LIP20, ("dress", "jumpsuits"))


def _pascal_colour(class_id: int) -> Colour:
    """Returns Pascal VOC's colour of a class: the bits of its id go to R, G, B in turn, filling each from the top."""

    def channel(first_bit: int) -> int:
        return sum((class_id >> 3 * place + first_bit & 1) << 7 - place for place in range(8))

    return channel(0), channel(1), channel(2)


def _painted(classes: dict[str, str | None]) -> dict[str, tuple[Colour, str | None]]:
    """Adds Pascal VOC's colours to classes whose data set defines no palette."""
    return {name: (_pascal_colour(class_id), target) for class_id, (name, target) in enumerate(classes.items())}


# A bag hides the body, and so has no class in `parts10`.
_ATR18: dict[str, str | None] = {
    "background": "background",
    "hat": "hair",
    "hair": "hair",
    "sunglasses": "face",
    "upper_clothes": "upper_clothes",
    "skirt": "lower_clothes",
    "pants": "lower_clothes",
    "dress": "upper_clothes",
    "belt": "lower_clothes",
    "left_shoe": "shoes",
    "right_shoe": "shoes",
    "face": "face",
    "left_leg": "left_leg",
    "right_leg": "right_leg",
    "left_arm": "left_arm",
    "right_arm": "right_arm",
    "bag": None,
    "scarf": "upper_clothes",
}
ATR18 = _schema("atr18", _painted(_ATR18), ("dress",))

# Limbs have no side, and the head includes hair and face: only the torso has a class in `parts10`.
_PPP7: dict[str, str | None] = {
    "background": "background",
    "head": None,
    "torso": "upper_clothes",
    "upper_arms": None,
    "lower_arms": None,
    "upper_legs": None,
    "lower_legs": None,
}
PPP7 = _schema("ppp7", _painted(_PPP7))

# Body skin has no side, and "others" are things that a person holds or wears on top. The colours are our own choice.
_MEDIAPIPE6: dict[str, tuple[Colour, str | None]] = {
    "background": ((0, 0, 0), "background"),
    "hair": ((140, 70, 20), "hair"),
    "body_skin": ((60, 220, 230), None),
    "face_skin": ((255, 200, 150), "face"),
    "clothes": ((230, 60, 50), "upper_clothes"),
    "others": ((190, 60, 220), None),
}
MEDIAPIPE6 = _schema("mediapipe6", _MEDIAPIPE6, ("clothes",))

SCHEMAS = {schema.name: schema for schema in (PARTS10, CIHP20, LIP20, ATR18, PPP7, MEDIAPIPE6)}


def get_schema(name: str) -> LabelSchema:
    """Returns the schema of that name.

    Raises:
        ConfigError: There is no such schema.
    """
    try:
        return SCHEMAS[name]
    except KeyError:
        raise ConfigError(f"label schema must be one of {sorted(SCHEMAS)}. Received: label_schema={name}") from None
