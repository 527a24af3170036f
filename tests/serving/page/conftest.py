"""A page that runs, and a browser that visits it."""

import dataclasses
import importlib.util
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import testing

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))), None
)
FRAMES = 12  # of a dance, by --max_frames


@dataclasses.dataclass(frozen=True)
class RunningPage:
    """A page in a process of its own.

    Attributes:
        process: The process.
        address: Where it answers.
        folder: The folder of its temporary files.
    """

    process: "subprocess.Popen[str]"
    address: str
    folder: pathlib.Path

    def files(self, pattern: str) -> list[pathlib.Path]:
        """Files and folders below the folder."""
        return list(self.folder.glob(pattern))


def start_page(folder: pathlib.Path, *flags: str) -> RunningPage:
    """Starts a page and waits until it has printed its address."""
    command = [sys.executable, "-m", "export.page", "--port=0", f"--max_frames={FRAMES}", *flags]
    environment = {**os.environ, "TMPDIR": str(folder)}
    process = subprocess.Popen(
        command,
        cwd=testing.ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # ignored where a shell began this behind itself
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("Open http"), line
    return RunningPage(process, line.split()[1], folder)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPage]:
    """A page; ended by SIGTERM, it leaves nothing behind."""
    _skip_without_browser()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="page_", dir=tmp_path_factory.getbasetemp()))
    running = start_page(folder, "--keep_minutes=0.2", "--max_upload_mb=5")
    yield running
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(60) == 128 + signal.SIGTERM
    assert not running.files("retarget_page_*")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser without a window."""
    _skip_without_browser()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def visit(page: RunningPage, browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens the page as somebody else; in the end no window has asked another host, and no script has failed."""
    contexts, asked, failed = list[Any](), list[str](), list[str]()

    def opened(**given: Any) -> Any:
        context = browser.new_context(**given)
        context.set_default_timeout(120_000)
        contexts.append(context)
        window = context.new_page()
        window.on("request", lambda request: asked.append(request.url))
        window.on("pageerror", lambda error: failed.append(str(error)))
        window.goto(page.address)
        window.get_by_role("button", name="Make it dance").wait_for()
        return window

    yield opened
    for context in contexts:
        context.close()
    hosts = {urllib.parse.urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {urllib.parse.urlsplit(page.address).netloc}
    assert not failed


def _skip_without_browser() -> None:
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    for package in ("gradio", "playwright"):
        if importlib.util.find_spec(package) is None:
            pytest.skip("needs the extras [page] and [dev]")
