"""Tests of screening: each fault is put into a clip of a procedural dancer, and must be reported."""

import functools
import html.parser
import itertools
import json
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self

import cv2
import numpy as np
import pytest

from retarget_tf.arrays import Float32Array, Float64Array, Uint8Array
from retarget_tf.body import parsing_labels
from retarget_tf.dataset import clips
from retarget_tf.errors import BatchError, InputDataError
from retarget_tf.footage import extraction, screening
from retarget_tf.footage.extraction import PosedImage, batch, following, pipeline
from retarget_tf.footage.screening import background, screener, sharpness
from retarget_tf.pictures import video
from retarget_tf.pictures.square_crop import SquareCrop
from tests.testing import (
    TrueDetector,
    dancing,
    heard,
    needs_footage,
    needs_mediapipe,
    run_program,
    shared_videos,
    two_dancers,
)

FPS = 30.0
SIZE = 160
# The dancers are drawn small: few pixels, and so wide edges.
CRITERIA = screening.Criteria(height=screening.Limit(60, 20), smear=screening.Limit(0.08, 0.2))
Frames = list[Uint8Array]


@functools.cache
def dance(count: int = 60, person: int = 0) -> tuple[Frames, Float32Array]:
    frames = dancing(count, size=SIZE, person=person)
    return [frame for frame, _, _ in frames], np.stack([keypoints for _, _, keypoints in frames])[None]


def look(frames: Sequence[Uint8Array], keypoints: Float32Array, fps: float = FPS) -> screening.Looks:
    return screening.take_looks(frames, fps, TrueDetector(keypoints, frames[0].shape[1], fps))


def judge(frames: Sequence[Uint8Array], keypoints: Float32Array, fps: float = FPS) -> screening.Verdict:
    return screening.judge(look(frames, keypoints, fps), CRITERIA)


def moved(frames: Sequence[Uint8Array], keypoints: Float32Array, shifts: Float32Array) -> tuple[Frames, Float32Array]:
    """The frames as seen by a camera that moves by so many pixels `[frames, 2]`."""
    matrices = [np.array([[1, 0, dx], [0, 1, dy]], np.float64) for dx, dy in shifts]
    pictures = [
        np.asarray(cv2.warpAffine(frame, matrix, frame.shape[1::-1], borderMode=cv2.BORDER_REFLECT), np.uint8)
        for frame, matrix in zip(frames, matrices, strict=True)
    ]
    points = keypoints + np.pad(shifts, [(0, 0), (0, 1)])[None, :, None]
    return pictures, np.where(keypoints[..., 2:] > 0, points, 0).astype(np.float32)


# ---- verdicts


def test_a_quiet_clip_is_good() -> None:
    verdict = judge(*dance())
    assert verdict.is_good
    assert verdict.reasons == ()
    assert [(part.first, part.end) for part in verdict.stretches] == [(0, 60)]
    assert verdict.score > 0.7


def set_far_away(frames: Sequence[Uint8Array]) -> Frames:
    """The frames in the middle of much larger ones."""
    border = 560
    return [np.pad(frame, [(border, border), (border, border), (0, 0)], mode="edge") for frame in frames]


def test_a_small_person_is_as_sharp_as_the_video() -> None:
    frames, keypoints = dance()
    shifts = np.full((60, 2), 560, np.float32)
    _, points = moved(frames, keypoints, shifts)
    near, far = look(frames, keypoints), look(set_far_away(frames), points)
    for measure in ("softness", "smear", "height"):
        np.testing.assert_allclose(far.values[measure], near.values[measure], rtol=0.1, atol=0.002, err_msg=measure)
    assert screening.judge(far, CRITERIA).is_good


def test_a_clip_out_of_focus_is_poor() -> None:
    frames, keypoints = dance()
    blurred = [np.asarray(cv2.GaussianBlur(frame, (0, 0), 3), np.uint8) for frame in frames]
    verdict = judge(blurred, keypoints)
    assert not verdict.is_good
    assert verdict.reasons == ("out of focus",)
    assert verdict.good_stretches == ()


def test_a_shaken_camera_is_named_where_it_shakes() -> None:
    frames, keypoints = dance(90)
    shifts = np.zeros((90, 2), np.float32)
    shifts[45:] = np.random.default_rng(0).uniform(-6, 6, (45, 2))
    verdict = judge(*moved(frames, keypoints, shifts))
    (good,) = verdict.good_stretches
    assert good.first == 0
    assert 42 <= good.end <= 51
    assert any(reason.startswith("the camera moves") for reason in verdict.reasons)


def test_a_clip_is_split_at_its_cut() -> None:
    (first, one), (second, other) = dance(40, 2), dance(40, 3)
    frames, keypoints = [*first, *second], np.concatenate([one, other], axis=1)
    looks = look(frames, keypoints)
    verdict = screening.judge(looks, CRITERIA)
    assert looks.cuts == (40,)
    assert looks.people == 1
    assert [(part.first, part.end, part.is_good) for part in verdict.stretches] == [(0, 40, True), (40, 80, True)]


def test_a_person_who_leaves_the_picture_is_in_view_until_then() -> None:
    frames, keypoints = dance(90)
    shifts = np.stack([np.zeros(90), np.clip(np.arange(90) - 45, 0, 25) * 3.0], axis=-1).astype(np.float32)
    pictures, points = moved(frames, keypoints, shifts)
    points[points[..., 1] >= SIZE] = 0
    good, poor = judge(pictures, points).stretches
    assert good.is_good
    assert 48 <= poor.first <= 66
    assert any(reason.startswith("not in full view") for reason in poor.reasons)


def test_a_second_dancer_is_named() -> None:
    frames, keypoints = two_dancers(40, size=SIZE)
    looks = look(frames, keypoints)
    verdict = screening.judge(looks, CRITERIA)
    assert looks.people == 2
    assert "somebody else as large" in verdict.reasons
    assert not verdict.is_good


def test_a_changing_background_is_named_and_a_static_one_is_not() -> None:
    frames, keypoints = dance(90)
    changing = [frame.copy() for frame in frames]
    for index, frame in enumerate(changing):
        frame[:, : SIZE // 3] = 40 + index
    assert any(reason.startswith("the background changes") for reason in judge(changing, keypoints).reasons)
    captions = [frame.copy() for frame in frames]
    for index, frame in enumerate(captions):
        frame[-4:] = 40 + 100 * (index // 20 % 2)
    assert judge(captions, keypoints).is_good


def test_few_frames_a_second_are_poor_and_nobody_is() -> None:
    frames, keypoints = dance()
    assert "too few frames a second" in judge(frames, keypoints, fps=12.0).reasons
    assert "too few frames a second" not in judge(frames[::2], keypoints[:, ::2], fps=15.0).reasons
    nobody = judge(frames, np.zeros_like(keypoints))
    assert nobody.reasons == ("nobody is found",)
    assert not nobody.is_good


def test_a_single_frame_is_too_short() -> None:
    frames, keypoints = dance(20)
    verdict = judge(frames[:1], keypoints[:, :1])
    assert (verdict.is_good, verdict.reasons) == (False, ("only 0.0 s in one piece",))
    nobody = judge(frames[:1], np.zeros_like(keypoints[:, :1]))
    assert (nobody.score, nobody.reasons) == (0, ("nobody is found",))


@needs_mediapipe
@needs_footage
def test_a_real_small_person_is_found_and_not_too_small(tmp_path: pathlib.Path) -> None:
    videos = shared_videos()
    assert videos is not None
    wide: Frames = []
    for frame in itertools.islice(video.read_frames(videos / "ubc_fashion_b.mp4"), 16):
        wide.append(np.full((1080, 1920, 3), frame[0, 0], np.uint8))
        wide[-1][700:1000, 1200:1430] = cv2.resize(frame, (230, 300), interpolation=cv2.INTER_AREA)
    screened = screening.screen_video(write(tmp_path / "far.mp4", wide))
    assert screened.looks.values["presence"].all()
    assert np.median(screened.looks.values["height"]) > 200
    assert screened.verdict.reasons == ("only 0.5 s in one piece",)


# ---- arithmetic


def test_limits_score_in_both_directions() -> None:
    less = screening.Limit(good=2, poor=6)
    np.testing.assert_allclose(less.score(np.array([0, 2, 3, 6, 9, np.nan], np.float32)), [1, 1, 0.75, 0, 0, 1])
    more = screening.Limit(good=1.0, poor=0.5)
    np.testing.assert_allclose(more.score(np.array([0, 0.5, 0.75, 1], np.float32)), [0, 0, 0.5, 1])
    assert less.at(0.5) == 4
    with pytest.raises(ValueError, match="good and poor must differ"):
        screening.Limit(1, 1)
    with pytest.raises(ValueError, match=r"passing must be in 0\.\.1"):
        screening.Criteria(passing=0)


def made_up(speeds: Sequence[float], looks_cuts: tuple[int, ...] = ()) -> screening.Looks:
    """Looks at every third frame of a perfect clip, but for the speed."""
    count = len(speeds)
    perfect = dict.fromkeys(screening.MEASURES, np.zeros(count, np.float32))
    perfect |= dict.fromkeys(("presence", "full_view"), np.ones(count, np.float32))
    perfect |= {"height": np.full(count, 500, np.float32)}
    perfect["speed"] = np.array(speeds, np.float32)
    return screening.Looks(3 * count, 30.0, looks_cuts, np.arange(count) * 3, perfect, 1, {})


def stretches(looks: screening.Looks) -> list[tuple[int, int, tuple[str, ...]]]:
    return [(part.first, part.end, part.reasons) for part in screening.judge(looks, screening.Criteria()).stretches]


def test_short_faults_are_bridged_and_short_stretches_are_left_out() -> None:
    assert stretches(made_up([0] * 12 + [9] + [0] * 12)) == [(0, 75, ())]  # one odd look
    assert stretches(made_up([0] * 12 + [9] * 3 + [0] * 12)) == [(0, 81, ())]  # 0.3 s
    assert stretches(made_up([0] * 12 + [9] * 5 + [0] * 6)) == [
        (0, 36, ()),
        (36, 51, ("moves too fast",)),
        (51, 69, ("only 0.6 s in one piece",)),
    ]


def test_a_good_stretch_begins_and_ends_with_a_person() -> None:
    looks = made_up([9] * 5 + [0] * 30 + [9] * 5)
    looks.values["presence"][[5, 20, 34]] = 0
    assert [(first, end) for first, end, reasons in stretches(looks) if not reasons] == [(18, 102)]


def test_a_cut_parts_what_would_be_bridged() -> None:
    assert stretches(made_up([0] * 24, (36,))) == [(0, 36, ()), (36, 72, ())]
    assert stretches(made_up([0] * 12 + [9] * 2 + [0] * 12, (42,)))[1][2] == ("moves too fast",)


def test_the_width_of_edges_is_measured_in_body_heights() -> None:
    pose = dance()[1][0, 0]
    height = float(np.ptp(pose[pose[:, 2] > 0, 1]))
    ramp = np.clip((np.arange(SIZE) - SIZE / 2) / 8, 0, 1) * 200  # 8 pixels wide
    edge = np.tile((30 + ramp).astype(np.uint8), (SIZE, 1))
    assert sharpness.softness(edge, pose) * height == pytest.approx(8, rel=0.1)
    assert np.isnan(sharpness.softness(edge, np.zeros_like(pose)))


def test_only_fast_hands_are_smeared() -> None:
    pose = np.zeros((25, 3), np.float32)
    pose[sharpness.ENDS[0]], pose[sharpness.ENDS[2]] = (100, 80, 1), (100, 180, 1)  # 100 pixels tall

    def hand(x: float, width: float) -> Uint8Array:
        across = np.abs(np.arange(200) - x)
        return np.tile((200 * np.clip((4 + width - across) / width, 0, 1)).astype(np.uint8), (200, 1))

    before = hand(130, 1)
    still, fast = [0.1, 0, 0, 0], [2.0, 0, 0, 0]
    assert sharpness.smear(before, hand(100, 1), pose, still) == 0
    sharp, streak = (sharpness.smear(before, hand(100, width), pose, fast) for width in (2, 8))
    assert sharp == pytest.approx(0.02, rel=0.5)
    assert streak == pytest.approx(0.08, rel=0.3)


def test_the_camera_is_measured_in_picture_sides_a_second() -> None:
    texture = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 255, (240, 320), np.uint8), (0, 0), 2)
    watcher = background.BackgroundWatcher(10)
    assert np.isnan(watcher.look(texture, []).camera)
    assert watcher.look(texture, []).camera == pytest.approx(0, abs=1e-3)
    assert watcher.look(np.roll(texture, 4, axis=1), []).camera == pytest.approx(4 / 320 * 10, rel=0.1)
    watcher.forget()
    assert np.isnan(watcher.look(texture, []).change)
    plain = background.BackgroundWatcher(10)
    plain.look(np.full_like(texture, 90), [])
    assert np.isnan(plain.look(np.full_like(texture, 90), []).camera)  # a plain wall does not tell


def busyness(wall: Float64Array, *poses: Float32Array) -> float:
    return background.BackgroundWatcher(10).look(np.clip(wall, 0, 255).astype(np.uint8), poses).busyness


def test_a_background_is_as_busy_as_the_share_of_it_that_is_edges() -> None:
    y, x = np.mgrid[:240, :320]
    board, noise = 255.0 * ((x // 8 + y // 8) % 2), np.random.default_rng(0).normal(0, 1, y.shape)
    assert busyness(np.full(y.shape, 90.0)) == busyness(x / 320 * 255) == 0  # a plain wall, and one with a shade on it
    assert busyness(128 + 5 * noise) == 0  # a camera's own
    assert busyness(board) == pytest.approx(1, abs=0.01)
    for share in (0.25, 0.5, 0.75):
        assert busyness(np.where(x < 320 * share, board, 128)) == pytest.approx(share, abs=0.02)
    steps = [busyness(128 + strength * noise) for strength in (10, 20, 40, 80)]
    assert steps == sorted(steps)
    assert steps[-1] > 0.6
    person = dance()[1][0, 0]
    people = background.people_area(y.shape, [person])
    assert busyness(np.where(people, board, 128), person) < 0.1  # clothes do not count


@pytest.mark.parametrize(("share", "is_good"), [(0.0, True), (0.3, True), (0.6, True), (0.7, False), (1.0, False)])
def test_a_busy_background_lowers_the_score_and_refuses_only_where_it_is_most(share: float, is_good: bool) -> None:
    looks = made_up([0] * 20)
    looks.values["busyness"] = np.full(20, share, np.float32)
    verdict = screening.judge(looks, screening.Criteria())
    assert verdict.score == pytest.approx(min(1.0, (1.2 - share) / 1.05))
    assert (verdict.is_good, verdict.reasons) == (is_good, () if is_good else ("the background is busy",))


# ---- what extraction takes


def write(path: pathlib.Path, frames: Sequence[Uint8Array], fps: float = FPS) -> pathlib.Path:
    with video.VideoWriter(path, fps) as writer:
        for frame in frames:
            writer.write(frame)
    return path


def cut_video(path: pathlib.Path) -> tuple[pathlib.Path, TrueDetector]:
    """A good shot, and a second one with somebody else and nobody to be found."""
    (first, one), (second, other) = dance(40, 2), dance(40, 3)
    keypoints = np.concatenate([one, np.zeros_like(other)], axis=1)
    return write(path, [*first, *second]), TrueDetector(keypoints, SIZE)


def test_good_stretches_are_selected_and_the_others_named(tmp_path: pathlib.Path) -> None:
    path, detector = cut_video(tmp_path / "two.mp4")
    selection = screening.select_stretches(screening.screen_video(path, CRITERIA, detector=detector))
    assert selection.stretches == (extraction.Stretch(0, 40),)
    assert selection.frames == 80
    assert selection.left_out == ("frames 40-79 (1.3-2.7 s): nobody is found",)
    short = screening.select_stretches(screening.screen_video(path, CRITERIA, max_frames=40, detector=detector))
    assert short == extraction.Selection((extraction.Stretch(0, 40),), (), 40)


@pytest.fixture
def extracted(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What extraction is asked for, one entry a clip; nothing is extracted."""
    asked: list[dict[str, object]] = []

    def note(path: object, folder: pathlib.Path, config: object, **options: object) -> object:
        asked.append({"name": folder.name, **options})
        return clips.ClipInfo(folder.name, "p", 30.0, image_size=64, label_schema="parts10", frames=1)

    monkeypatch.setattr(batch, "extract_clip", note)
    return asked


def test_each_good_stretch_becomes_a_clip_of_one_person(
    tmp_path: pathlib.Path, extracted: list[dict[str, object]]
) -> None:
    said: list[str] = []
    parts = (extraction.Stretch(0, 40), extraction.Stretch(50, 99))
    selections = {
        "a.mp4": extraction.Selection(parts, ("frames 40-49 (1.3-1.7 s): moves too fast",), 99),
        "b.mp4": extraction.Selection((), ("frames 0-9 (0.0-0.3 s): too small",), 10),
        "c.mp4": extraction.Selection((extraction.Stretch(0, 70),), (), 70),
    }
    with pytest.raises(
        InputDataError,
        match=r"video b\.mp4: has no good stretch\. Look at why: retarget-screen-clips --videos=b\.mp4 ",
    ):
        extraction.extract_videos(
            ["a.mp4", "b.mp4", "c.mp4"],
            tmp_path,
            extraction.ExtractionConfig(),
            select=lambda path: selections[str(path)],
            report=said.append,
        )
    assert [(clip["name"], clip["stretch"], clip["person_id"]) for clip in extracted] == [
        ("a_000000", parts[0], "a"),
        ("a_000050", parts[1], "a"),
        ("c", (0, 70), "c"),
    ]
    assert said[0] == "a.mp4: left out frames 40-49 (1.3-1.7 s): moves too fast"
    assert said[3:5] == ["b.mp4: left out frames 0-9 (0.0-0.3 s): too small", "b.mp4: failed"]


class OnlyNames:
    """A parser that finds nothing but background."""

    schema = parsing_labels.PARTS10

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def view_of(self, picture: object) -> None:
        """None: nobody votes on clothes."""

    def vote(self, views: object) -> None:
        """No clothes."""

    def parse_frames(self, posed: Iterable[PosedImage], crop: SquareCrop, size: int, _: object) -> Iterator[Any]:
        """Yields each picture of the stretch with an empty map."""
        return ((crop.apply(frame.image, size), np.zeros((size, size), np.uint8)) for frame in posed)


def test_a_clip_begins_and_ends_with_a_person_whatever_the_stretch(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    frames, keypoints = dance(20)
    seen = keypoints[0, 4:20].copy()  # the stretch
    seen[:3] = seen[7] = seen[14:] = 0
    monkeypatch.setattr(pipeline, "_open_parser", lambda _: OnlyNames())
    monkeypatch.setattr(pipeline, "_track", lambda *_: following.Track(seen, ()))
    path = write(tmp_path / "a.mp4", frames)
    with heard(caplog):
        info = extraction.extract_clip(
            path, tmp_path / "clip", extraction.ExtractionConfig(size=64), stretch=extraction.Stretch(4, 20)
        )
    clip = clips.open_clip(tmp_path / "clip")
    assert (clip.info, info.frames) == (info, 11)
    assert [bool(pose.any()) for pose in clip.keypoints] == [True] * 4 + [False] + [True] * 6
    assert len(list(clip.read_frames())) == 11
    *left_out, absent = caplog.messages
    assert left_out == [
        f"video {path}: frames {first} to {last} show nobody, they are left out." for first, last in ((4, 6), (18, 19))
    ]
    assert absent.startswith(f"video {path}: nobody is found in 1 of 11 frames (first: 11); the clip has no joints")


@pytest.mark.parametrize("error", [RuntimeError("no graph"), OSError(5, "Input/output error"), MemoryError()])
def test_whatever_happens_to_one_video_the_others_are_done(
    tmp_path: pathlib.Path, extracted: list[dict[str, object]], error: Exception
) -> None:
    said: list[str] = []

    def select(path: object) -> extraction.Selection:
        if path == "a.mp4":
            raise error
        return extraction.Selection((extraction.Stretch(0, 70),), (), 70)

    config = extraction.ExtractionConfig()
    with pytest.raises(BatchError, match=r"^1 of 2 files failed \(1 done\)\. Run the same command") as failed:
        extraction.extract_videos(["a.mp4", "b.mp4"], tmp_path, config, select=select, report=said.append)
    [problem] = failed.value.__notes__
    assert problem.startswith(f"file a.mp4: {type(error).__name__}: {error}")
    assert (said[0], [clip["name"] for clip in extracted]) == ("a.mp4: failed", ["b"])


# ---- the report


class _Page(html.parser.HTMLParser):
    """The words of a page, its pictures, and its tags still open at the end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words, self.pictures, self.open = "", 0, list[str]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.pictures += tag == "img"
        if tag not in ("img", "meta"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_report_shows_every_video_and_needs_nothing_else(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, detector = cut_video(tmp_path / "two & more.mp4")
    (tmp_path / "text.mp4").write_text("hello\n")

    monkeypatch.setattr(screener, "PeopleDetector", detector)
    said: list[str] = []
    report = tmp_path / "out" / "report.html"
    with pytest.raises(InputDataError, match=r"^1 of 2 files cannot be used \(1 done\)") as failed:
        screening.screen_videos([tmp_path / "text.mp4", path], report, CRITERIA, tell=said.append)
    [problem] = failed.value.__notes__
    assert "text.mp4: not a video that can be read" in problem
    assert said[0].endswith("text.mp4: failed")
    assert "two & more.mp4: good, score 0." in said[1]
    assert "50% in good stretches" in said[1]

    text = report.read_text(encoding="utf-8")
    page = _Page(text)
    assert page.open == []
    assert page.pictures >= 5
    assert "http" not in text
    assert "<script" not in text
    assert all(words in page.words for words in ("two & more.mp4", "nobody is found", "1 cut", "text.mp4"))
    assert not any("nan" in part.split('"')[0] for part in text.split(' d="')[1:])

    document = json.loads(report.with_suffix(".json").read_text(encoding="utf-8"))
    (entry,) = document["videos"]
    assert document["failed"][0]["video"].endswith("text.mp4")
    assert document["criteria"]["height"] == {"good": 60, "poor": 20}
    assert (entry["frames"], entry["cuts"], entry["people"], entry["verdict"]) == (80, [40], 1, "good")
    assert [(part["first"], part["end"], part["verdict"]) for part in entry["stretches"]] == [
        (0, 40, "good"),
        (40, 80, "poor"),
    ]
    looks = len(entry["looks"]["frame"])
    assert {len(values) for values in entry["looks"]["measures"].values()} == {looks}
    assert entry["looks"]["measures"]["height"][-1] is None
    assert set(entry["looks"]["scores"]) == {*screening.MEASURES, "fps", "all"}


def test_videos_are_read_as_asked_for(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames, keypoints = dance(20)
    path, report = write(tmp_path / "dance.mp4", frames), tmp_path / "report.html"
    monkeypatch.setattr(screener, "PeopleDetector", TrueDetector(keypoints, SIZE))
    with pytest.raises(InputDataError, match=rf"is 160x160, more than {SIZE**2 - 1} pixels.*raise --max_pixels"):
        screening.screen_videos([path], report, reading=video.ReadOptions(max_pixels=SIZE**2 - 1))
    (done,) = screening.screen_videos([path], report, reading=video.ReadOptions(fps=15, max_pixels=SIZE**2))
    assert (done.info.fps, done.looks.fps, done.looks.frames) == (15, 15, 10)


@pytest.mark.parametrize(
    ("videos", "report", "code", "why"),
    [
        ("none_*.mp4", "r.html", 3, "no file matches"),
        ("text.mp4", "r.html", 3, "not a video"),
        ("*", "r.pdf", 2, "html"),
    ],
)
def test_program_tells_what_is_wrong(tmp_path: pathlib.Path, videos: str, report: str, code: int, why: str) -> None:
    (tmp_path / "text.mp4").write_text("hello\n")
    done = run_program("data.screen_clips", f"--videos={tmp_path / videos}", f"--report={tmp_path / report}")
    assert done.returncode == code
    assert done.stderr.strip().splitlines()[-1].startswith("ERROR: ")
    assert why in done.stderr
