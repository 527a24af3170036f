"""Builds, checks and reads the data set of training and evaluation: TFRecord shards and a manifest that lists them.

`build_records` makes a folder of records from clip folders; `Manifest.load` reads its manifest and refuses incomplete
folders; `read_clips` yields whole clips as numpy arrays; `input_pipeline.make_dataset` makes batches. `records.segment`
defines the format of a record.
"""

from retarget_tf.dataset.build_config import BuildConfig
from retarget_tf.dataset.records.building import Work, build_records
from retarget_tf.dataset.records.damage import damage_as_input_error, locating_damage
from retarget_tf.dataset.records.framing import FRAMING_BYTES, all_records, record_at, record_in_store, record_offsets
from retarget_tf.dataset.records.inspection import contact_sheet, describe, describe_classes
from retarget_tf.dataset.records.manifest import (
    SCHEMA_VERSION,
    SPLITS,
    TEST,
    TRAIN,
    VALIDATION,
    ClipEntry,
    Manifest,
    Split,
)
from retarget_tf.dataset.records.planning import ClipTask, ShardTask
from retarget_tf.dataset.records.reading import RecordClip, Reference, read_clips, read_segments
from retarget_tf.dataset.records.segment import Segment, decode_frame, decode_map, decode_surface_map, parse_tensors
from retarget_tf.dataset.records.splitting import split_people
from retarget_tf.dataset.records.staging import Staging
from retarget_tf.dataset.records.validation import find_problems

__all__ = [
    "FRAMING_BYTES",
    "SCHEMA_VERSION",
    "SPLITS",
    "TEST",
    "TRAIN",
    "VALIDATION",
    "BuildConfig",
    "ClipEntry",
    "ClipTask",
    "Manifest",
    "RecordClip",
    "Reference",
    "Segment",
    "ShardTask",
    "Split",
    "Staging",
    "Work",
    "all_records",
    "build_records",
    "contact_sheet",
    "damage_as_input_error",
    "decode_frame",
    "decode_map",
    "decode_surface_map",
    "describe",
    "describe_classes",
    "find_problems",
    "locating_damage",
    "parse_tensors",
    "read_clips",
    "read_segments",
    "record_at",
    "record_in_store",
    "record_offsets",
    "split_people",
]
