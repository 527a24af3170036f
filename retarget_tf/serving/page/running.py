"""Runs the page: a web server in a thread, the processes that make dances, and a folder that goes when it ends."""

import concurrent.futures
import contextlib
import multiprocessing
import os
import pathlib
import shutil
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from typing import Any

from absl import logging

from retarget_tf import files
from retarget_tf.errors import ConfigError, InputDataError, MissingDependencyError
from retarget_tf.networks.trained import read_spec
from retarget_tf.serving.page import examples
from retarget_tf.serving.page.guard import Guard, read_users
from retarget_tf.serving.page.jobs import Jobs
from retarget_tf.serving.page.options import PageOptions
from retarget_tf.serving.page.visitors import Visitors

_SECONDS_TO_END = 2


@contextlib.contextmanager
def running_page(options: PageOptions, *, is_quiet: bool = True) -> Iterator[str]:
    """Answers at the page's address during the block, and yields the address; afterwards no file is left.

    Args:
        options: Address, users and limits.
        is_quiet: Hides what native code writes to stderr.

    Raises:
        ConfigError: The address cannot be had.
        InputDataError: The model, the file of users, the certificate or the key cannot be used.
        MissingDependencyError: Gradio is not installed.
    """
    users = read_users(options.auth) if options.auth else {}
    if options.tls_cert and options.tls_key:
        _check_certificate(options.tls_cert, options.tls_key)
    read_spec(options.model)
    listening = _listen(options)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="retarget_page_")).resolve()
    with contextlib.ExitStack() as open_things:
        open_things.callback(shutil.rmtree, folder, ignore_errors=True)
        open_things.callback(listening.close)
        people, dances = _prepare(folder)
        jobs = Jobs(options.model, at_once=options.jobs, most=options.max_waiting, is_quiet=is_quiet)
        open_things.callback(jobs.close)
        visitors = Visitors(folder, jobs, 60 * options.keep_minutes)
        open_things.callback(visitors.close)
        app = _application(options, people, dances, jobs, visitors, folder)
        visitors.keep_what_is_there()
        guard = Guard(app, users, options.max_upload_mb * 1_000_000, any_host=not options.is_private)
        open_things.enter_context(_served(guard, listening, options))
        jobs.start()  # imports TensorFlow, after the page is there
        if options.is_open_to_listeners:
            logging.warning(
                "page: photos, videos and passwords go over the network unencrypted. Give --tls_cert and --tls_key."
            )
        yield _address(options, listening.getsockname()[1])


def _check_certificate(certificate: str, key: str) -> None:
    """Refuses files that uvicorn would report with a traceback, or whose password OpenSSL would ask for."""
    for path, what in ((certificate, "certificate"), (key, "key")):
        files.check_file(path, what)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        raise InputDataError(
            f"certificate {certificate} with key {key}: are not a pair in PEM without a password. "
            "Make a pair: docs/page.md has the command."
        ) from error


def _listen(options: PageOptions) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(options.host, options.port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        raise ConfigError(
            f"the page must get its address ({error.strerror}): give another --port or --host. "
            f"Received: host={options.host}, port={options.port}"
        ) from error
    return listening


def _address(options: PageOptions, port: int) -> str:
    host = options.host
    if host in ("0.0.0.0", "::", ""):  # all addresses
        host = socket.gethostname()
    scheme = "https" if options.tls_cert else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def _prepare(folder: pathlib.Path) -> tuple[list[examples.Made], list[examples.Made]]:
    """Renders the examples in a process of its own, while this one imports Gradio."""
    made = folder / "examples"
    made.mkdir()
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, context) as pool:
        people, dances = pool.submit(examples.make_people, made), pool.submit(examples.make_dances, made)
        _import_gradio(folder)
        return people.result(), dances.result()


def _import_gradio(folder: pathlib.Path) -> None:
    # Read when it is imported: it asks nobody for news, tells nobody, and keeps files in our folder only.
    os.environ |= {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_TEMP_DIR": str(folder / "uploads"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
        "DO_NOT_TRACK": "1",
    }
    try:
        import gradio  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            f"package gradio: cannot be imported ({error}). Install it: pip install 'retarget_tf[page]'"
        ) from error


def _application(
    options: PageOptions,
    people: list[examples.Made],
    dances: list[examples.Made],
    jobs: Jobs,
    visitors: Visitors,
    folder: pathlib.Path,
) -> Any:
    import fastapi
    import gradio as gr

    from retarget_tf.serving.page import look, words
    from retarget_tf.serving.page.actions import Actions
    from retarget_tf.serving.page.layout import lay_out

    with gr.Blocks(title="Make a photo dance", analytics_enabled=False) as page:
        Actions(lay_out(people, dances), options, jobs, visitors).connect(page)
    page.queue(default_concurrency_limit=None, api_open=False)
    return gr.mount_gradio_app(
        fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
        page,
        "/",
        allowed_paths=[str(folder)],
        max_file_size=options.max_upload_mb * 1_000_000,
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        show_error=False,
        i18n=gr.I18n(en=words.GRADIO),
        theme=look.theme(),
        css=look.style(),
        head=look.head(options.max_upload_mb),
    )


@contextlib.contextmanager
def _served(app: Any, listening: socket.socket, options: PageOptions) -> Iterator[None]:
    """Answers requests during the block."""
    import uvicorn

    config = uvicorn.Config(
        app,
        log_level="error",
        ssl_certfile=options.tls_cert,
        ssl_keyfile=options.tls_key,
        timeout_graceful_shutdown=_SECONDS_TO_END,
        server_header=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        while not server.started:
            thread.join(0.05)
            if not thread.is_alive():
                raise ConfigError(
                    "the page must be able to start: give another --port or --host. "
                    f"Received: host={options.host}, port={options.port}"
                )
        yield
    finally:
        server.should_exit = True
        thread.join(2 * _SECONDS_TO_END)
