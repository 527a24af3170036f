"""Renders clips of dancers, each determined by a `Recipe`, and writes folders of them on all cores."""

import dataclasses
import json
import pathlib
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import tqdm

from retarget_tf import files, parallel
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import parsing_labels
from retarget_tf.dancers import camera, detection, figure, motion, render, surface
from retarget_tf.dancers.casting import draw_person, person_id
from retarget_tf.dataset import clips, surfaces
from retarget_tf.errors import ConfigError, InputDataError

Rendered = tuple[Uint8Array, dict[str, Uint8Array], Float32Array]

RENDERER = "dancers-2"  # to be changed whenever the same recipe no longer gives the same pictures
MIN_SIZE = 32


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Everything that a clip depends on: the same recipe always gives the same clip.

    Attributes:
        seed: Seed of the crowd that the person shown belongs to.
        person: Number of the person shown in that crowd.
        clip: Number of the dance among the dancer's own.
        frames: Length of the clip in frames.
        size: Side of the square picture in pixels.
        motion_of: Seed and number of another person whose dance is shown; None for the person's own dance.
    """

    seed: int
    person: int
    clip: int
    frames: int
    size: int
    motion_of: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        for name in ("seed", "person", "clip"):
            _require_at_least(0, **{name: getattr(self, name)})
        _require_at_least(2, frames=self.frames)
        _require_at_least(MIN_SIZE, size=self.size)

    @property
    def dancer(self) -> tuple[int, int]:
        """Seed and number of the dancer whose dance it is."""
        return self.motion_of or (self.seed, self.person)

    @property
    def person_id(self) -> str:
        """Id of the person shown."""
        return person_id(self.seed, self.person)

    @property
    def motion_clip_id(self) -> str:
        """Id of the dancer's own clip of this dance."""
        return f"{person_id(*self.dancer)}_{self.clip:02d}"

    @property
    def clip_id(self) -> str:
        """Id of the clip: `dancer_0_0002_00`, or `dancer_0_0003_dances_dancer_0_0002_00`."""
        if self.motion_of is None:
            return self.motion_clip_id
        return f"{self.person_id}_dances_{self.motion_clip_id}"

    def to_source(self) -> str:
        """Returns the recipe as JSON, stored in `ClipInfo.source`."""
        return json.dumps({"renderer": RENDERER, **dataclasses.asdict(self)}, separators=(",", ":"))

    @classmethod
    def from_source(cls, source: str) -> "Recipe":
        """Reads the recipe that `to_source` wrote; raises a ValueError for other text."""
        values = json.loads(source)
        if not isinstance(values, dict) or values.pop("renderer", None) != RENDERER:
            raise ValueError(f"source must be written by {RENDERER}. Received: source={source}")
        motion_of = values.pop("motion_of")
        return cls(**values, motion_of=motion_of and tuple(motion_of))

    def clip_info(self, with_surfaces: bool = False) -> clips.ClipInfo:
        """Returns the header of the clip."""
        return clips.ClipInfo(
            clip_id=self.clip_id,
            person_id=self.person_id,
            fps=motion.FPS,
            image_size=self.size,
            label_schema="parts10",
            more_label_schemas=("cihp20",),
            motion_of=None if self.motion_of is None else self.motion_clip_id,
            source=self.to_source(),
            surface_version=surfaces.VERSION if with_surfaces else 0,
        )


def render_frames(recipe: Recipe) -> Iterator[Rendered]:
    """Yields each frame (RGB uint8 `[size, size, 3]`), its maps by schema (parts10, cihp20) and keypoints `[25, 3]`."""
    return ((frame, maps, keypoints) for frame, maps, keypoints, _ in _render(recipe, with_surfaces=False))


def render_surfaces(recipe: Recipe) -> Iterator[surfaces.Surface]:
    """Yields what each frame of `render_frames` shows of the dancer's surface."""
    return (shown for *_, shown in _render(recipe, with_surfaces=True) if shown is not None)


def _render(
    recipe: Recipe, with_surfaces: bool
) -> Iterator[tuple[Uint8Array, dict[str, Uint8Array], Float32Array, surfaces.Surface | None]]:
    person = draw_person(recipe.seed, recipe.person)
    dance = motion.draw_motion(*recipe.dancer, recipe.clip, recipe.frames)
    body = figure.build_figure(person, dance)
    view = camera.frame_figure(body, person, recipe.size)
    painter = render.Painter(body, view, person.backdrop, recipe.size)
    rng = np.random.default_rng([recipe.seed, recipe.person, *recipe.dancer, recipe.clip, 2])
    detector = detection.Detector(rng)
    coder = surface.SurfaceCoder(body, view) if with_surfaces else None
    noise = rng.normal(0, person.backdrop.noise, (recipe.size + 64, recipe.size + 64, 3)).astype(np.int16)
    places = view.project(np.stack([body.landmarks[name] for name in detection.DETECTED], axis=1))
    hip_line = view.project(body.hips)[:, 1]
    for index in range(recipe.frames):
        canvas = painter.fill_canvas(index)
        labels = painter.labels(canvas)
        maps = {"parts10": parsing_labels.CIHP20.parts10_of(labels, float(hip_line[index])), "cihp20": labels}
        limbs = painter.limbs_at(canvas, places[index])
        keypoints = detector.observe(places[index], limbs, recipe.size)
        top, left = rng.integers(0, 64, 2)
        grain = noise[top : top + recipe.size, left : left + recipe.size]
        frame = cv2.add(painter.colour(canvas, index), grain, dtype=cv2.CV_8U)
        yield frame, maps, keypoints, None if coder is None else coder.view(index, painter.hulls(index))


def make_clips(
    out: files.PathLike,
    *,
    people: int,
    clips_per_person: int,
    frames: int,
    size: int,
    seed: int = 0,
    with_surfaces: bool = False,
    workers: int = 1,
    show_progress: bool = False,
) -> list[pathlib.Path]:
    """Renders a crowd into clip folders `out/<clip_id>`; clips that exist already are kept.

    Args:
        out: Folder in which the clip folders are made.
        people: Number of people.
        clips_per_person: Number of clips of each person.
        frames: Length of each clip in frames.
        size: Side of the square picture in pixels.
        seed: Determines the crowd; another seed gives other people and dances.
        with_surfaces: Stores surface maps too (see `dataset.surfaces`), which takes twice the time.
        workers: Number of processes; the clips do not depend on it.
        show_progress: Whether to show a progress bar.

    Returns:
        The clip folders.

    Raises:
        ConfigError: a number is out of range, a clip folder holds another clip, or another process is making clips in
            the folder.
    """
    _require_at_least(1, people=people, clips_per_person=clips_per_person)
    recipes = [Recipe(seed, person, clip, frames, size) for person in range(people) for clip in range(clips_per_person)]
    files.refuse_address(out)
    return _make_all(pathlib.Path(out), recipes, with_surfaces, workers, show_progress)


def make_cross_clips(
    out: files.PathLike,
    clips_folder: files.PathLike,
    *,
    with_surfaces: bool = False,
    workers: int = 1,
    show_progress: bool = False,
) -> list[pathlib.Path]:
    """Renders every dance of `clips_folder` on the dancer's partner: the ground truth of retargeting.

    People are paired in the order of their ids, the first with the second and so on; if their number is odd, the last
    one gets the first as partner.

    Raises:
        InputDataError: the clips are not dancers' own clips, or are of one person only.
        ConfigError: `out` is the folder of the clips or lies in it, a clip folder there holds another clip, or another
            process is making clips in it.
    """
    files.refuse_replacing(out, clips_folder, whole=False)
    recipes = [_recipe_of(clip) for clip in clips.find_clips(clips_folder)]
    partners = _pair_up({recipe.person_id: (recipe.seed, recipe.person) for recipe in recipes})
    if len(partners) < 2:
        raise InputDataError(f"clips folder {clips_folder}: holds clips of one person only. Make two people at least.")
    crossed = []
    for recipe in recipes:
        seed, person = partners[recipe.person_id]
        crossed.append(dataclasses.replace(recipe, seed=seed, person=person, motion_of=recipe.dancer))
    return _make_all(pathlib.Path(out), crossed, with_surfaces, workers, show_progress)


def _pair_up(people: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Returns (seed, person) of each person's partner, by the person's id."""
    names = sorted(people)
    partners = {name: names[index ^ 1 if index ^ 1 < len(names) else 0] for index, name in enumerate(names)}
    return {name: people[partner] for name, partner in partners.items()}


def _recipe_of(clip: clips.Clip) -> Recipe:
    advice = "Give a folder that retarget-make-dancers wrote without --motion_of."
    if clip.info.motion_of is not None:
        raise InputDataError(f"clip {clip.folder}: shows the motion of {clip.info.motion_of}. {advice}")
    try:
        recipe = Recipe.from_source(clip.info.source)
        if (recipe.clip_id, recipe.frames, recipe.size) == (clip.info.clip_id, clip.info.frames, clip.info.image_size):
            return recipe
        raise ValueError(f"source must describe the clip. Received: source={clip.info.source}")
    except (ValueError, TypeError, KeyError) as error:
        raise InputDataError(f"clip {clip.folder}: was not made by this renderer ({RENDERER}). {advice}") from error


def _make_all(
    out: pathlib.Path, recipes: Sequence[Recipe], with_surfaces: bool, workers: int, show_progress: bool
) -> list[pathlib.Path]:
    _require_at_least(1, workers=workers)
    folders = [out / recipe.clip_id for recipe in recipes]

    def missing() -> list[tuple[pathlib.Path, Recipe, bool]]:
        clips_to_make = ((folder, recipe, with_surfaces) for folder, recipe in zip(folders, recipes, strict=True))
        return [made for made in clips_to_make if not _is_made(*made)]

    if not missing():  # nothing is written, so the folder need not be locked
        return folders
    with files.exclusive(out, inside=True):
        _make(missing(), workers, show_progress)
    return folders


def _make(missing: Sequence[tuple[pathlib.Path, Recipe, bool]], workers: int, show_progress: bool) -> None:
    with tqdm.tqdm(total=len(missing), unit="clip", disable=not show_progress) as progress:
        parallel.for_each(_render_clip, missing, workers=workers, on_done=lambda _: progress.update())


def _is_made(folder: pathlib.Path, recipe: Recipe, with_surfaces: bool) -> bool:
    """Whether the folder holds this clip already; ConfigError where it holds another one."""
    if not folder.exists():
        return False
    found = clips.open_clip(folder).info
    if found != dataclasses.replace(recipe.clip_info(with_surfaces), frames=recipe.frames):
        raise ConfigError(
            "a clip that is there already must have been made with the same settings: remove it, or choose another "
            f"folder. Received: folder={folder}"
        )
    return True


def _render_clip(made: tuple[pathlib.Path, Recipe, bool]) -> None:
    folder, recipe, with_surfaces = made
    with clips.ClipWriter(folder, recipe.clip_info(with_surfaces)) as writer:
        for frame, maps, keypoints, shown in _render(recipe, with_surfaces):
            writer.write(frame, maps, keypoints, shown)


def _require_at_least(least: int, **settings: int) -> None:
    for name, value in settings.items():
        if value < least:
            raise ConfigError(f"{name} must be at least {least}. Received: {name}={value}")
