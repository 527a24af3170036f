"""Renders clips of procedural dancers, with exact keypoints and exact parsing maps (parts10 and cihp20).

    retarget-make-dancers --out=clips --people=20 --clips_per_person=2 --frames=240 --size=64

The same dances on other people, as ground truth of retargeting (people are paired in the order of their ids, and each
dances the dances of the other):

    retarget-make-dancers --out=crossed --motion_of=clips

The clips depend on the flags only, not on the number of workers. Clips that exist already are kept.
"""

import os
import pathlib
import time

from absl import flags

from retarget_tf import program

_OUT = flags.DEFINE_string("out", None, "folder for the clip folders", required=True)
_PEOPLE = flags.DEFINE_integer("people", 10, "number of people")
_CLIPS_PER_PERSON = flags.DEFINE_integer("clips_per_person", 2, "number of clips of each person")
_FRAMES = flags.DEFINE_integer("frames", 240, "frames of each clip, at 30 a second")
_SIZE = flags.DEFINE_integer("size", 64, "side of the square frames in pixels, at least 32")
_SEED = flags.DEFINE_integer("seed", 0, "another seed gives other people")
_MOTION_OF = flags.DEFINE_string(
    "motion_of", None, "folder of clips made by this program: renders each dance on its dancer's partner instead"
)
_SURFACES = flags.DEFINE_bool(
    "surfaces", False, "also store which point of the body each pixel shows, for training on exact correspondences"
)
_WORKERS = flags.DEFINE_integer("workers", None, "number of processes; by default one for each core")


def main() -> None:
    """Renders the clips and says how many they are."""
    from retarget_tf import dancers, files
    from retarget_tf.dataset import clips
    from retarget_tf.errors import ConfigError

    workers = _WORKERS.value if _WORKERS.value is not None else os.cpu_count() or 1
    show_progress = program.progress_is_shown()
    files.refuse_address(_OUT.value)
    out = pathlib.Path(_OUT.value)
    kept = {path.parent for path in out.glob("*/clip.json")}
    start = time.monotonic()
    if _MOTION_OF.value is not None:
        given = [flag.name for flag in (_PEOPLE, _CLIPS_PER_PERSON, _FRAMES, _SIZE, _SEED) if flag.present]
        if given:
            raise ConfigError(
                f"with --motion_of the clips there say who dances what, without --{given[0]}. "
                f"Received: {given[0]}={flags.FLAGS[given[0]].value}"
            )
        folders = dancers.make_cross_clips(
            out, _MOTION_OF.value, with_surfaces=_SURFACES.value, workers=workers, show_progress=show_progress
        )
    else:
        folders = dancers.make_clips(
            out,
            people=_PEOPLE.value,
            clips_per_person=_CLIPS_PER_PERSON.value,
            frames=_FRAMES.value,
            size=_SIZE.value,
            seed=_SEED.value,
            with_surfaces=_SURFACES.value,
            workers=workers,
            show_progress=show_progress,
        )
    seconds = time.monotonic() - start
    frames = {folder: clips.open_clip(folder).info.frames for folder in folders}
    rendered = [count for folder, count in frames.items() if folder not in kept]
    print(
        f"{len(folders)} clips of {sum(frames.values())} frames in {out}: rendered {len(rendered)} "
        f"({sum(rendered) / seconds:.0f} frames/s), kept {len(folders) - len(rendered)}."
    )


def cli() -> None:
    """Entry point."""
    program.run(main)


if __name__ == "__main__":
    cli()
