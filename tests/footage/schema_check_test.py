"""Tests of finding a wrong label schema: maps of drawn people, whose schema is known, given as every other one."""

import functools
import pathlib
from typing import Any

import numpy as np
import pytest
from absl import logging

from retarget_tf import dancers
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.body.parsing_labels import CIHP20, LIP20, PARTS10, SCHEMAS, LabelSchema
from retarget_tf.footage import importers
from retarget_tf.footage.importers import ImportConfig, SchemaCheck
from retarget_tf.pictures import image_files

SIZE, FRAMES = 128, 6
TORSO_SKIN = CIHP20.classes.index("torso_skin")
JUMPSUITS = LIP20.classes.index("jumpsuits")


@functools.cache
def dance(person: int) -> list[tuple[Uint8Array, dict[str, Uint8Array], Float32Array]]:
    """Frames, maps by schema, and keypoints."""
    rendered = dancers.render_frames(dancers.Recipe(5, person, 0, FRAMES, SIZE))
    return [(frame, maps, skeleton.drop_unseen(points, SIZE, SIZE)) for frame, maps, points in rendered]


def better(given: LabelSchema, person: int, true: str, garment: int | None = None) -> LabelSchema | None:
    """The verdict; `garment` replaces all clothes."""
    check = SchemaCheck(given, "maps", "--schema")
    for _, maps, points in dance(person):
        ids = maps[true]
        check.look(ids if garment is None else np.where(np.isin(ids, [5, 6, 7, 9, 12]), np.uint8(garment), ids), points)
    return check.better()


def fitting(person: int, true: str) -> list[LabelSchema]:
    return [schema for schema in SCHEMAS.values() if not any(schema.unknown_ids(m[true]) for _, m, _ in dance(person))]


@pytest.mark.parametrize("person", [0, 1, 5])
def test_the_right_schema_is_named_for_every_wrong_one(person: int) -> None:
    for true in (PARTS10, CIHP20):
        assert better(true, person, true.name) is None
        for given in fitting(person, true.name):
            assert given == true or better(given, person, true.name) == true, given.name


def test_without_a_throat_cihp_and_lip_are_the_same() -> None:
    assert not any((maps["cihp20"] == TORSO_SKIN).any() for _, maps, _ in dance(4))
    assert better(LIP20, 4, "cihp20") is None


def test_jumpsuits_are_known_by_the_trunk() -> None:
    assert better(LIP20, 4, "cihp20", garment=JUMPSUITS) is None
    assert better(CIHP20, 4, "cihp20", garment=JUMPSUITS) == LIP20


def test_a_schema_with_names_of_its_own_is_not_doubted() -> None:
    names = tuple(f"thing_{index}" for index in range(20))
    assert better(LabelSchema("things20", names, CIHP20.palette, CIHP20.to_parts10), 0, "cihp20") is None


def test_a_map_of_nobody_says_nothing() -> None:
    check = SchemaCheck(LIP20, "maps", "--schema")
    check.look(np.zeros((8, 8), np.uint8), np.zeros((25, 3), np.float32))
    assert check.better() is None


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(logging, "warning", lambda text, *values: lines.append(text % values))
    return lines


def write(folder: pathlib.Path, schema: str) -> dict[str, Any]:
    for index, (frame, maps, _) in enumerate(dance(5)):
        image_files.write_png(folder / f"frames/{index}.png", frame)
        image_files.write_png(folder / f"maps/{index}.png", maps[schema])
    np.save(folder / "points.npy", np.stack([points for _, _, points in dance(5)]))
    return {"frames": folder / "frames", "keypoints": folder / "points.npy", "maps": folder / "maps"}


def test_an_import_with_a_wrong_schema_is_warned_of_in_one_line(tmp_path: pathlib.Path, said: list[str]) -> None:
    """CIHP's necks would be the upper clothes of a jumpsuit."""
    given = write(tmp_path, "cihp20")
    importers.import_clip(**given, folder=tmp_path / "right", config=ImportConfig("cihp20", size=64, fps=25))
    assert said == []
    importers.import_clip(**given, folder=tmp_path / "wrong", config=ImportConfig("lip20", size=64, fps=25))
    assert said == [
        f"folder of maps {tmp_path}/maps: fits label schema cihp20 better than lip20, by what it shows at the joints. "
        "If it is, give --schema=cihp20."
    ]
