"""Tests of the scores on maps of four pixels, worked out by hand."""

import numpy as np
import pytest

from retarget_tf.arrays import Uint8Array
from retarget_tf.body.parsing_labels import CIHP20, PARTS10, UNKNOWN
from retarget_tf.evaluation import metrics


def ids(*values: int) -> Uint8Array:
    return np.array(values, np.uint8)


def tally_of(*pairs: tuple[Uint8Array, Uint8Array]) -> metrics.Tally:
    tally = metrics.Tally(PARTS10)
    for real, generated in pairs:
        tally.add(real, generated)
    return tally


def test_confusion_matrix_counts_pairs_and_leaves_unknown_out() -> None:
    confusion = metrics.confusion_matrix(ids(0, 1, 1, UNKNOWN), ids(0, 1, 2, 2), 3)
    np.testing.assert_array_equal(confusion, [[1, 0, 0], [0, 1, 1], [0, 0, 0]])


def test_iou_is_over_classes_of_either_map_without_the_background() -> None:
    # Class 1: one of two pixels hit, 1/2. Class 2: generated, not there, 0. Class 3: in neither, not counted.
    confusion = metrics.confusion_matrix(ids(0, 1, 1, UNKNOWN), ids(0, 1, 2, 2), 4)
    np.testing.assert_allclose(metrics.class_iou(confusion), [1, 0.5, 0, np.nan])
    assert metrics.mean_iou(confusion) == 0.25
    assert metrics.pixel_accuracy(confusion) == pytest.approx(2 / 3)


def test_a_map_without_foreground_has_no_score() -> None:
    assert np.isnan(metrics.mean_iou(metrics.confusion_matrix(ids(0, 0), ids(0, 0), 3)))
    assert np.isnan(metrics.pixel_accuracy(metrics.confusion_matrix(ids(UNKNOWN), ids(0), 3)))


def test_maps_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"class ids under 3 .* largest=255"):
        metrics.confusion_matrix(ids(0, 1), ids(0, UNKNOWN), 3)
    with pytest.raises(ValueError, match="shape of real"):
        metrics.confusion_matrix(ids(0, 1), ids(0), 3)


def test_merged_classes_forgive_what_is_within_a_group() -> None:
    confusion = metrics.confusion_matrix(ids(0, 1, 2, 3), ids(0, 2, 1, 0), 4)
    np.testing.assert_array_equal(metrics.merge_classes(confusion, [(1, 2), (3,)]), [[1, 0, 0], [0, 2, 0], [1, 0, 0]])
    # The group of 1 and 2 is right in all, 3 in nothing.
    assert metrics.mean_iou(metrics.merge_classes(confusion, [(1, 2), (3,)])) == 0.5


def test_a_span_sums_before_it_divides() -> None:
    # Frame 1: 1 of 1 pixels. Frame 2: 0 of 3. Summed: 1 of 4, where a mean of frames would say 1/2.
    tally = tally_of((ids(1, 0, 0), ids(1, 0, 0)), (ids(1, 1, 1), ids(0, 0, 0)))
    scores = tally.scores(metrics.mean_iou)
    assert scores["1"] == 1
    assert scores["mean"] == scores["mean_1000"] == 0.25
    assert np.isnan(scores["10"])


def test_each_span_takes_its_own_frames() -> None:
    right, wrong = (ids(1), ids(1)), (ids(1), ids(2))
    frames = {"1": [1], "10": range(1, 11), "50": range(41, 51), "mean": range(1, 201), "mean_1000": range(1, 1001)}
    for name, span in frames.items():
        inside = tally_of(*(right if frame in span else wrong for frame in range(1, 1006))).scores(metrics.mean_iou)
        assert inside[name] == 1, name
        outside = tally_of(*(wrong if frame in span else right for frame in range(1, 1006))).scores(metrics.mean_iou)
        assert outside[name] == 0, name


def test_a_span_needs_a_clip_that_is_long_enough() -> None:
    frame = (ids(1), ids(1))
    assert np.isnan(tally_of(*[frame] * 49).scores(metrics.mean_iou)["50"])
    assert tally_of(*[frame] * 50).scores(metrics.mean_iou)["50"] == 1


def test_flicker_is_change_over_true_change_of_known_pixels() -> None:
    # Generated: pixels 0, 1 and 2 change, 2 of them known. Truth: pixel 0 changes.
    tally = tally_of((ids(0, 1, UNKNOWN, 0), ids(0, 1, 1, 0)), (ids(1, 1, 1, 0), ids(1, 2, 2, 0)))
    assert tally.flicker() == 2
    assert np.isnan(tally_of((ids(0, 1), ids(0, 1)), (ids(0, 1), ids(1, 1))).flicker()), "the truth rests"
    assert np.isnan(tally_of((ids(0, 1), ids(0, 1))).flicker()), "one frame"


def test_summary_is_the_mean_over_clips_that_count() -> None:
    good = tally_of(*[(ids(1, 1, 0), ids(1, 1, 0))] * 10)
    half = tally_of((ids(1, 1, 0), ids(1, 0, 0)))
    empty = tally_of((ids(0, 0, 0), ids(0, 0, 0)))
    found = metrics.summarise([good, half, empty], PARTS10)
    assert found["miou"] == {
        "1": 0.75, "10": 1.0, "50": None, "100": None, "200": None, "1000": None, "mean": 0.75, "mean_1000": 0.75,
    }  # fmt: skip
    assert found["n_clips"] == {"1": 2, "10": 1, "50": 0, "100": 0, "200": 0, "1000": 0, "mean": 2, "mean_1000": 2}
    assert found["pixel_accuracy"]["mean"] == pytest.approx((1 + 2 / 3 + 1) / 3)
    assert found["miou_interval"]["mean"] == [0.5, 1.0]
    assert found["miou_interval"]["10"] is None, "one clip has no interval"
    assert found["flicker"] is None


def test_coarse_classes_and_silhouette_of_parts10() -> None:
    # Left arm taken for the right: wrong as a class, right as arms. Upper for lower clothes: right as silhouette only.
    tally = tally_of((ids(5, 5, 3, 0), ids(6, 6, 4, 0)))
    found = metrics.summarise([tally], PARTS10)
    assert found["miou"]["mean"] == 0
    assert found["coarse_miou"]["mean"] == pytest.approx(1 / 3)
    assert found["silhouette_iou"]["mean"] == 1


def test_a_schema_without_groups_has_no_coarse_score() -> None:
    tally = metrics.Tally(CIHP20)
    tally.add(ids(5, 0), ids(5, 0))
    found = metrics.summarise([tally], CIHP20)
    assert found["miou"]["mean"] == 1
    assert found["coarse_miou"]["mean"] is None


def test_classes_are_averaged_over_the_clips_that_have_them() -> None:
    found = metrics.summarise_classes([tally_of((ids(1, 0), ids(1, 0))), tally_of((ids(1, 2), ids(0, 2)))], PARTS10)
    assert found["hair"] == 0.5
    assert found["face"] == 1
    assert found["shoes"] is None


def test_bootstrap_is_seeded_and_holds_the_mean() -> None:
    values = [0.1, 0.4, 0.5, float("nan"), 0.9]
    interval = metrics.bootstrap_interval(values, seed=1)
    assert interval is not None
    assert interval == metrics.bootstrap_interval(values, seed=1)
    assert 0.1 <= interval[0] < 0.475 < interval[1] <= 0.9


def test_l1_and_psnr_in_float() -> None:
    real, generated = np.zeros((1, 2, 3), np.float32), np.full((1, 2, 3), 0.2, np.float32)
    generated[0, 1] = 1
    known = np.array([[True, False]])
    l1, psnr = metrics.l1_and_psnr(real, generated, known)
    assert l1 == pytest.approx(0.2)
    assert psnr == pytest.approx(20)  # 10 log10(2^2 / 0.2^2)
    np.testing.assert_allclose(metrics.l1_and_psnr(real, real, known), (0, 100))
    assert np.isnan(metrics.l1_and_psnr(real, real, ~known & known)).all()


def test_arms_are_the_mean_of_left_and_right() -> None:
    # Left arm (5) hit, right arm (6) half; clothes do not count.
    found = metrics.summarise([tally_of((ids(5, 6, 6, 3), ids(5, 6, 0, 0)))], PARTS10)
    assert found["arms_iou"]["mean"] == 0.75


def test_curves_are_windows_of_ten_frames_over_the_clips_that_reach_their_end() -> None:
    right, wrong = (ids(1, 1, 0, 0), ids(1, 1, 0, 0)), (ids(1, 1, 0, 0), ids(2, 2, 2, 0))
    long, short = tally_of(*[right] * 10, *[wrong] * 15), tally_of(*[wrong] * 19)
    assert metrics.window_ends([short, long]) == [10, 20]
    assert metrics.miou_curve([long, short]) == [0.5, 0]
    truth = metrics.area_curves([long, short], PARTS10, real=True)
    assert truth["hair"] == [0.5, 0.5]
    generated = metrics.area_curves([long, short], PARTS10, real=False)
    assert list(generated) == list(PARTS10.classes)
    assert generated["hair"] == [0.25, 0]  # mean of 1/2 and 0, then the long clip alone
    assert generated["face"] == [0.375, 0.75]  # mean of 0 and 3/4, then the long clip alone: it drifted to a half more
    assert metrics.miou_curve([tally_of(*[right] * 9)]) == []


def test_memory_ends_with_frame_1000() -> None:
    tally = tally_of(*[(ids(1), ids(1))] * 1005)
    assert tally.frames == 1005
    assert tally.windows().shape == (100, 10, 10)
