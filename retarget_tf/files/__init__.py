"""Files and folders.

`inputs` tells in one line what is wrong with a file, `claims` looks at sizes before anything is allocated, `outputs` is
atomic and replaces nothing that is not ours, `locks` keep other processes out, `stores` are folders in object stores.
"""

from retarget_tf.files.claims import MOST_SECRET_BYTES, check_arrays, check_saved_model, check_weights
from retarget_tf.files.inputs import check_file, read_bytes, read_json, reading
from retarget_tf.files.locks import exclusive, sweep
from retarget_tf.files.outputs import (
    Ours,
    atomic_file,
    atomic_folder,
    check_added,
    check_kind,
    check_writable,
    publish_folder,
    refuse_address,
    refuse_replacing,
    why_not_written,
    write_json,
)
from retarget_tf.files.stores import (
    PathLike,
    Place,
    StoreError,
    StorePath,
    is_address,
    place,
    read_range,
    states,
)
from retarget_tf.files.transfers import fetched, half_published

__all__ = [
    "MOST_SECRET_BYTES",
    "Ours",
    "PathLike",
    "Place",
    "StoreError",
    "StorePath",
    "atomic_file",
    "atomic_folder",
    "check_added",
    "check_arrays",
    "check_file",
    "check_kind",
    "check_saved_model",
    "check_weights",
    "check_writable",
    "exclusive",
    "fetched",
    "half_published",
    "is_address",
    "place",
    "publish_folder",
    "read_bytes",
    "read_json",
    "read_range",
    "reading",
    "refuse_address",
    "refuse_replacing",
    "states",
    "sweep",
    "why_not_written",
    "write_json",
]
