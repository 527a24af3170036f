"""What all programs share: `running` runs a `main` and sets the exit code, `settings` makes flags of dataclasses."""

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
