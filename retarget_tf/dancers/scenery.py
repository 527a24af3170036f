"""Draws and paints the static scene behind a dancer: wall, floor, objects and light."""

import cv2
import numpy as np

from retarget_tf.arrays import Float64Array, Uint8Array
from retarget_tf.dancers import costume
from retarget_tf.dancers.body import CLUTTER, Backdrop

_CLUTTER_SHARES = (0.52, 0.14, 0.14, 0.12, 0.08)
_SUBPIXEL_BITS = 4
_DRAWN = 256  # smaller pictures are painted with this side, then scaled down, so that thin objects do not vanish


def draw_backdrop(rng: np.random.Generator) -> Backdrop:
    """Draws a scene; about half of them have no objects, since clips are chosen for plain backgrounds."""
    hue, saturation, value = rng.uniform(0, 1), rng.uniform(0, 0.25), rng.uniform(0.35, 1.0)
    if rng.uniform() < 0.2:  # a painted wall, a stage or a green screen
        saturation = rng.uniform(0.3, 0.85)
    wall = costume.rgb(hue, saturation, value)
    uniform = rng.uniform() < 0.35
    floor_hue = rng.normal(hue, 0.08) % 1 if rng.uniform() < 0.6 else rng.uniform()
    floor = wall if uniform else costume.rgb(floor_hue, saturation * 1.1, min(value * rng.uniform(0.55, 1.15), 1))
    angle = rng.uniform(-0.9 * np.pi, -0.1 * np.pi)  # from above
    return Backdrop(
        wall=wall,
        floor=floor,
        horizon=float(rng.uniform(0.66, 0.88)),
        gradient=float(rng.uniform(0, 0.22)),
        side_gradient=float(rng.uniform(-0.25, 0.25)),
        texture=float(rng.choice((0, 1, 2.5, 5))),
        noise=float(rng.uniform(0.5, 3.5)),
        clutter=CLUTTER[rng.choice(len(CLUTTER), p=_CLUTTER_SHARES)],
        light=(float(np.cos(angle)), float(np.sin(angle))),
        contrast=float(rng.uniform(0.5, 1.7)),
        seed=int(rng.integers(2**31)),
    )


def paint_backdrop(backdrop: Backdrop, size: int) -> Uint8Array:
    """Paints the scene without the person: RGB uint8 `[size, size, 3]`."""
    drawn = max(size, _DRAWN)
    height = (np.arange(drawn) + 0.5) / drawn
    wall = np.array(backdrop.wall) * (1 - backdrop.gradient * (1 - height / backdrop.horizon))[:, None]
    floor = np.array(backdrop.floor) * (1 - 0.5 * backdrop.gradient * (height - backdrop.horizon))[:, None]
    edge = np.clip((height - backdrop.horizon) * drawn + 0.5, 0, 1)[:, None]
    picture = np.repeat((wall * (1 - edge) + floor * edge)[:, None], drawn, axis=1)
    rng = np.random.default_rng(backdrop.seed)
    picture = _PAINTERS[backdrop.clutter](picture, backdrop, rng)
    picture = picture * (1 + backdrop.side_gradient * (height - 0.5))[:, None]
    picture = picture + backdrop.texture * _cloud(rng, 24, drawn)[..., None]
    if drawn != size:
        picture = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _paint_nothing(picture: Float64Array, backdrop: Backdrop, rng: np.random.Generator) -> Float64Array:
    return picture


def _paint_foliage(picture: Float64Array, backdrop: Backdrop, rng: np.random.Generator) -> Float64Array:
    """Paints leaves, shrubs or distant crowds: blotches of many sizes in a few colours above a wavy line."""
    size = len(picture)
    mixed = sum(_cloud(rng, cells, size) / cells**0.4 for cells in (6, 14, 30, 60))
    hue, spread = rng.choice((0.28, rng.uniform())), rng.uniform(0.03, 0.2)
    shades = np.array([costume.rgb((hue + spread * rng.normal()) % 1, rng.uniform(0.1, 0.6), v) for v in _SHADES])
    leaves = shades[np.digitize(mixed, np.quantile(mixed, (0.2, 0.45, 0.7, 0.9)))]
    low = (backdrop.horizon + 0.08 * _cloud(rng, 5, size)[0]) * size
    high = rng.uniform(-0.2, 0.5) * size + 0.06 * size * _cloud(rng, 7, size)[0]
    rows = np.arange(size)[:, None]
    return np.where(((rows < low) & (rows > high))[..., None], leaves, picture)


def _paint_furniture(picture: Float64Array, backdrop: Backdrop, rng: np.random.Generator) -> Float64Array:
    """Paints shelves, boxes, doors and distant people: upright blocks behind the dancer."""
    for _ in range(rng.integers(3, 12)):
        left, width, height = rng.uniform(-0.1, 1), rng.uniform(0.04, 0.35), rng.uniform(0.06, 0.65)
        foot = backdrop.horizon + rng.uniform(-0.25, 0.08)
        colour = costume.rgb(rng.uniform(), rng.uniform(0, 0.6), rng.uniform(0.15, 0.95))
        _fill(picture, (left, foot - height, left + width, foot), colour)
        for shelf in range(rng.integers(0, 4)):
            up = foot - height * (shelf + 0.5) / 4
            shade = np.array(colour) * rng.uniform(0.5, 1.3)
            _fill(picture, (left + 0.1 * width, up - 0.08 * height, left + 0.9 * width, up), tuple(shade))
    return picture


def _paint_panels(picture: Float64Array, backdrop: Backdrop, rng: np.random.Generator) -> Float64Array:
    """Paints planks, tiles, curtains and window frames: evenly spaced lines on wall and floor."""
    upright = rng.uniform() < 0.7
    lines = int(rng.integers(3, 14))
    width, shade = rng.uniform(0.004, 0.05), rng.uniform(0.6, 1.25)
    for index in range(lines + 1):
        at = (index + rng.uniform(0, 0.15)) / lines
        place = (at, 0.0, at + width, backdrop.horizon) if upright else (0.0, at, 1.0, at + width)
        _fill(picture, place, None, shade)
    for index in range(int(rng.integers(0, 8))):
        at = backdrop.horizon + (1 - backdrop.horizon) * (index / 8) ** 1.5
        _fill(picture, (0.0, at, 1.0, at + 0.006), None, 0.85)
    return picture


def _paint_stripes(picture: Float64Array, backdrop: Backdrop, rng: np.random.Generator) -> Float64Array:
    """Paints a mural or a stage: broad slanting bands."""
    size = len(picture)
    for _ in range(rng.integers(1, 5)):
        start, end, width = rng.uniform(-0.3, 1.3), rng.uniform(-0.3, 1.3), rng.uniform(0.03, 0.2)
        corners = np.array([(start, 0), (start + width, 0), (end + width, 1), (end, 1)]) * size
        colour = costume.rgb(rng.uniform(), rng.uniform(0.1, 0.7), rng.uniform(0.4, 1))
        fixed = np.round(corners * 2**_SUBPIXEL_BITS).astype(np.int32)
        cv2.fillConvexPoly(picture, fixed, colour, cv2.LINE_8, _SUBPIXEL_BITS)
    return picture


_SHADES = (0.12, 0.25, 0.38, 0.52, 0.75)
_PAINTERS = dict(
    zip(CLUTTER, (_paint_nothing, _paint_foliage, _paint_furniture, _paint_panels, _paint_stripes), strict=True)
)


def _fill(
    picture: Float64Array,
    box: tuple[float, float, float, float],
    colour: "tuple[float, ...] | None",
    shade: float = 1.0,
) -> None:
    """Fills a box (left, top, right, bottom in shares of the picture) with a colour, or shades its pixels."""
    left, top, right, bottom = (int(np.clip(round(edge * len(picture)), 0, len(picture))) for edge in box)
    region = picture[top : max(bottom, top + 1), left : max(right, left + 1)]
    region[:] = region * shade if colour is None else colour


def _cloud(rng: np.random.Generator, cells: int, size: int) -> Float64Array:
    """Returns soft noise `[size, size]`, about -2..2, interpolated from `cells` x `cells` values."""
    noise = rng.normal(size=(cells, cells)).astype(np.float32)
    return cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC).astype(np.float64)
