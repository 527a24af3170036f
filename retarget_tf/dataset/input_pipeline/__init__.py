"""Reads records as batches of a `tf.data.Dataset` that is deterministic and can be resumed at any batch.

windows        `make_dataset`: windows of consecutive frames, each with a reference frame
window_cutter  cuts windows out of decoded records
window_plan    computes the order of windows without reading a record
streams        `make_streams`: each slot of a batch follows one clip frame by frame
stream_plan    draws which frames each slot follows, without reading a record
record_table   finds each record in its file, for random access
seeds          derives the seeds of stateless draws
"""

from retarget_tf.dataset.input_pipeline.stream_plan import StreamLengths
from retarget_tf.dataset.input_pipeline.streams import make_streams, stream_spec
from retarget_tf.dataset.input_pipeline.window_cutter import WindowCutter
from retarget_tf.dataset.input_pipeline.windows import count_windows, element_spec, make_dataset

__all__ = [
    "StreamLengths",
    "WindowCutter",
    "count_windows",
    "element_spec",
    "make_dataset",
    "make_streams",
    "stream_spec",
]
