"""Builds head, face and hair from painted ellipsoids that turn with the head, so that its back shows hair."""

import numpy as np

from retarget_tf.arrays import BoolArray, Float64Array
from retarget_tf.dancers import headwear
from retarget_tf.dancers.body import Body, Colour, Hair, Person
from retarget_tf.dancers.kinematics import SIDES
from retarget_tf.dancers.sculpture import LAYER, Material, Sculptor, Texture, lagged, material

_ROWS, _COLUMNS = 96, 192
_SKIN, _HAIR, _EYE_WHITE, _IRIS, _BROW, _MOUTH, _CHEEK, _LENS = range(8)
# Height of the hairline on the head (1 crown, -1 chin) at angles from the front in degrees.
_HAIRLINE_ANGLES = np.array([0, 25, 50, 68, 82, 100, 125, 180.0])
_HAIRLINES = {
    "short": (0.50, 0.46, 0.34, 0.00, -0.15, -0.10, -0.75, -0.86),
    "crop": (0.55, 0.52, 0.40, 0.10, -0.05, -0.05, -0.62, -0.74),
    "bob": (0.42, 0.40, 0.22, -0.65, -0.90, -0.95, -1.00, -1.00),
    "long": (0.50, 0.44, 0.20, -0.60, -0.95, -1.00, -1.00, -1.00),
    "ponytail": (0.52, 0.48, 0.36, 0.06, -0.10, -0.15, -0.80, -0.90),
    "bun": (0.52, 0.48, 0.36, 0.06, -0.10, -0.15, -0.80, -0.90),
}


def add_head(sculptor: Sculptor, person: Person, top: Float64Array) -> dict[str, Float64Array]:
    """Adds the head and returns the positions of nose, eyes and ears, `[frames, 3]` by name.

    Args:
        sculptor: Collects the volumes.
        person: The person whose head is built.
        top: Depth of the clothes on the chest `[frames]`.
    """
    body = person.body
    bone, centre = sculptor.pose.bones["head"], sculptor.pose.points["head"]
    half = _half_widths(body)

    def at(x: float, y: float, z: float) -> Float64Array:
        return centre + x * half[0] * bone[..., 0] + y * half[1] * bone[..., 1] + z * half[2] * bone[..., 2]

    depth = np.maximum(centre[:, 2] + 0.05, top + 3 * LAYER)
    skull = sculptor.ellipsoid(centre, bone, half)
    sculptor.painted("head", skull, _paint_face(person), _face_materials(person), depth)
    for side, sign in SIDES:
        ear = sculptor.ellipsoid(at(0.98 * sign, -0.05, -0.12), bone, (0.007, 0.019, 0.012))
        # The near ear is drawn over the head, the far one behind it.
        near = sign * bone[:, 2, 0] > 0.25
        ear_depth = depth + np.where(near, LAYER / 2, -LAYER / 2)
        sculptor.part(f"{side}_ear", "head", ((ear,),), "face", _shade(person.skin, 0.95), ear_depth)
    nose = sculptor.ellipsoid(at(0, -0.16, 0.98), bone, (0.0085, 0.011, 0.011))
    bridge = sculptor.ellipsoid(at(0, 0.04, 0.93), bone, (0.005, 0.01, 0.006))
    nose_depth = depth + np.where(bone[:, 2, 2] > -0.1, LAYER / 2, -LAYER)
    sculptor.part("nose", "head", ((nose, bridge),), "face", _shade(person.skin, 0.97), nose_depth)
    _add_hair(sculptor, person, depth, top)
    headwear.add_headwear(sculptor, person.outfit, half, depth)
    landmarks = {"nose": at(0, -0.14, 1.12)}
    for side, sign in SIDES:  # where a detector places them; it places the ears well inside the head
        landmarks[f"{side}_eye"] = at(0.30 * sign, 0.06, 0.88)
        landmarks[f"{side}_ear"] = at(0.55 * sign, -0.02, -0.10)
    return landmarks


def _half_widths(body: Body) -> tuple[float, float, float]:
    return body.head_width * body.head, 0.5 * body.head, 0.46 * body.head


def _add_hair(sculptor: Sculptor, person: Person, depth: Float64Array, top: Float64Array) -> None:
    hair, body, bone = person.hair, person.body, sculptor.pose.bones["head"]
    if hair.style == "balding":
        return
    half, centre = _half_widths(body), sculptor.pose.points["head"]
    thickness = {"crop": 0.05, "short": 0.10, "bob": 0.14, "long": 0.12}.get(hair.style, 0.07) * hair.volume

    def at(x: float, y: float, z: float) -> Float64Array:
        return centre + x * half[0] * bone[..., 0] + y * half[1] * bone[..., 1] + z * half[2] * bone[..., 2]

    widths = (half[0] * (1.02 + thickness), half[1] * (0.93 + thickness), half[2] * (0.99 + thickness))
    shell = sculptor.ellipsoid(at(0, 0.10, -0.08 - 0.5 * thickness), bone, widths)
    colour = hair.colour
    sculptor.painted("hair", shell, _paint_hair(hair), (material("hair", colour),), depth + LAYER)
    if hair.style in ("bob", "long"):
        # From the front, the inner side of the hair is visible around the face.
        sculptor.part("hair_inside", "head", ((shell,),), "hair", _shade(colour, 0.82), depth - LAYER)
        _add_hanging_hair(sculptor, person, at(0, 0.0, -0.38), at(0, -0.55, -0.45), thickness, top, depth)
    elif hair.style == "ponytail":
        _add_ponytail(sculptor, person, at(0, 0.35, -1.0), top, depth)
    elif hair.style == "bun":
        bun = sculptor.ball(at(0, 0.78, -0.78), 0.032 + 0.008 * hair.volume, bone)
        bun_depth = depth + np.where(bone[:, 2, 2] < 0, 2 * LAYER, -2 * LAYER)
        sculptor.part("bun", "head", ((bun,),), "hair", colour, bun_depth)


def _add_hanging_hair(
    sculptor: Sculptor,
    person: Person,
    crown: Float64Array,
    nape: Float64Array,
    thickness: float,
    top: Float64Array,
    depth: Float64Array,
) -> None:
    half, bone, length = _half_widths(person.body), sculptor.pose.bones["head"], person.hair.length
    chest = sculptor.pose.bones["chest"]
    down = np.array([0.0, -1.0, 0.0])
    end = nape + (length - 0.4 * person.body.head) * (0.75 * down - 0.25 * bone[..., 1])
    end = end - 0.04 * chest[..., 2] * (length > 0.15)
    end = end + np.clip(1.6 * (lagged(end, 0.7) - end), -0.05, 0.05)
    wide = 1.04 + thickness
    upper = sculptor.ellipsoid(crown, bone, (half[0] * wide, half[1] * 0.8, half[2] * 0.72))
    middle = sculptor.ellipsoid(nape, bone, (half[0] * (wide + 0.06), half[1] * 0.3, half[2] * 0.55))
    tip = sculptor.ellipsoid(end, bone, (half[0] * (0.95 + thickness), 0.016, half[2] * 0.42))
    # The hair lies on the back: behind the clothes in a front view, before head and neck in a back view.
    natural, facing = sculptor.depth(middle, tip), bone[:, 2, 2] > 0
    hair_depth = np.where(facing, np.minimum(natural, top - LAYER), depth + 2 * LAYER)
    sculptor.part("hanging_hair", "head", ((upper, middle), (middle, tip)), "hair", person.hair.colour, hair_depth)
    if person.hair.in_front:
        _add_strands(sculptor, person, thickness, top, depth)


def _add_strands(sculptor: Sculptor, person: Person, thickness: float, top: Float64Array, depth: Float64Array) -> None:
    """Adds hair that falls over the shoulders to the chest on both sides of the face."""
    half, bone, chest = _half_widths(person.body), sculptor.pose.bones["head"], sculptor.pose.bones["chest"]
    centre, down = sculptor.pose.points["head"], np.array([0.0, -1.0, 0.0])
    width = 0.016 + 0.004 * person.hair.volume
    seen = chest[:, 2, 2] > -0.1
    strand_depth = np.where(seen, np.maximum(top + 2 * LAYER, depth - 2 * LAYER), top - 2 * LAYER)
    for side, sign in SIDES:
        temple = centre + sign * (1 + 0.6 * thickness) * half[0] * bone[..., 0] - 0.1 * half[1] * bone[..., 1]
        jaw = temple - 0.8 * half[1] * bone[..., 1] + 0.3 * half[2] * bone[..., 2]
        end = jaw + 0.55 * person.hair.length * down + 0.6 * person.body.chest[1] * chest[..., 2]
        end = end + np.clip(1.4 * (lagged(end, 0.7) - end), -0.04, 0.04)
        strand = [sculptor.ball(at, w * width, bone) for at, w in ((temple, 0.7), (jaw, 1.0), (end, 0.7))]
        pieces = (tuple(strand[:2]), tuple(strand[1:]))
        sculptor.part(f"{side}_strand", "head", pieces, "hair", person.hair.colour, strand_depth)


def _add_ponytail(
    sculptor: Sculptor, person: Person, root: Float64Array, top: Float64Array, depth: Float64Array
) -> None:
    bone, length = sculptor.pose.bones["head"], person.hair.length
    down = np.array([0.0, -1.0, 0.0])
    middle = root - 0.035 * bone[..., 2] + 0.45 * length * down
    middle = middle + np.clip(1.5 * (lagged(middle, 0.6) - middle), -0.06, 0.06)
    end = root - 0.025 * bone[..., 2] + length * down
    end = end + np.clip(2.2 * (lagged(end, 0.78) - end), -0.10, 0.10)
    width = 0.016 + 0.005 * person.hair.volume
    nodes = [sculptor.ball(at, w, bone) for at, w in ((root, 0.7 * width), (middle, 1.15 * width), (end, 0.45 * width))]
    tail_depth = np.where(bone[:, 2, 2] < 0, depth + 2 * LAYER, np.minimum(sculptor.depth(*nodes), top - LAYER))
    sculptor.part("ponytail", "head", (tuple(nodes[:2]), tuple(nodes[1:])), "hair", person.hair.colour, tail_depth)


def _face_materials(person: Person) -> tuple[Material, ...]:
    skin, hair = person.skin, person.hair.colour
    lips = (0.72 * skin[0] + 40, 0.52 * skin[1] + 14, 0.52 * skin[2] + 20)
    cheek = (min(1.02 * skin[0], 255), 0.90 * skin[1], 0.88 * skin[2])
    return (
        material("face", skin),
        material("hair", hair),
        material("face", (246, 246, 244)),
        material("face", _shade(person.eyes, 0.8)),
        material("face", _shade(hair, 0.75)),
        material("face", lips),
        material("face", cheek),
        material("sunglasses", (28, 26, 30)),
    )


def _paint_face(person: Person) -> Texture:
    height, angle = _surface()
    paint = np.full(height.shape, _SKIN, np.int16)
    # Facial features are placed by x (sideways) and y (up) on the front of the head, in half-widths of the head.
    across = np.sin(angle) * np.sqrt(1 - height**2)
    front = np.abs(angle) < np.pi / 2

    def disc(x: float, y: float, wide: float, high: float) -> BoolArray:
        return front & (((across - x) / wide) ** 2 + ((height - y) / high) ** 2 < 1)

    for sign in (-1.0, 1.0):
        paint[disc(0.52 * sign, -0.22, 0.17, 0.12)] = _CHEEK
        paint[disc(0.40 * sign, 0.05, 0.155, 0.105)] = _EYE_WHITE
        paint[disc(0.39 * sign, 0.05, 0.095, 0.100)] = _IRIS
        paint[disc(0.42 * sign, 0.30, 0.17, 0.034)] = _BROW
    paint[disc(0, -0.50, 0.27, 0.085) & (height < -0.49 + 0.7 * across**2)] = _MOUTH
    if person.outfit.glasses != "none":
        for sign in (-1.0, 1.0):
            inner = disc(0.41 * sign, 0.05, 0.22, 0.15) & (person.outfit.glasses == "glasses")
            paint[disc(0.41 * sign, 0.05, 0.28, 0.20) & ~inner] = _LENS
        paint[(np.abs(height - 0.10) < 0.025) & ((np.abs(across) < 0.2) | ~front)] = _LENS  # bridge and temples
    if person.hair.style == "balding":
        (low_front, high_front), (low_back, high_back) = (-0.1, 0.25), (-0.55, 0.2)
        behind = np.clip((np.abs(angle) - 1.3) / 1.2, 0, 1)
        low, high = low_front + (low_back - low_front) * behind, high_front + (high_back - high_front) * behind
        paint[(np.abs(angle) > 1.2) & (height > low) & (height < high)] = _HAIR
    return Texture(paint, taper=0.20)


def _paint_hair(hair: Hair) -> Texture:
    height, angle = _surface()
    line = np.interp(np.degrees(np.abs(angle)), _HAIRLINE_ANGLES, _HAIRLINES[hair.style])
    forehead = np.clip(1 - np.abs(angle) / 1.1, 0, 1)
    parting = 0.22 * (2 * ((7 * hair.fringe) % 1) - 1)
    line = line + forehead * (
        0.10 - 0.34 * hair.fringe * (hair.style in ("short", "bob")) + parting * np.sin(2 * angle)
    )
    return Texture(np.where(height > line, 0, -1).astype(np.int16))


def _surface() -> tuple[Float64Array, Float64Array]:
    """Returns height (-1..1) and angle from the front (radians, positive to the left) of every texel."""
    height = 1 - 2 * (np.arange(_ROWS) + 0.5) / _ROWS
    angle = (np.arange(_COLUMNS) + 0.5) / _COLUMNS * 2 * np.pi
    angle = np.where(angle > np.pi, angle - 2 * np.pi, angle)
    rows, columns = np.meshgrid(height, angle, indexing="ij")
    return rows, columns


def _shade(colour: Colour, factor: float) -> Colour:
    red, green, blue = (min(channel * factor, 255.0) for channel in colour)
    return red, green, blue
