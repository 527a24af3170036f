"""Finds a person's keypoints in a photo more exactly than one look at the whole picture does.

MediaPipe searches a picture of 224 px for a person, and finds the joints in a view of 256 px around it. A person who is
small in the photo is located coarsely, and so is the view. And its answer for a mirrored picture differs by 1 % of the
height, by chance, so the mean of both is nearer to the truth. A photo's keypoints serve a whole dance; a few looks more
cost some tenths of a second.
"""

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.footage.extraction.exact_detector import mean_where_agreed
from retarget_tf.footage.extraction.views import Detector, View, is_same_person, square_around

_COARSE = 0.6  # of the picture's longer side: a smaller person is looked at again
_MARGIN = 0.12  # of the person's longer side, around it


def look_again(detector: Detector, image: Uint8Array, found: Float32Array) -> Float32Array:
    """Refines a person's keypoints by a look at their own square, if it is small, and one at the mirrored view.

    Args:
        detector: A detector for single pictures and one person.
        image: RGB uint8 `[height, width, 3]`.
        found: float32 `[25, 3]` in pixels, from a look at the whole picture, joints of low confidence included.

    Returns:
        float32 `[25, 3]` in pixels. A look that finds somebody else is not used.
    """
    view, around = View.whole(image), square_around(found, _MARGIN)
    if around is not None and around.side < _COARSE * (1 + 2 * _MARGIN) * max(image.shape[:2]):
        close_up = View.of_square(image, around)
        closer = close_up.look(detector)
        if closer is not None and is_same_person(closer, found):
            view, found = close_up, closer
    mirrored = view.look(detector, mirrored=True)
    return found if mirrored is None else mean_where_agreed(found, mirrored)
