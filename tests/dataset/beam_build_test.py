"""Checks that the build with Apache Beam gives the same records as the local build."""

import importlib
import pathlib
import sys

import numpy as np
import pytest

from retarget_tf.dataset import records
from retarget_tf.errors import ConfigError, InputDataError, MissingDependencyError
from tests import testing

CONFIG = records.BuildConfig(segment_frames=4, validation_share=0.2, test_share=0.2)


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return testing.make_five_people(tmp_path_factory.mktemp("clips"))


def test_without_beam_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apache_beam", None)
    monkeypatch.delitem(sys.modules, "retarget_tf.dataset.beam_build", raising=False)
    with pytest.raises(MissingDependencyError, match=r"pip install 'retarget_tf\[beam\]'"):
        importlib.import_module("retarget_tf.dataset.beam_build")


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [["direct_num_workers=1"], ["direct_num_workers=2", "direct_running_mode=multi_threading"]]
)
def test_records_are_those_of_the_local_build(
    clip_folder: pathlib.Path, tmp_path: pathlib.Path, options: list[str]
) -> None:
    pytest.importorskip("apache_beam")
    from retarget_tf.dataset import beam_build

    local = records.build_records([clip_folder], tmp_path / "local", CONFIG)
    carry_out = beam_build.on_runner("DirectRunner", options)
    made = records.build_records([clip_folder], tmp_path / "made", CONFIG, carry_out=carry_out)
    assert made.splits == local.splits  # names, sizes and sha256 of all shards
    assert (made.folder / "manifest.json").read_bytes() == (local.folder / "manifest.json").read_bytes()
    made.verify()
    assert {path.name for path in tmp_path.iterdir()} == {"local", "made"}


def test_a_bad_clip_is_told_in_one_line_and_the_others_are_kept(
    clip_folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    pytest.importorskip("apache_beam")
    from retarget_tf.dataset import beam_build

    bad = testing.make_clip_folder(tmp_path / "bad", clip_id="bad", person_id="bad", frames=9)
    np.save(bad / "keypoints.npy", np.ones((8, 25, 3), np.float32))
    text = (bad / "clip.json").read_text()
    (bad / "clip.json").write_text(text.replace('"frames": 9', '"frames": 8'))
    out = tmp_path / "records"
    carry_out = beam_build.on_runner("DirectRunner")
    with pytest.raises(InputDataError, match=r"bad.frames\.mkv: holds 9 frames.*Make the clip again\.$"):
        records.build_records([clip_folder, tmp_path / "bad"], out, CONFIG, carry_out=carry_out)
    assert not out.exists()
    assert len(list((tmp_path / ".records.building" / "clips").glob("*.npy"))) == 5


def test_settings_that_beam_does_not_know_are_refused() -> None:
    pytest.importorskip("apache_beam")
    from retarget_tf.dataset import beam_build

    for runner, options, message in (
        ("NoSuchRunner", [], "runner must be one of Apache Beam's"),
        ("DirectRunner", ["nonsense=3"], "Received: nonsense"),
        ("DirectRunner", ["direct_num_workers=many"], "invalid int value: 'many'"),
    ):
        with pytest.raises(ConfigError, match=message):
            beam_build.on_runner(runner, options)
