"""What a procedural person is: proportions, hair, outfit, backdrop, and how it is filmed.

Lengths are shares of the person's standing height, so a body of another stature needs no other numbers. Colours
are RGB 0..255.
"""

import dataclasses

Colour = tuple[float, float, float]

HAIR_STYLES = ("short", "crop", "bob", "long", "ponytail", "bun", "balding")
LOWER_GARMENTS = ("trousers", "shorts", "skirt", "dress")
SLEEVES = ("none", "short", "long")
FOOTWEAR = ("shoes", "boots", "pumps", "bare")
HEADWEAR = ("none", "cap", "beanie", "brim", "hood")
GLASSES = ("none", "glasses", "sunglasses")
PATTERNS = ("rows", "columns", "checks", "dots", "print")
CLUTTER = ("none", "foliage", "furniture", "panels", "stripes")


@dataclasses.dataclass(frozen=True)
class Body:
    """Bone lengths and volumes; heels to crown is 1.

    Attributes:
        stature: standing height as a share of the picture's height.
        ankle: height of the ankle above the sole.
        shin: knee to ankle.
        thigh: hip to knee.
        trunk: middle of the hips to the line of the shoulders.
        neck: line of the shoulders to the chin.
        head: chin to crown.
        upper_arm: shoulder to elbow.
        forearm: elbow to wrist.
        hand: wrist to finger tips.
        foot: heel to toe.
        hip_half: half the distance of the hip joints.
        shoulder_half: half the distance of the shoulder joints.
        chest: half-widths (across, fore and aft) of the chest.
        waist: half-widths of the waist.
        pelvis: half-widths of the hips.
        arm_girth: scale of the arms' radii.
        leg_girth: scale of the legs' radii.
        head_width: half-width of the head as a share of its length.
    """

    stature: float = 0.72
    ankle: float = 0.045
    shin: float = 0.235
    thigh: float = 0.240
    trunk: float = 0.295
    neck: float = 0.042
    head: float = 0.146
    upper_arm: float = 0.165
    forearm: float = 0.145
    hand: float = 0.080
    foot: float = 0.145
    hip_half: float = 0.052
    shoulder_half: float = 0.105
    chest: tuple[float, float] = (0.092, 0.064)
    waist: tuple[float, float] = (0.076, 0.056)
    pelvis: tuple[float, float] = (0.090, 0.066)
    arm_girth: float = 1.0
    leg_girth: float = 1.0
    head_width: float = 0.40


@dataclasses.dataclass(frozen=True)
class Hair:
    """The hair of a person.

    Attributes:
        style: one of `HAIR_STYLES`.
        colour: RGB.
        volume: how far it stands off the head, 1 is usual.
        length: of what hangs down (bob, long, ponytail), as a share of the height.
        fringe: how low the hairline is on the forehead, 0..1.
        in_front: whether long hair falls over the shoulders too.
    """

    style: str
    colour: Colour
    volume: float
    length: float
    fringe: float
    in_front: bool = False


@dataclasses.dataclass(frozen=True)
class Pattern:
    """What is woven into or printed on a cloth.

    Attributes:
        kind: one of `PATTERNS`.
        colour: of the pattern; the cloth between keeps its own.
        period: distance at which it repeats, as a share of the height.
        share: part of a period that has the colour.
        seed: of a print.
    """

    kind: str
    colour: Colour
    period: float
    share: float
    seed: int


@dataclasses.dataclass(frozen=True)
class Outfit:
    """What a person wears.

    Attributes:
        sleeves: one of `SLEEVES`.
        sleeve_share: share of the upper arm that a short sleeve covers.
        upper_colour: of the top or dress.
        upper_pattern: of the top or dress, None for plain cloth.
        neckline: -1 deep, 0 round, 1 up to the chin.
        coverage: share of the trunk that the top covers, from the shoulders down; 0 for a bare chest.
        coat: how far an open coat hangs below the hips, as a share of the height; None for no coat.
        coat_colour: of the coat.
        lower: one of `LOWER_GARMENTS`.
        lower_colour: of trousers, shorts or skirt.
        lower_pattern: of trousers, shorts or skirt, None for plain cloth.
        lower_length: how far a garment reaches: 0 at the hip, 1 at the knee, 2 at the ankle.
        lower_width: how much wider than the leg it is, 0 tight.
        looseness: how much wider than the body the top is, 0 tight.
        tunic: how far the top hangs below the waist, as a share of the height.
        block: share of the top, from its hem up, that has another colour; 0 for none.
        block_colour: that other colour.
        footwear: one of `FOOTWEAR`.
        shoe_bulk: how bulky the shoes are, 1 the most.
        shoe_colour: of the shoes.
        sole_colour: of their soles.
        shaft_length: how far up the calf a boot reaches, 0..1; 0 for none.
        sock_length: how far up the calf a sock reaches, 0..1; 0 for none that shows.
        sock_colour: of the socks.
        headwear: one of `HEADWEAR`.
        hat_colour: of it.
        glasses: one of `GLASSES`.
    """

    sleeves: str
    sleeve_share: float
    upper_colour: Colour
    upper_pattern: Pattern | None
    neckline: float
    coverage: float
    coat: float | None
    coat_colour: Colour
    lower: str
    lower_colour: Colour
    lower_pattern: Pattern | None
    lower_length: float
    lower_width: float
    looseness: float
    tunic: float
    block: float
    block_colour: Colour
    footwear: str
    shoe_bulk: float
    shoe_colour: Colour
    sole_colour: Colour
    shaft_length: float
    sock_length: float
    sock_colour: Colour
    headwear: str
    hat_colour: Colour
    glasses: str


@dataclasses.dataclass(frozen=True)
class Backdrop:
    """The static scene: a wall and a floor, and what stands there.

    Attributes:
        wall: colour of the wall.
        floor: colour of the floor.
        horizon: where they meet, as a share of the picture's height from the top.
        gradient: how much darker the wall is at its top.
        side_gradient: how much brighter the right side is than the left.
        texture: amplitude of the soft static texture in grey levels.
        noise: standard deviation of each frame's noise in grey levels.
        clutter: one of `CLUTTER`.
        light: the direction in the picture (x right, y down) that it comes from, of length 1.
        contrast: of light and shade on the person, 1 is usual.
        seed: of texture and clutter.
    """

    wall: Colour
    floor: Colour
    horizon: float
    gradient: float
    side_gradient: float
    texture: float
    noise: float
    clutter: str
    light: tuple[float, float]
    contrast: float
    seed: int


@dataclasses.dataclass(frozen=True)
class View:
    """How a person is filmed.

    Attributes:
        distance: of the lens, in standing heights.
        height: of the lens above the floor, in standing heights.
        centre: where the middle of the stage is, as a share of the picture from the left.
        floor: where a person in the middle of the stage stands, as a share of the picture from the top.
    """

    distance: float = 5.0
    height: float = 0.55
    centre: float = 0.5
    floor: float = 0.93


@dataclasses.dataclass(frozen=True)
class Person:
    """Everything that stays the same in all clips of one person."""

    person_id: str
    body: Body
    skin: Colour
    eyes: Colour
    hair: Hair
    outfit: Outfit
    backdrop: Backdrop
    view: View
