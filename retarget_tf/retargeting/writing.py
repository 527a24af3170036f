"""Carries out a `Dance`: reads its input files, and writes its video and its maps."""

import concurrent.futures
import dataclasses
import importlib

from retarget_tf.errors import ConfigError
from retarget_tf.footage.extraction import late_imports
from retarget_tf.footage.importers import KeypointFile
from retarget_tf.footage.people.choosing import tell_absences
from retarget_tf.pictures import image_files, video
from retarget_tf.retargeting.base_retargeter import BaseRetargeter
from retarget_tf.retargeting.dance import AUTO, NO_MAP, Dance, check_outputs
from retarget_tf.retargeting.frames.options import FrameOptions
from retarget_tf.retargeting.sources import Source, clip_source, video_source
from retarget_tf.retargeting.targets import Target, clip_target


def write_dance(
    retargeter: BaseRetargeter,
    dance: Dance,
    reading: video.ReadOptions = video.AS_IT_IS,
    options: FrameOptions | None = None,
    *,
    show_progress: bool = False,
) -> int:
    """Reads the input files of a dance and writes its video and its maps.

    Args:
        retargeter: Makes the maps, if some are shown or written.
        dance: Files and options.
        reading: Resampling and limits of reading the source video.
        options: Size and background of the photographic frames; None for the defaults.
        show_progress: Draws progress bars.

    Returns:
        The number of frames.

    Raises:
        InputDataError, MissingDependencyError, ConfigError: As in `prepare_target`, `clip_target`,
            `video_source`, `clip_source` and `write_video`.
    """
    # Before minutes of detection.
    check_outputs(dance.out, dance.maps_dir, dance.show, options)
    video.check_output(dance.out)
    if dance.source_video:
        video.probe(dance.source_video, reading)
    if options is not None and options.background_file:
        image_files.load_photo(options.background_file)
    with late_imports.pyplot_when_used(), concurrent.futures.ThreadPoolExecutor(1) as meanwhile:
        # Takes seconds, in which the inputs are read: detecting keypoints does not need TensorFlow.
        meanwhile.submit(importlib.import_module, "retarget_tf.retargeting.frames.frame_maker")
        try:
            target = _target(retargeter, dance, reading)
            if dance.show != "frames" or dance.maps_dir is not None:
                meanwhile.submit(retargeter.warm_up)  # what fails here fails again, and is told, at the first map
            source = _source(dance, reading, show_progress=show_progress)
        except BaseException:
            meanwhile.shutdown(cancel_futures=True)  # what has not begun is not needed
            raise
        tell_absences(f"source {source.name}", source.keypoints, "the poses before and after stand in")
    return retargeter.write_video(
        target,
        source,
        dance.out,
        show=dance.show,
        options=options,
        audio=dance.audio,
        maps_dir=dance.maps_dir,
        show_progress=show_progress,
        fit=dance.fit,
        clean=dance.clean,
    )


def _target(retargeter: BaseRetargeter, dance: Dance, reading: video.ReadOptions) -> Target:
    if dance.target_clip:
        schema = retargeter.label_schema if dance.target_map == AUTO else None
        return clip_target(dance.target_clip, retargeter.image_size, schema)
    if dance.show == "maps" and dance.target_map not in (AUTO, NO_MAP) and not retargeter.takes_reference_map:
        raise ConfigError(
            f"target_map needs frames, or a model that looks at it. Received: target_map={dance.target_map}"
        )
    search = dance.target_search
    if dance.target_video:
        return retargeter.prepare_video_target(dance.target_video, reading, search)
    keypoints = KeypointFile(dance.target_keypoints, dance.units) if dance.target_keypoints else None
    first, *more = (
        retargeter.prepare_target(
            photo, keypoints, target_map=dance.target_map, target_map_schema=dance.target_map_schema, search=search
        )
        for photo in dance.photos
    )
    return dataclasses.replace(first, more=tuple(more))


def _source(dance: Dance, reading: video.ReadOptions, *, show_progress: bool) -> Source:
    if not dance.source_video:
        return clip_source(str(dance.source_clip), max_frames=dance.max_frames)
    keypoints = KeypointFile(dance.source_keypoints, dance.units) if dance.source_keypoints else None
    return video_source(
        dance.source_video,
        keypoints,
        max_frames=dance.max_frames,
        reading=reading,
        search=dance.source_search,
        show_progress=show_progress,
    )
