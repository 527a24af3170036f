"""Runs a program: parses its flags, answers --help, calls its `main` and turns errors into exit codes.

A program defines its flags with absl, a `main()` that imports heavy packages, and

    def cli() -> None:
        program.run(main)

Exit codes:

    0    done, and --help
    1    failure: a full disk, a missing package, a loss that is not finite, or a bug (only bugs show a traceback)
    2    usage: a bad flag or setting, or an output that exists or would replace an input
    3    bad input data
    130  stopped by Ctrl-C (SIGINT)
    143  stopped by SIGTERM (129: by SIGHUP, when its terminal was closed)

Every code other than 0 comes with one line on stderr, `ERROR: ...` (a bug adds its traceback); a batch prints one line
for each file that failed and one with their number. Signals are raised as exceptions, so that half-written files are
removed; a training handles them itself and saves its checkpoint. absl's `app.run` is not used because it exits with 1
for a bad flag and for --help, so that scripts could not distinguish them from a failure.
"""

import contextlib
import ctypes
import errno
import logging as standard_logging
import os
import pathlib
import re
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

from absl import flags, logging

from retarget_tf.errors import (
    BatchError,
    ConfigError,
    InputDataError,
    MissingDependencyError,
    StoppedError,
    TrainingError,
    stop,
)
from retarget_tf.program import streams

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_BAD_INPUT = 3

# Expected errors, reported in one line instead of a traceback.
_TOLD = (InputDataError, ConfigError, BatchError, MissingDependencyError, TrainingError, OSError)

_HELP_FLAGS = ("--help", "-help", "-h", "--h", "-?")

_M_ARENA_MAX = -8  # of mallopt, in glibc's malloc.h


def run(main: Callable[[], None]) -> NoReturn:
    """Parses the command line, calls `main`, and exits with the code for its outcome."""
    streams.mend()
    # Silences TensorFlow's C++ log, which reports a missing GPU as an error. Failing operations still raise Python
    # exceptions.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    _set_up_keras()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup sets it
            signal.signal(number, stop)
    flags_parser(sys.argv, main)
    _show_log()
    try:
        main()
        streams.flush()
    except InputDataError as error:
        _fail(error, EXIT_BAD_INPUT)
    except ConfigError as error:
        _fail(error, EXIT_USAGE)
    except OSError as error:
        _fail(_of_system(error), EXIT_FAILED)
    except (BatchError, MissingDependencyError, TrainingError) as error:
        _fail(error, EXIT_FAILED)
    except UnicodeEncodeError as error:
        if error.reason != "surrogates not allowed":  # which is what Python makes of such a name's bytes
            raise
        _fail(f"the name {_name_around(error)} is not in UTF-8. Rename it, or set LC_ALL=C.UTF-8.", EXIT_BAD_INPUT)
    except StoppedError as error:
        _fail(error, 128 + error.number)
    except KeyboardInterrupt:
        _fail("interrupted.", 128 + signal.SIGINT)
    sys.exit(EXIT_DONE)


def flags_parser(argv: Sequence[str], main: Callable[[], None]) -> None:
    """Parses `argv` into `flags.FLAGS`. Exits with 0 after printing the help, and with 2 if a flag is wrong."""
    if any(argument in _HELP_FLAGS for argument in argv[1:]):
        print(_help_text(main))
        sys.exit(EXIT_DONE)
    try:
        positional = flags.FLAGS([argv[0], *_with_flagfiles(argv[1:])])[1:]
    except UnicodeDecodeError:
        _fail("the file of --flagfile must be text in UTF-8. Save it so.", EXIT_USAGE)
    except flags.Error as error:
        if isinstance(cause := error.__context__, OSError):  # absl's text of it has an errno and an "ERROR::"
            _fail(f"--flagfile {cause.filename}: {cause.strerror}. Check its name.", EXIT_USAGE)
        _fail(f"{_in_plain_words(error)} --help lists the flags.", EXIT_USAGE)
    if positional:
        _fail(f"only --flags are taken. Received: {' '.join(positional)}", EXIT_USAGE)


def _with_flagfiles(arguments: Sequence[str]) -> list[str]:
    """Puts the lines of flag files in place of --flagfile, without the byte order mark of editors on Windows."""
    lines = flags.FLAGS.read_flags_from_files(list(arguments), force_gnu=False)
    unmarked = [line.removeprefix("\ufeff") for line in lines]
    comments = [line != bare and bare.startswith(("#", "//")) for line, bare in zip(lines, unmarked, strict=True)]
    return [bare for bare, is_comment in zip(unmarked, comments, strict=True) if not is_comment]


def _set_up_keras() -> None:
    """Makes Keras, once it is imported, read `keras.json` beside this file in the place of the account's settings.

    The account's may name another backend, precision or order of axes, and limit the epochs of a training.
    """
    for name in [name for name in os.environ if name.startswith("KERAS_")]:
        del os.environ[name]
    os.environ["KERAS_HOME"] = str(pathlib.Path(__file__).parent)


def _in_plain_words(error: Exception) -> str:
    """Says which flag is missing, or what a value must be, in the place of what absl and Python say."""
    if missing := re.match(r"flag --(\w+)=None: Flag --\w+ must have a value other than None", str(error)):
        return f"--{missing[1]} must be given."
    named = re.match(r"flag --(\w+)=", str(error))
    if not isinstance(error, flags.IllegalFlagValueError) or named is None:
        return str(error)
    name, cause = named[1], error.__context__
    parser = flags.FLAGS[name].parser
    value = str(error).removeprefix(named[0]).removesuffix(f": {cause}")
    match parser:
        case flags.BooleanParser():
            rule = "true or false"
        case flags.IntegerParser() | flags.FloatParser():
            rule = parser.syntactic_help.replace("an integer", "a whole number")
        case flags.EnumParser():
            rule = f"one of {', '.join(parser.enum_values)}"
        case _:
            return str(error)
    return f"{name} must be {rule}. Received: {name}={value}."


def import_tensorflow() -> None:
    """Imports TensorFlow without its banner, which no environment variable turns off; call it first in a `main`."""
    with native_log_aside():
        import tensorflow as tf
    logger = tf.get_logger()
    for handler in logger.handlers:  # created during the import, with the stderr of `native_log_aside`
        if isinstance(handler, standard_logging.StreamHandler):
            handler.stream = sys.stderr  # `setStream` would flush the old stream, which is closed
    if not flags.FLAGS["verbosity"].present:
        logger.setLevel(standard_logging.ERROR)  # its warnings (such as of retracing) do not help users


@contextlib.contextmanager
def native_log_aside() -> Iterator[None]:
    """Hides what C++ code writes to stderr during the block, such as MediaPipe's warnings.

    Python's own stderr still works, so errors and progress bars are shown. If the block raises an unexpected error, the
    hidden text is printed. Nothing is hidden if --verbosity is given.
    """
    if flags.FLAGS["verbosity"].present:
        yield
        return
    python_stderr, native = sys.stderr, os.dup(2)
    with tempfile.TemporaryFile() as aside, streams.copy_of_stderr() as shown:
        os.dup2(aside.fileno(), 2)
        sys.stderr = shown
        try:
            yield
        except Exception as error:
            if not isinstance(error, _TOLD):
                aside.seek(0)
                os.write(native, aside.read())
            raise
        finally:
            sys.stderr = python_stderr
            os.dup2(native, 2)
            os.close(native)


def share_one_heap() -> None:
    """Makes all threads allocate from one heap, so that opening models for many videos does not use ever more memory.

    glibc gives each thread its own heap, and memory that MediaPipe's threads leave there is not reused: 50 MB per
    video. Does nothing with other C libraries.
    """
    with contextlib.suppress(OSError, TypeError, AttributeError):  # Windows has no such library, musl no such function
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def progress_is_shown() -> bool:
    """Returns whether progress bars should be drawn: only if stderr is a terminal."""
    return sys.stderr.isatty()


def _show_log() -> None:
    """Prints the library's `logging.info` as plain lines on stderr, unless --verbosity sets another level."""
    handler = standard_logging.StreamHandler(streams.copy_of_stderr())  # still shown during `native_log_aside`
    logger = logging.get_absl_logger()
    logger.addHandler(handler)
    logger.propagate = False
    if not flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.INFO)
        handler.addFilter(_is_worth_showing)


def _is_worth_showing(record: standard_logging.LogRecord) -> bool:
    # TensorFlow also logs through absl, a line for each file that it saves.
    return record.levelno >= standard_logging.WARNING or "-packages/tensorflow/" not in record.pathname


def flagfile_text(main: Callable[[], None]) -> str:
    """Returns the program's own flags with their values, one per line, as --flagfile reads them."""
    return "".join(f"{flag.serialize()}\n" for flag in _own_flags(main) if flag.value is not None)


def _help_text(main: Callable[[], None]) -> str:
    lines = [(sys.modules[main.__module__].__doc__ or "").strip(), "", "Flags:"]
    for flag in _own_flags(main):
        default = f" (default: {flag.default})" if flag.default is not None else ""
        lines.append(f"  --{flag.name}: {flag.help}{' (required)' if _is_required(flag) else default}")
    lines.append("  --flagfile: read flags from this file, one a line.")
    return "\n".join(lines)


def _own_flags(main: Callable[[], None]) -> "list[flags.Flag[object]]":
    # absl registers the flags of a script under sys.argv[0].
    name = sys.argv[0] if main.__module__ == "__main__" else main.__module__
    return sorted(flags.FLAGS.get_key_flags_for_module(name), key=lambda flag: flag.name)


def _is_required(flag: "flags.Flag[object]") -> bool:
    return any(
        flag.name in validator.get_flags_names() and "must have a value" in str(validator.message)
        for validator in flag.validators
    )


def _of_system(error: OSError) -> str:
    """Returns what the operating system refused, without its number, and what to do."""
    is_told_in_full = type(error).__str__ is not OSError.__str__  # by a class of ours, such as StoreError
    if is_told_in_full or error.filename is None or not error.strerror:
        return str(error)
    advice = {
        errno.ENOSPC: "Free some space",
        errno.ENAMETOOLONG: "Give a shorter name",
        errno.ENOENT: "Check its name",
    }
    return f"{error.filename}: {error.strerror}. {advice.get(error.errno or 0, 'Give another place')}."


def _name_around(error: UnicodeEncodeError) -> str:
    """Returns the part of a path at which text could not be encoded."""
    before, after = error.object[: error.start], error.object[error.start :]
    return re.split(r'[/"\n]', before)[-1] + re.split(r'[/"\n]', after)[0]


def _fail(error: object, code: int) -> NoReturn:
    for message in (*getattr(error, "__notes__", ()), error):
        print(f"ERROR: {' '.join(str(message).split())}", file=sys.stderr)
    sys.exit(code)
