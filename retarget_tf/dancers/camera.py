"""Projects a figure in perspective, framed such that the whole dance stays in the picture."""

import dataclasses

import numpy as np

from retarget_tf.arrays import Float64Array
from retarget_tf.dancers.body import Person
from retarget_tf.dancers.sculpture import Figure

_MARGIN = 0.02  # free border, as a share of the picture


@dataclasses.dataclass(frozen=True)
class Camera:
    """A perspective camera that looks at the stage along -z.

    Attributes:
        scale: Pixels per standing height in the middle of the stage.
        centre: x of the middle of the stage in pixels.
        floor: y of the floor in the middle of the stage in pixels.
        distance: Distance of the lens from the middle of the stage in standing heights.
        height: Height of the lens above the floor in standing heights.
    """

    scale: float
    centre: float
    floor: float
    distance: float = 5.0
    height: float = 0.55

    def project(self, points: Float64Array) -> Float64Array:
        """Projects points `[..., 3]` in standing heights to pixels `[..., 2]`."""
        near = self.distance / (self.distance - points[..., 2])
        x = self.centre + self.scale * near * points[..., 0]
        y = self.floor - self.scale * (near * (points[..., 1] - self.height) + self.height)
        return np.stack([x, y], axis=-1)

    def project_axes(self, points: Float64Array, axes: Float64Array) -> Float64Array:
        """Projects half-axes `[..., 3, 3]` at `points` `[..., 3]` to pixels `[..., 2, 3]`, to first order."""
        near = (self.distance / (self.distance - points[..., 2]))[..., None]
        slope = near / (self.distance - points[..., 2, None])
        x = near * axes[..., 0, :] + slope * points[..., 0, None] * axes[..., 2, :]
        y = near * axes[..., 1, :] + slope * (points[..., 1, None] - self.height) * axes[..., 2, :]
        return self.scale * np.stack([x, -y], axis=-2)


def frame_figure(figure: Figure, person: Person, size: int) -> Camera:
    """Creates the camera for a clip; it shrinks and shifts the person if the dance would leave the picture.

    Args:
        figure: The figure in all frames of the clip.
        person: The person, whose `view` and `body.stature` give the wanted framing.
        size: Side of the square picture in pixels.
    """
    solid = sorted(
        {index for part in figure.parts if part.materials[0].opacity == 1 for piece in part.pieces for index in piece}
    )
    view = person.view
    unit = Camera(1.0, 0.0, 0.0, view.distance, view.height)
    centres, axes = figure.centres[:, solid], figure.axes[:, solid]
    middle = unit.project(centres)
    reach = np.linalg.norm(unit.project_axes(centres, axes), axis=-1)
    left, top = (middle - reach).min(axis=(0, 1))
    right, bottom = (middle + reach).max(axis=(0, 1))
    room = 1 - 2 * _MARGIN
    scale = min(person.body.stature, room / (right - left), room / (bottom - top))
    centre = np.clip(view.centre, _MARGIN - scale * left, 1 - _MARGIN - scale * right)
    floor = np.clip(view.floor, _MARGIN - scale * top, 1 - _MARGIN - scale * bottom)
    return Camera(scale * size, float(centre) * size, float(floor) * size, view.distance, view.height)
