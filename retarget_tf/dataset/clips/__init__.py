"""Reads and writes clip folders: one video of one person with keypoints and parsing maps, real or rendered.

    clip.json       ClipInfo
    frames.mkv      square RGB frames as MJPEG, which is lossy
    maps.mkv        class ids of `ClipInfo.label_schema` as FFV1 gray8, which is lossless
    maps_S.mkv      the same in a further label schema S (procedural dancers have `cihp20` in addition to `parts10`)
    keypoints.npy   float32 [frames, 25, 3]: x, y in pixels and confidence of each joint, see `skeleton`
    surfaces.mkv    surface maps as FFV1 gray8, the three channels below each other (dancers only, optional)
    pieces.npy      float32 [frames, pieces, 2, 3, 4], see `surfaces`

A folder is written under a temporary name and renamed when complete, so a clip folder is never half written.
"""

from retarget_tf.dataset.clips.info import SCHEMA_VERSION, ClipIdentity, ClipInfo, clip_id_of, parts_of_clip
from retarget_tf.dataset.clips.reading import Clip, find_clips, open_clip
from retarget_tf.dataset.clips.writing import ClipWriter, alone

__all__ = [
    "SCHEMA_VERSION",
    "Clip",
    "ClipIdentity",
    "ClipInfo",
    "ClipWriter",
    "alone",
    "clip_id_of",
    "find_clips",
    "open_clip",
    "parts_of_clip",
]
