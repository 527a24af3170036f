"""Builds caps, beanies, hats with a brim and hoods: a shell over the hair, and a peak or brim."""

import numpy as np

from retarget_tf.arrays import Float64Array
from retarget_tf.dancers.body import Outfit
from retarget_tf.dancers.sculpture import LAYER, Sculptor, Texture, material

# Height of the shell's lower edge on the head (1 crown, -1 chin) at angles from the front in degrees.
_EDGE_ANGLES = np.array([0, 40, 70, 110, 180.0])
_EDGES = {
    "cap": (0.42, 0.36, 0.26, 0.16, 0.10),
    "beanie": (0.40, 0.34, 0.16, -0.02, -0.12),
    "brim": (0.44, 0.42, 0.38, 0.34, 0.32),
    "hood": (0.62, 0.40, -0.45, -1.00, -1.00),
}
_THICKNESS = {"cap": 0.10, "beanie": 0.14, "brim": 0.12, "hood": 0.26}


def add_headwear(sculptor: Sculptor, outfit: Outfit, half: tuple[float, float, float], depth: Float64Array) -> None:
    """Adds the outfit's headwear, if any.

    Args:
        sculptor: Collects the volumes.
        outfit: The person's outfit.
        half: Half-widths of the head in standing heights.
        depth: Depth of the head `[frames]`.
    """
    kind = outfit.headwear
    if kind == "none":
        return
    bone, centre = sculptor.pose.bones["head"], sculptor.pose.points["head"]
    thick, crown = _THICKNESS[kind], 0.16 if kind == "brim" else 0.05

    def at(y: float, z: float) -> Float64Array:
        return centre + y * half[1] * bone[..., 1] + z * half[2] * bone[..., 2]

    widths = (half[0] * (1.02 + thick), half[1] * (0.94 + thick + crown), half[2] * (1.0 + thick))
    shell = sculptor.ellipsoid(at(0.08 + crown, -0.08), bone, widths)
    over_hair = depth + 3 * LAYER
    cloth = material("hat", outfit.hat_colour)
    sculptor.painted(kind, shell, _paint_shell(kind), (cloth,), over_hair)
    if kind == "cap":
        # The peak points to the front, so it is drawn over the face, or behind the head in a back view.
        peak = sculptor.ellipsoid(at(0.42, 1.15), bone, (0.8 * half[0], 0.006, 0.55 * half[2]))
        in_front = np.where(bone[:, 2, 2] > -0.2, over_hair + LAYER, depth - 2 * LAYER)
        sculptor.part("peak", "head", ((peak,),), "hat", outfit.hat_colour, in_front)
    elif kind == "brim":
        brim = sculptor.ellipsoid(at(0.40, 0.0), bone, (2.0 * half[0], 0.008, 1.8 * half[2]))
        sculptor.part("brim", "head", ((brim,),), "hat", outfit.hat_colour, over_hair + LAYER)


def _paint_shell(kind: str) -> Texture:
    rows, columns = 96, 96
    height = 1 - 2 * (np.arange(rows) + 0.5) / rows
    angle = (np.arange(columns) + 0.5) / columns * 360
    edge = np.interp(np.minimum(angle, 360 - angle), _EDGE_ANGLES, _EDGES[kind])
    return Texture(np.where(height[:, None] > edge, 0, -1).astype(np.int16))
