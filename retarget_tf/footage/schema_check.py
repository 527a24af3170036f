"""Finds out whether parsing maps are of another label schema than the one given, by the classes at the joints.

A map says nothing about its schema, and wrong ids are valid ids: CIHP's torso skin is LIP's jumpsuits. But a throat is
never a jumpsuit, and a knee never an arm. So each place of the body counts which ids it shows; the schema in which more
of them are classes of that place fits better.
"""

from collections.abc import Mapping

import numpy as np
from absl import logging

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body.parsing_labels import SCHEMAS, LabelSchema
from retarget_tf.body.skeleton import JOINT

_CLEARLY = 3  # times as many places must speak for another schema as against it, and one in two frames

_GARMENTS = "upper_clothes dress coat jumpsuits clothes"
_ARM = f"*_arm upper_arms lower_arms body_skin glove {_GARMENTS}"
_LEG = f"*_leg upper_legs lower_legs body_skin lower_clothes pants skirt {_GARMENTS}"
# Classes of the points between two joints; `*` is left and right.
_PLACES: Mapping[tuple[str, str], str] = {
    ("nose", "nose"): "face face_skin head sunglasses hair",
    ("nose", "neck"): "face face_skin head torso_skin body_skin scarf",
    ("neck", "mid_hip"): f"torso scarf {_GARMENTS}",
    ("*_elbow", "*_wrist"): _ARM,
    ("*_hip", "*_knee"): _LEG,
    ("*_knee", "*_ankle"): f"socks shoes {_LEG}",
}
_BETWEEN = (0.6, 0.7, 0.8)  # shares of the way between two joints at which a map is looked at


def _places() -> list[tuple[int, int, set[str]]]:
    sided = [
        [text.replace("*", side) for text in (*ends, names)]
        for ends, names in _PLACES.items()
        for side in (("left", "right") if "*" in ends[0] else ("",))
    ]
    return [(JOINT[first], JOINT[last], set(names.split())) for first, last, names in sided]


class SchemaCheck:
    """Counts what maps of one schema show at the joints, and warns at the end if another schema fits better.

    Args:
        schema: The schema that was given.
        source: Where the maps are from, for the warning, such as `folder of maps DIR`.
        flag: The flag that gives the schema.
    """

    def __init__(self, schema: LabelSchema, source: str, flag: str) -> None:
        self.schema, self._source, self._flag = schema, source, flag
        self._places = _places()
        self._seen = np.zeros((len(self._places), 256), np.int64)  # how often each place showed each id
        self._ids, self._frames = np.zeros(256, bool), 0

    def look(self, parsing_map: Uint8Array, keypoints: Float32Array) -> None:
        """Takes a map `[height, width]` and its keypoints `[25, 3]` in its pixels, all of which lie within it."""
        self._ids |= np.bincount(parsing_map.ravel(), minlength=256) > 0
        self._frames += 1
        for seen, (first, last, _) in zip(self._seen, self._places, strict=True):
            if keypoints[[first, last], 2].all():
                for share in _BETWEEN if first != last else (0.0,):
                    x, y = (1 - share) * keypoints[first, :2] + share * keypoints[last, :2]
                    seen[parsing_map[int(y), int(x)]] += 1

    def better(self) -> LabelSchema | None:
        """Returns the schema that fits clearly better, if there is one."""
        highest = int(np.flatnonzero(self._ids[:255]).max(initial=0))
        given, found, most = self._right(self.schema), None, 0
        for other in SCHEMAS.values():
            if other.num_classes > highest:
                right = self._right(other)
                # A schema that has other names for what is at a place says nothing of it.
                known = given.any(axis=1, keepdims=True) & right.any(axis=1, keepdims=True)
                gained, lost = (int(self._seen[known & where].sum()) for where in (right & ~given, given & ~right))
                if gained > _CLEARLY * lost and gained >= self._frames / 2 and gained - lost > most:
                    found, most = other, gained - lost
        return found

    def warn(self) -> None:
        """Logs one line if another schema fits clearly better."""
        if other := self.better():
            logging.warning(
                "%s: fits label schema %s better than %s, by what it shows at the joints. If it is, give %s=%s.",
                self._source, other.name, self.schema.name, self._flag, other.name,
            )  # fmt: skip

    def _right(self, schema: LabelSchema) -> BoolArray:
        """Returns whether an id is a class of a place, bool `[places, 256]`."""
        right = np.zeros((len(self._places), 256), bool)
        for row, (_, _, names) in zip(right, self._places, strict=True):
            row[: schema.num_classes] = [name in names for name in schema.classes]
        return right
