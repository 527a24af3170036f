"""Reads and writes videos with PyAV, one frame at a time.

A folder of numbered pictures is read as a video too. Frames are RGB uint8 `[height, width, 3]`, upright (rotation and
mirroring in the metadata are applied). Where alpha is stored they may be RGBA `[height, width, 4]`.
"""

from retarget_tf.pictures.video.opening import check_output, open_writer, takes_alpha
from retarget_tf.pictures.video.picture_folder import open_folder
from retarget_tf.pictures.video.png_folder import PngFolderWriter
from retarget_tf.pictures.video.reading import (
    TimedFrame,
    VideoInfo,
    find_videos,
    probe,
    read_frames,
    read_gray,
    read_metadata,
    read_timed_frames,
)
from retarget_tf.pictures.video.writing import VideoWriter
from retarget_tf.pictures.video_options import AS_IT_IS, ReadOptions

__all__ = [
    "AS_IT_IS",
    "PngFolderWriter",
    "ReadOptions",
    "TimedFrame",
    "VideoInfo",
    "VideoWriter",
    "check_output",
    "find_videos",
    "open_folder",
    "open_writer",
    "probe",
    "read_frames",
    "read_gray",
    "read_metadata",
    "read_timed_frames",
    "takes_alpha",
]
