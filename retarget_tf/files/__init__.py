"""Files and folders.

`inputs` tells in one line what is wrong with a file, `claims` looks at sizes before anything is allocated, `outputs` is
atomic and replaces nothing that is not ours.
"""

from retarget_tf.files.claims import check_arrays, check_weights
from retarget_tf.files.inputs import check_file, read_bytes, read_json, reading
from retarget_tf.files.outputs import (
    Ours,
    PathLike,
    atomic_file,
    atomic_folder,
    check_added,
    check_kind,
    check_writable,
    exclusive,
    publish_folder,
    refuse_replacing,
    why_not_written,
    write_json,
)

__all__ = [
    "Ours",
    "PathLike",
    "atomic_file",
    "atomic_folder",
    "check_added",
    "check_arrays",
    "check_file",
    "check_kind",
    "check_weights",
    "check_writable",
    "exclusive",
    "publish_folder",
    "read_bytes",
    "read_json",
    "reading",
    "refuse_replacing",
    "why_not_written",
    "write_json",
]
