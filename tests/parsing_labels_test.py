"""Label schemas: pairs, colours, and the table that leads to `parts10`."""

import numpy as np
import pytest

from retarget_tf import parsing_labels
from retarget_tf.errors import ConfigError
from retarget_tf.parsing_labels import CIHP20, PARTS10, UNKNOWN, LabelSchema

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
# set's own: socks (85, 85, 0) and torso_skin (85, 51, 0) are its nearest pair.
@pytest.mark.parametrize(("schema", "smallest"), [(PARTS10, 95.0), (CIHP20, 34.0)], ids=["parts10", "cihp20"])
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


def test_split_dress_at_the_hip_line() -> None:
    dress, glove, left_shoe = (CIHP20.classes.index(name) for name in ("dress", "glove", "left_shoe"))
    column = np.array([[dress], [dress], [dress], [glove], [left_shoe], [UNKNOWN]], np.uint8)
    upper, lower, shoes = (PARTS10.classes.index(name) for name in ("upper_clothes", "lower_clothes", "shoes"))
    # Row 1 has its centre at 1.5: on the line still counts as above.
    for hip_y, waist in ((1.5, upper), (1.4, lower)):
        parts = parsing_labels.split_dress(column, hip_y)
        assert parts.ravel().tolist() == [upper, waist, lower, UNKNOWN, shoes, UNKNOWN]
    assert parts.dtype == np.uint8


def test_unknown_schema_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match=r"one of \['cihp20', 'parts10'\]\. Received: label_schema=lip"):
        parsing_labels.get_schema("lip")


def test_columns_of_a_schema_are_equally_long() -> None:
    with pytest.raises(ValueError, match="equally long"):
        LabelSchema("short", ("background",), (), (0,))
