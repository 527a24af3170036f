"""Records as batches: `tf.data`, deterministic, and resumable at any batch.

windows        `make_dataset`: windows of consecutive frames, each with a reference
window_plan    in which order windows come, without reading a record
streams        `make_streams`: each slot of a batch follows one clip frame by frame
stream_plan    what each slot follows, drawn without reading a record
record_table   where each record lies, to read any one of them
seeds          of stateless draws
"""

from retarget_tf.dataset.input_pipeline.stream_plan import StreamLengths
from retarget_tf.dataset.input_pipeline.streams import make_streams, stream_spec
from retarget_tf.dataset.input_pipeline.windows import WindowCutter, count_windows, element_spec, make_dataset

__all__ = [
    "StreamLengths",
    "WindowCutter",
    "count_windows",
    "element_spec",
    "make_dataset",
    "make_streams",
    "stream_spec",
]
