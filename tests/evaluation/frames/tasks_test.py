"""Tests which clips are made of which photo and poses."""

import pathlib

import numpy as np
import pytest

from retarget_tf import dancers
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.errors import InputDataError
from retarget_tf.evaluation.frames.tasks import list_tasks
from tests import testing


def test_dancers_dance_their_own_dance_and_each_others(tmp_path: pathlib.Path) -> None:
    own, crossed = tmp_path / "own", tmp_path / "crossed"
    dancers.make_clips(own, people=2, clips_per_person=1, frames=5, size=32)
    dancers.make_cross_clips(crossed, own)
    tasks = list_tasks([own, crossed], "limbs", last_frame=3)
    assert [(task.clip.info.clip_id, task.target.info.clip_id, task.is_cross) for task in tasks] == [
        ("dancer_0_0000_00", "dancer_0_0000_00", False),
        ("dancer_0_0001_00", "dancer_0_0001_00", False),
        ("dancer_0_0000_dances_dancer_0_0001_00", "dancer_0_0000_00", True),
        ("dancer_0_0001_dances_dancer_0_0000_00", "dancer_0_0001_00", True),
    ]
    assert all(task.frames == 3 and len(list(task.truth(PARTS10))) == 4 for task in tasks)
    np.testing.assert_array_equal(tasks[0].driving, tasks[0].clip.keypoints[:4])
    assert tasks[2].title == "dancer_0_0000 from dancer_0_0000_00, driven by dancer_0_0001_00"
    with pytest.raises(InputDataError, match="Give the folder of the others too"):
        list_tasks([crossed], "limbs", last_frame=3)


def test_clips_that_do_not_fit_are_refused(tmp_path: pathlib.Path) -> None:
    testing.make_clip_folder(tmp_path / "a", clip_id="one")
    testing.make_clip_folder(tmp_path / "b", clip_id="one")
    testing.make_clip_folder(tmp_path / "c", clip_id="two", size=64)
    testing.make_clip_folder(tmp_path / "d", clip_id="short", frames=1)
    with pytest.raises(InputDataError, match="has the id of"):
        list_tasks([tmp_path / "a", tmp_path / "b"], "limbs", 10)
    with pytest.raises(InputDataError, match="64 px"):
        list_tasks([tmp_path / "a", tmp_path / "c"], "limbs", 10)
    with pytest.raises(InputDataError, match="has 1 frame"):
        list_tasks([tmp_path / "d"], "limbs", 10)
