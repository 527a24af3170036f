"""Tests of the label schemas: left-right pairs, colours, and the conversion to `parts10`."""

import numpy as np
import pytest

from retarget_tf.body import parsing_labels
from retarget_tf.body.parsing_labels import ATR18, CIHP20, LIP20, MEDIAPIPE6, PARTS10, PPP7, UNKNOWN, LabelSchema
from retarget_tf.errors import ConfigError

each_schema = pytest.mark.parametrize("schema", parsing_labels.SCHEMAS.values(), ids=lambda schema: schema.name)


@each_schema
def test_mirroring_twice_changes_nothing_and_swaps_sides(schema: LabelSchema) -> None:
    assert [schema.mirrored[other] for other in schema.mirrored] == list(range(schema.num_classes))
    for class_id, other in enumerate(schema.mirrored):
        assert (class_id != other) == schema.classes[class_id].startswith(("left_", "right_"))


@each_schema
def test_every_class_leads_to_a_class_of_parts10_or_to_unknown(schema: LabelSchema) -> None:
    assert all(0 <= target < PARTS10.num_classes or target == UNKNOWN for target in schema.to_parts10)
    for class_id, target in enumerate(schema.to_parts10):
        mirrored = schema.to_parts10[schema.mirrored[class_id]]
        assert mirrored == (target if target == UNKNOWN else PARTS10.mirrored[target])


def test_coarse_groups_take_each_foreground_class_once() -> None:
    assert sorted(class_id for _, group in PARTS10.coarse_groups for class_id in group) == list(range(1, 10))


# Two colours this near would be mistaken for each other in a regressed picture. The palette of cihp20 is the data
# set's own: socks (85, 85, 0) and torso_skin (85, 51, 0) are its nearest pair. Pascal VOC's lie 64 apart at 18 classes.
@pytest.mark.parametrize(
    ("schema", "smallest"),
    [(PARTS10, 95.0), (CIHP20, 34.0), (LIP20, 34.0), (ATR18, 64.0), (PPP7, 128.0), (MEDIAPIPE6, 95.0)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_smallest_distance_of_two_colours(schema: LabelSchema, smallest: float) -> None:
    palette = np.asarray(schema.palette, np.float64)
    distances = np.linalg.norm(palette[:, None] - palette[None], axis=-1)
    nearest = distances[~np.eye(schema.num_classes, dtype=bool)].min()
    assert smallest <= nearest < smallest + 1


def test_colour_paints_unknown_grey() -> None:
    picture = PARTS10.colour(np.array([[3, UNKNOWN]], np.uint8))
    np.testing.assert_array_equal(picture, [[(230, 60, 50), (128, 128, 128)]])
    assert picture.dtype == np.uint8


def test_unknown_ids_are_those_beyond_the_classes() -> None:
    parsing_map = np.array([[0, 9, 10], [200, 10, UNKNOWN]], np.uint8)
    assert PARTS10.unknown_ids(parsing_map) == [10, 200]
    assert CIHP20.unknown_ids(parsing_map) == [200]


def test_a_dress_is_split_at_the_hip_line() -> None:
    dress, glove, left_shoe = (CIHP20.classes.index(name) for name in ("dress", "glove", "left_shoe"))
    column = np.array([[dress], [dress], [dress], [glove], [left_shoe], [UNKNOWN]], np.uint8)
    upper, lower, shoes = (PARTS10.classes.index(name) for name in ("upper_clothes", "lower_clothes", "shoes"))
    # Row 1 has its centre at 1.5: on the line still counts as above.
    for hip_y, waist in ((1.5, upper), (1.4, lower)):
        parts = CIHP20.parts10_of(column, hip_y)
        assert parts.ravel().tolist() == [upper, waist, lower, UNKNOWN, shoes, UNKNOWN]
    assert parts.dtype == np.uint8


@each_schema
def test_ids_of_undoes_colour(schema: LabelSchema) -> None:
    ids = np.array([[*range(schema.num_classes), UNKNOWN]], np.uint8)
    if (128, 128, 128) in schema.palette:  # then a painted map cannot show what is unknown
        ids = ids[:, :-1]
    np.testing.assert_array_equal(schema.ids_of(schema.colour(ids)), ids)
    assert schema.ids_of(schema.colour(ids)).dtype == np.uint8


def test_a_colour_of_no_class_is_named_with_its_place() -> None:
    picture = PARTS10.colour(np.array([[3, 4], [5, 6]], np.uint8))
    picture[1, 0, 2] -= 1
    with pytest.raises(ValueError, match=r"colour \(60, 220, 229\) at x=0, y=1 is of no class of label schema parts10"):
        PARTS10.ids_of(picture)


# The order of the classes as the data sets publish it, by ids that the rest of the world counts on.
@pytest.mark.parametrize(
    ("schema", "count", "expected"),
    [
        (LIP20, 20, {"jumpsuits": 10, "face": 13, "right_shoe": 19}),
        (ATR18, 18, {"upper_clothes": 4, "dress": 7, "face": 11, "left_arm": 14, "scarf": 17}),
        (PPP7, 7, {"head": 1, "torso": 2, "lower_legs": 6}),
        (MEDIAPIPE6, 6, {"hair": 1, "face_skin": 3, "clothes": 4}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_order_of_classes(schema: LabelSchema, count: int, expected: dict[str, int]) -> None:
    assert schema.num_classes == count
    assert {name: schema.classes.index(name) for name in expected} == expected


def test_pascal_colours() -> None:
    assert PPP7.palette == (
        (0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128), (128, 0, 128), (0, 128, 128),
    )  # fmt: skip
    assert ATR18.palette[8] == (64, 0, 0)
    assert ATR18.palette[9] == (192, 0, 0)


@pytest.mark.parametrize(
    ("schema", "garments"),
    [(LIP20, ("dress", "jumpsuits")), (ATR18, ("dress",)), (MEDIAPIPE6, ("clothes",)), (PPP7, ()), (PARTS10, ())],
    ids=lambda value: getattr(value, "name", ""),
)
def test_garments_in_one_piece(schema: LabelSchema, garments: tuple[str, ...]) -> None:
    column = np.arange(schema.num_classes, dtype=np.uint8).repeat(2)[:, None]  # of each class two pixels
    split = np.stack([schema.parts10_of(column, hip_y) for hip_y in (0, np.inf)])
    changed = {schema.classes[class_id] for class_id in column[split[0] != split[1]]}
    assert changed == set(garments)


def test_unknown_schema_is_a_config_error() -> None:
    with pytest.raises(
        ConfigError,
        match=r"one of \['atr18', 'cihp20', 'lip20', 'mediapipe6', 'parts10', 'ppp7'\]\. Received: label_schema=lip",
    ):
        parsing_labels.get_schema("lip")


def test_columns_of_a_schema_are_equally_long() -> None:
    with pytest.raises(ValueError, match="equally long"):
        LabelSchema("short", ("background",), (), (0,))
