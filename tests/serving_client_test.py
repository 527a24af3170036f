"""Retargeting through a server gives the maps of the same generator here, however it is cut into calls."""

import pathlib
from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from retarget_tf import video
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.retargeter import Retargeter
from retarget_tf.serving_client import ClientOptions, ServedRetargeter, ServingClient
from retarget_tf.serving_server import ModelServer, ServerOptions
from tests.testing import Served, run_program, walking_square


@pytest.fixture(scope="module")
def server(served: Served) -> Iterator[ModelServer]:
    with ModelServer(served.export_dir.parent, ServerOptions(port=0)) as server:
        yield server


def keypoints(frames: int = 7) -> npt.NDArray[np.float32]:
    return np.stack([walking_square(index, 64)[2] for index in range(frames)])


@pytest.fixture
def photo(tmp_path: pathlib.Path) -> pathlib.Path:
    cv2.imwrite(str(tmp_path / "photo.png"), walking_square(0, 64)[0][..., ::-1])
    return tmp_path / "photo.png"


def served_maps(server: ModelServer, photo: pathlib.Path, chunk_frames: int) -> npt.NDArray[np.uint8]:
    with ServingClient(server.address, ClientOptions(chunk_frames=chunk_frames)) as client:
        client.wait_until_available(20)
        retargeter = ServedRetargeter(client)
        target = retargeter.prepare_target(photo, keypoints()[0], target_map="none")
        return np.stack(list(retargeter.retarget(target, keypoints())))


def test_maps_are_those_of_the_generator_here(server: ModelServer, served: Served, photo: pathlib.Path) -> None:
    local = Retargeter.load(served.workdir)
    target = local.prepare_target(photo, keypoints()[0], target_map="none")
    expected = np.stack(list(local.retarget(target, keypoints())))
    assert len(np.unique(expected)) > 2
    assert np.mean(served_maps(server, photo, 100) == expected) > 0.99


@pytest.mark.parametrize("chunk_frames", [1, 3])
def test_a_dance_in_chunks_is_the_dance(server: ModelServer, photo: pathlib.Path, chunk_frames: int) -> None:
    whole = served_maps(server, photo, 100)
    assert np.any(whole[0] != whole[-1])
    np.testing.assert_array_equal(served_maps(server, photo, chunk_frames), whole)


def test_what_is_served_is_told(server: ModelServer, served: Served) -> None:
    with ServingClient(server.address) as client:
        spec = client.spec()
    assert (spec.model.preset, spec.model.image_size) == (served.spec.model.preset, served.spec.model.image_size)
    assert spec.step == 9
    assert spec.person_height_share == pytest.approx(0.75)


def test_refusals_are_errors_of_ours(server: ModelServer) -> None:
    with ServingClient(server.address) as client, pytest.raises(InputDataError, match=r"refuses the request.*Missing"):
        client.predict("step", {})
    with (
        ServingClient(server.address, ClientOptions(version=9)) as client,
        pytest.raises(ConfigError, match="Servable not found"),
    ):
        client.predict("metadata", {"request": np.zeros(1, np.int32)})
    with (
        ServingClient(server.address, ClientOptions(model_name="other")) as client,
        pytest.raises(TimeoutError, match=r"other is not available after 0.3 s .Could not find"),
    ):
        client.wait_until_available(0.3)
    with ServingClient("localhost:1") as client, pytest.raises(ConnectionError, match="UNAVAILABLE"):
        client.predict("metadata", {"request": np.zeros(1, np.int32)})


def test_the_program_writes_the_panel(server: ModelServer, photo: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with video.VideoWriter(tmp_path / "dance.mp4", 25) as writer:
        for index in range(5):
            writer.write(walking_square(index, 64, "dancer")[0])
    np.save(tmp_path / "own.npy", keypoints()[0])
    np.save(tmp_path / "path.npy", keypoints(5))
    result = run_program(
        "export.query_server",
        f"--server={server.address}",
        f"--target_photo={photo}",
        f"--target_keypoints={tmp_path / 'own.npy'}",
        "--target_map=none",
        f"--source_video={tmp_path / 'dance.mp4'}",
        f"--source_keypoints={tmp_path / 'path.npy'}",
        f"--out={tmp_path / 'panel.mp4'}",
        f"--maps_dir={tmp_path / 'maps'}",
    )
    assert result.returncode == 0, result.stderr
    assert len(list((tmp_path / "maps").iterdir())) == 5
    assert (tmp_path / "panel.mp4").stat().st_size > 0
