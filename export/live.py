"""Makes the person of a photo move as you do before a camera, in a window.

    retarget-live --target_photo=me.jpg

Only use photos of people who agreed to it. Rate and latency stand in the title of the window; Esc ends.
--source_video=V plays a file in place of the camera, and --record=out.mp4 writes what is shown. It needs the extras
'retarget_tf[extract,live]', and the models of `retarget-fetch-models`.
"""

import contextlib

from absl import flags

from retarget_tf import program
from retarget_tf.program import settings
from retarget_tf.retargeting.frames.options import FrameOptions
from retarget_tf.retargeting.live_options import LiveOptions, check_background

_MODEL = flags.DEFINE_string(
    "model", "stable_128", "for --show=maps: workdir, .keras file, SavedModel folder, or name of a pretrained model"
)
_LIVE = settings.define_flags(LiveOptions)
_FRAMES = settings.define_flags(FrameOptions)

_DECLARED_FPS = 30.0  # of a recording, whose frames have times of their own


def main() -> None:
    """Flags -> frames as they are made -> a window, and a video."""
    options = LiveOptions(**settings.given(_LIVE))
    frame_options = FrameOptions(**settings.given(_FRAMES))
    check_background(frame_options)
    with program.native_log_aside():
        from retarget_tf.pictures import video
        from retarget_tf.pictures.window import Window
        from retarget_tf.retargeting.mirror import mirrored
        from retarget_tf.retargeting.retargeter import Retargeter
        from retarget_tf.retargeting.shown import METADATA

        if options.record:
            video.check_output(options.record)
        retargeter, count, last = Retargeter.load(_MODEL.value), 0, None
        with (
            Window("retarget") if options.window else contextlib.nullcontext() as window,
            video.open_writer(options.record, _DECLARED_FPS, metadata=METADATA)
            if options.record
            else contextlib.nullcontext() as writer,
            contextlib.closing(mirrored(retargeter, options, frame_options)) as frames,
        ):
            for last in frames:
                if window is not None and not window.show(last.picture, last.told):
                    break
                if writer is not None:
                    writer.write(last.picture, last.seconds)
                count += 1
    told = f"{count} frames" + (f", {last.told}" if last else "")
    print(f"{told}: {options.record}" if options.record else told)


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
