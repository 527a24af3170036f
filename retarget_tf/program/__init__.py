"""The frame of every program: `running` parses the command line, calls a `main`, and exits as its outcome deserves."""

from retarget_tf.program.running import (
    EXIT_BAD_INPUT,
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_USAGE,
    flagfile_text,
    flags_parser,
    import_tensorflow,
    native_log_aside,
    progress_is_shown,
    run,
    share_one_heap,
)

__all__ = [
    "EXIT_BAD_INPUT",
    "EXIT_DONE",
    "EXIT_FAILED",
    "EXIT_USAGE",
    "flagfile_text",
    "flags_parser",
    "import_tensorflow",
    "native_log_aside",
    "progress_is_shown",
    "run",
    "share_one_heap",
]
