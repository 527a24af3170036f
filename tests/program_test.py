"""Tests of how a program starts and ends, each in a process: exit codes, help, wrong flags, and stderr."""

import os
import pathlib
import platform
import signal
import subprocess
import sys
import textwrap

import pytest

from tests import testing

SCRIPT = '''
    """Counts to a number.

        python count.py --steps=3
    """

    import sys

    from absl import flags, logging

    from retarget_tf import errors, program

    _STEPS = flags.DEFINE_integer("steps", None, "how far to count", required=True)
    flags.DEFINE_float("rate", 0.5, "how fast", 0, 1)
    flags.DEFINE_bool("quick", False, "fast")
    _ENDS = ("well", "input", "config", "missing", "disk", "key", "bug", "batch", "mixed", "once")
    _END = flags.DEFINE_enum("end", "well", _ENDS, "how to end")

    ENDS = {
        "input": errors.InputDataError("video a.mp4: holds\\n no frame. Give another."),
        "config": errors.ConfigError("size must be even. Received: size=3"),
        "missing": errors.MissingDependencyError("mediapipe is not installed: pip install mediapipe"),
        "disk": OSError(28, "No space left on device", "out.mp4"),
        "key": KeyboardInterrupt(),
        "bug": ZeroDivisionError("a bug"),
    }


    def batch(*problems):
        of_three = errors.Batch(3)
        for name, problem in zip("ab", problems):
            with of_three.file(f"{name}.mp4"):
                raise problem
        of_three.check()


    def main() -> None:
        print("tensorflow" in sys.modules)
        logging.info("resuming at step %d", _STEPS.value)
        logging.debug("not shown")
        cut = errors.InputDataError("clip a: is cut. Copy it.")
        if _END.value == "batch":
            batch(cut, errors.InputDataError("clip b: is cut. Copy it."))
        if _END.value == "mixed":
            batch(cut, ZeroDivisionError("a bug"))
        if _END.value == "once":
            batch(errors.ConfigError("size must be even. Received: size=3"), cut)
        if _END.value in ENDS:
            raise ENDS[_END.value]


    program.run(main)
'''


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    path = tmp_path_factory.mktemp("program") / "count.py"
    path.write_text(textwrap.dedent(SCRIPT))
    return path


def run(script: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(script), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env={"PYTHONPATH": str(testing.ROOT)}
    )


def test_help_ends_quietly_where_its_reader_has_ended(script: pathlib.Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        done = subprocess.run(
            [sys.executable, str(script), "--help"],
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={"PYTHONPATH": str(testing.ROOT)},
        )
    assert (done.returncode, done.stderr) == (0, "")


def test_success_exits_with_0_and_logs_plain_lines(script: pathlib.Path) -> None:
    done = run(script, "--steps=5")
    assert (done.returncode, done.stdout, done.stderr) == (0, "False\n", "resuming at step 5\n")


def test_verbosity_is_the_users(script: pathlib.Path) -> None:
    assert run(script, "--steps=5", "--verbosity=-1").stderr == ""
    assert run(script, "--steps=5", "--verbosity=1").stderr == "resuming at step 5\nnot shown\n"


@pytest.mark.parametrize(
    ("end", "code", "line"),
    [
        ("input", 3, "ERROR: video a.mp4: holds no frame. Give another."),
        (
            "batch",
            3,
            "ERROR: clip a: is cut. Copy it.\nERROR: clip b: is cut. Copy it.\n"
            "ERROR: 2 of 3 files cannot be used (1 done). Mend those, or leave them out.",
        ),
        (
            "mixed",
            1,
            "ERROR: clip a: is cut. Copy it.\n"
            "ERROR: file b.mp4: ZeroDivisionError: a bug (--verbosity=1 shows where it happened)\n"
            "ERROR: 2 of 3 files failed (1 done). Run the same command again for those.",
        ),
        ("once", 2, "ERROR: size must be even. Received: size=3"),
        ("config", 2, "ERROR: size must be even. Received: size=3"),
        ("missing", 1, "ERROR: mediapipe is not installed: pip install mediapipe"),
        ("disk", 1, "ERROR: out.mp4: No space left on device. Free some space."),
        ("key", 130, "ERROR: interrupted."),
    ],
)
def test_an_expected_error_is_one_line_and_a_batch_has_a_line_for_each_file(
    script: pathlib.Path, end: str, code: int, line: str
) -> None:
    done = run(script, "--steps=1", f"--end={end}")
    assert (done.returncode, done.stderr) == (code, f"resuming at step 1\n{line}\n")


@pytest.mark.parametrize(
    ("number", "code", "line"),
    [
        (signal.SIGTERM, 143, "ERROR: stopped by SIGTERM.\n"),
        (signal.SIGHUP, 129, "ERROR: stopped by SIGHUP.\n"),
        (signal.SIGINT, 130, "ERROR: interrupted.\n"),
    ],
)
def test_a_signal_ends_a_program_in_one_line_after_it_has_removed_what_is_half_written(
    tmp_path: pathlib.Path, number: int, code: int, line: str
) -> None:
    path = tmp_path / "writes.py"
    path.write_text(
        textwrap.dedent("""
            import time
            from retarget_tf import files, program

            def main() -> None:
                with files.atomic_folder("clip") as folder, files.atomic_file(folder / "video.mp4") as temporary:
                    temporary.write_text("half")
                    print("writing", flush=True)
                    time.sleep(60)

            program.run(main)
        """)
    )
    command = [sys.executable, str(path)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(testing.ROOT)},
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # under nohup SIGHUP is ignored, and stays so
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (code, line)
    assert list(tmp_path.iterdir()) == [path]


def test_a_signal_in_a_destructor_in_which_python_loses_errors_stops_all_the_same() -> None:
    script = """
        import signal, time
        from retarget_tf.errors import stop

        class Resource:
            def __del__(self):
                signal.raise_signal(signal.SIGTERM)

        signal.signal(signal.SIGTERM, stop)
        resource = Resource()
        del resource
        time.sleep(60)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (143, "")


def test_bug_shows_its_traceback(script: pathlib.Path) -> None:
    done = run(script, "--steps=1", "--end=bug")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert done.stderr.endswith("ZeroDivisionError: a bug\n")


@pytest.mark.parametrize("flag", ["--help", "-h", "--steps=1 --help"])
def test_help_exits_with_0_and_prints_the_docstring_and_the_flags(script: pathlib.Path, flag: str) -> None:
    done = run(script, *flag.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Counts to a number.\n\n    python count.py --steps=3\n\nFlags:\n  --end: ")
    assert "  --steps: how far to count (required)\n" in done.stdout
    assert "well|input|config" in done.stdout
    assert "--flagfile" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--steps=1", "--ends=well"], "Unknown command line flag 'ends'. Did you mean: end ?"),
        (["--end=well"], "ERROR: --steps must be given. --help lists the flags."),
        (["--steps=many"], "steps must be a whole number. Received: steps=many."),
        (["--steps=1e3"], "steps must be a whole number. Received: steps=1e3."),
        (["--steps="], "steps must be a whole number. Received: steps=."),
        (["--steps=1", "--rate=3: 4"], "rate must be a number in the range [0, 1]. Received: rate=3: 4."),
        (["--steps=1", "--rate=2"], "rate must be a number in the range [0, 1]. Received: rate=2."),
        (["--steps=1", "--quick=maybe"], "quick must be true or false. Received: quick=maybe."),
        (["--steps=1", "--end=badly"], "end must be one of well, input, config, "),
        (["--steps=1", "stray"], "only --flags are taken. Received: stray"),
        (["--flagfile=none.txt"], "--flagfile none.txt: No such file or directory. Check its name."),
        (["--flagfile=/"], "--flagfile /: Is a directory. Check its name."),
    ],
)
def test_wrong_usage_exits_with_2_and_one_line(script: pathlib.Path, arguments: list[str], reason: str) -> None:
    done = run(script, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
    assert done.stderr.startswith("ERROR: ")
    assert done.stderr.count("\n") == 1


def test_flags_come_from_a_file(script: pathlib.Path, tmp_path: pathlib.Path) -> None:
    flagfile = tmp_path / "flags.txt"
    flagfile.write_text("--steps=7\n")
    assert run(script, f"--flagfile={flagfile}").stderr == "resuming at step 7\n"


@pytest.mark.parametrize("first", ["", "# how far\n", "// how far\n"])
def test_a_byte_order_mark_of_a_flag_file_is_no_flag(script: pathlib.Path, tmp_path: pathlib.Path, first: str) -> None:
    flagfile = tmp_path / "flags.txt"
    flagfile.write_text(f"{first}--steps=7\n", encoding="utf-8-sig")
    assert run(script, f"--flagfile={flagfile}").stderr == "resuming at step 7\n"


def test_a_flag_file_of_another_encoding_is_refused_in_one_line(script: pathlib.Path, tmp_path: pathlib.Path) -> None:
    flagfile = tmp_path / "flags.txt"
    flagfile.write_text("--steps=7\n", encoding="utf-16")  # as PowerShell's `>` writes
    done = run(script, f"--flagfile={flagfile}")
    assert (done.returncode, done.stderr) == (2, "ERROR: the file of --flagfile must be text in UTF-8. Save it so.\n")


@pytest.mark.slow
def test_tensorflow_comes_without_its_banner_but_with_its_exceptions(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "tensors.py"
    path.write_text(
        textwrap.dedent('''
            """Adds."""
            from retarget_tf import program

            def main() -> None:
                program.import_tensorflow()
                import tensorflow as tf
                print(int(tf.reduce_sum(tf.ones([3]))))
                tf.saved_model.save(tf.Module(), "saved")
                tf.reshape(tf.ones([3]), [2])

            program.run(main)
        ''')
    )
    command = [sys.executable, str(path)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(testing.ROOT)}, cwd=tmp_path
    )
    assert (done.returncode, done.stdout) == (1, "3\n")
    assert done.stderr.startswith("Traceback")
    assert "Input to reshape is a tensor with 3 values" in done.stderr


def test_failing_import_of_tensorflow_shows_what_it_wrote(tmp_path: pathlib.Path) -> None:
    (tmp_path / "tensorflow.py").write_text("import os\nos.write(2, b'no AVX\\n')\nraise ImportError('broken')\n")
    path = tmp_path / "tensors.py"
    path.write_text("from retarget_tf import program\nprogram.run(program.import_tensorflow)\n")
    command = [sys.executable, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(testing.ROOT)})
    assert done.returncode == 1
    assert done.stderr.startswith("no AVX\nTraceback")
    assert done.stderr.endswith("ImportError: broken\n")


@pytest.mark.slow
def test_the_accounts_settings_of_keras_do_not_reach_a_program(tmp_path: pathlib.Path) -> None:
    settings = '{"backend": "torch", "floatx": "float16", "image_data_format": "channels_first"}'
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text(settings)
    (tmp_path / "keras.json").write_text(settings)
    path = tmp_path / "computes.py"
    path.write_text(
        "from retarget_tf import program\n"
        "def main():\n"
        "    import keras\n"
        "    print(keras.config.backend(), keras.config.floatx(), keras.config.image_data_format())\n"
        "    print(keras.config.dtype_policy().name, keras.config.max_epochs())\n"
        "program.run(main)\n"
    )
    account = {"HOME": str(tmp_path), "KERAS_HOME": str(tmp_path), "KERAS_BACKEND": "jax", "KERAS_MAX_EPOCHS": "1"}
    done = subprocess.run(
        [sys.executable, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(testing.ROOT), **account},
    )
    assert done.stdout == "tensorflow float32 channels_last\nfloat32 None\n"


@pytest.mark.slow
def test_an_error_that_tensorflow_logs_is_a_line_and_its_warnings_are_not_shown(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "warns.py"
    path.write_text(
        "from retarget_tf import program\n"
        "def main():\n"
        "    program.import_tensorflow()\n"
        "    import tensorflow as tf\n"
        "    tf.get_logger().warning('traced anew')\n"
        "    tf.get_logger().error('out of room')\n"
        "program.run(main)\n"
    )
    done = run(path)
    assert done.returncode == 0
    assert "out of room" in done.stderr
    assert "traced anew" not in done.stderr
    assert "Logging error" not in done.stderr


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives threads heaps of their own")
@pytest.mark.parametrize(("call", "heaps"), [("program.share_one_heap()", 1), ("", 5)])
def test_threads_share_one_heap_where_they_are_told_to(call: str, heaps: int) -> None:
    code = f"""
import ctypes, threading
from retarget_tf import program
{call}
libc, all_are_there = ctypes.CDLL(None), threading.Barrier(4)
def allocate():
    libc.malloc(1000)
    all_are_there.wait()
threads = [threading.Thread(target=allocate) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.malloc_stats()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=testing.ROOT)
    assert done.stderr.count("Arena ") == heaps
