"""Compares building records with bare decoding and encoding of the same frames, and extrapolates to a large build.

    python -m data.make_dancers --out=clips --people=40 --clips_per_person=1 --frames=250 --size=256
    python -m tests.benchmarks.building_rate --clips=clips --scratch=scratch --frames=86000

Build and bare work run on one core, in turns. Processor time is measured, because other programs on the machine disturb
it less than wall time. The bare work decodes each clip's frames and maps and encodes them in the records' formats.
Time, disk and memory of a build of `--frames` frames are then extrapolated.
"""

import os
import pathlib
import resource
import shutil
import time

from absl import flags

from retarget_tf import program
from retarget_tf.dataset import clips, records
from retarget_tf.dataset.records.segment import encode_frame, encode_map

_CLIPS = flags.DEFINE_string("clips", None, "Folder of clips.", required=True)
_SCRATCH = flags.DEFINE_string("scratch", None, "Folder to build in; it is removed.", required=True)
_FRAMES = flags.DEFINE_integer("frames", 86_000, "Frames to extrapolate to.", lower_bound=1)
_TURNS = flags.DEFINE_integer("turns", 2, "Turns of each kind.", lower_bound=1)


def main() -> None:
    """Prints the table."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    found = clips.find_clips(_CLIPS.value)
    frames = sum(clip.info.frames for clip in found)
    out = pathlib.Path(_SCRATCH.value) / "records"
    config = records.BuildConfig(validation_share=0.1, test_share=0.1)
    built, bare, most_disk = [], [], 0

    def carry_out(work: records.Work) -> None:
        nonlocal most_disk
        for clip in work.clips:
            work.staging.encode_clip(clip)
        for shard in work.shards:
            work.staging.write_shard(shard)
        most_disk = sum(path.stat().st_size for path in pathlib.Path(work.staging.folder).rglob("*"))

    for _ in range(_TURNS.value):
        before = time.process_time()
        for clip in found:
            for frame, parsing_map in zip(clip.read_frames(), clip.read_maps("parts10"), strict=True):
                encode_frame(frame)
                encode_map(parsing_map)
        bare.append(time.process_time() - before)
        before = time.process_time()
        manifest = records.build_records([_CLIPS.value], out, config, overwrite=True, carry_out=carry_out)
        built.append(time.process_time() - before)
    kept = sum(split.bytes for split in manifest.splits.values())
    shutil.rmtree(_SCRATCH.value)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    scale = _FRAMES.value / frames
    print(f"{frames} frames of {manifest.image_size} px, best of {_TURNS.value} turns")
    print(f"build {frames / min(built):.0f} frames per second of a processor, bare work {frames / min(bare):.0f}")
    print(f"share of the bare rate {min(bare) / min(built):.0%}")
    print(
        f"{_FRAMES.value} frames: {min(built) * scale:.0f} s of a processor, records of {kept * scale / 1e9:.2f} GB, "
        f"{most_disk * scale / 1e9:.2f} GB while it builds; this process held {memory:.0f} MB"
    )


if __name__ == "__main__":
    program.run(main)
