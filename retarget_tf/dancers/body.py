"""Describes a procedural person: proportions, hair, outfit, backdrop and camera.

Lengths are shares of the person's standing height unless stated otherwise. Colours are RGB 0..255.
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
    """Bone lengths and widths; the height from heels to crown is 1.

    Attributes:
        stature: Standing height as a share of the picture's height.
        ankle: Height of the ankle above the sole.
        shin: Length from knee to ankle.
        thigh: Length from hip to knee.
        trunk: Length from mid-hip to the line of the shoulders.
        neck: Length from the line of the shoulders to the chin.
        head: Length from chin to crown.
        upper_arm: Length from shoulder to elbow.
        forearm: Length from elbow to wrist.
        hand: Length from wrist to finger tips.
        foot: Length from heel to toe.
        hip_half: Half the distance between the hip joints.
        shoulder_half: Half the distance between the shoulder joints.
        chest: Half-widths of the chest (sideways, front to back).
        waist: Half-widths of the waist (sideways, front to back).
        pelvis: Half-widths of the hips (sideways, front to back).
        arm_girth: Factor of the arms' radii.
        leg_girth: Factor of the legs' radii.
        head_width: Half-width of the head as a share of its length.
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
        style: One of `HAIR_STYLES`.
        colour: Colour of the hair.
        volume: Factor of the hair's thickness; 1 is usual.
        length: Length of hanging hair (bob, long, ponytail).
        fringe: How far the hairline comes down the forehead, 0..1.
        in_front: Whether long hair also falls over the shoulders to the chest.
    """

    style: str
    colour: Colour
    volume: float
    length: float
    fringe: float
    in_front: bool = False


@dataclasses.dataclass(frozen=True)
class Pattern:
    """A pattern on cloth.

    Attributes:
        kind: One of `PATTERNS`.
        colour: Colour of the pattern; the cloth in between keeps its own colour.
        period: Distance after which the pattern repeats.
        share: Share of a period that has the pattern's colour.
        seed: Determines the blotches of the kind `print`.
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
        sleeves: One of `SLEEVES`.
        sleeve_share: Share of the upper arm that a short sleeve covers.
        upper_colour: Colour of the top or dress.
        upper_pattern: Pattern of the top or dress; None for plain cloth.
        neckline: Shape of the neckline: -1 is deep, 0 round, 1 up to the chin.
        coverage: Share of the trunk that the top covers, from the shoulders down; 0 for a bare chest.
        coat: How far an open coat hangs below the hips; None for no coat.
        coat_colour: Colour of the coat.
        lower: One of `LOWER_GARMENTS`.
        lower_colour: Colour of trousers, shorts or skirt.
        lower_pattern: Pattern of trousers, shorts or skirt; None for plain cloth.
        lower_length: How far the lower garment reaches: 0 to the hip, 1 to the knee, 2 to the ankle.
        lower_width: How much wider than the leg the lower garment is; 0 is tight.
        looseness: How much wider than the body the top is; 0 is tight.
        tunic: How far the top hangs below the waist.
        block: Share of the top, from its hem up, that has another colour; 0 for none.
        block_colour: That other colour.
        footwear: One of `FOOTWEAR`.
        shoe_bulk: Factor of the shoes' width and height; 1 is the bulkiest.
        shoe_colour: Colour of the shoes.
        sole_colour: Colour of the soles.
        shaft_length: How far up the calf a boot reaches, 0..1; 0 for no shaft.
        sock_length: How far up the calf a sock reaches, 0..1; 0 if no sock is visible.
        sock_colour: Colour of the socks.
        headwear: One of `HEADWEAR`.
        hat_colour: Colour of the headwear.
        glasses: One of `GLASSES`.
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
    """The static scene: a wall, a floor, objects, and the light.

    Attributes:
        wall: Colour of the wall.
        floor: Colour of the floor.
        horizon: Where wall and floor meet, as a share of the picture's height from the top.
        gradient: By what share the wall is darker at its top.
        side_gradient: By what share the right side is brighter than the left.
        texture: Amplitude of the soft static texture in grey levels.
        noise: Standard deviation of each frame's noise in grey levels.
        clutter: One of `CLUTTER`, the kind of objects in the background.
        light: Unit vector in the picture (x right, y down) towards the light.
        contrast: Strength of the shading on the person; 1 is usual.
        seed: Determines texture and clutter.
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
    """The position of the camera, in standing heights, and of the stage in the picture.

    Attributes:
        distance: Distance of the lens from the middle of the stage; small values make a strong perspective.
        height: Height of the lens above the floor.
        centre: x of the middle of the stage, as a share of the picture from the left.
        floor: y of the floor in the middle of the stage, as a share of the picture from the top.
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
