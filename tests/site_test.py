"""Builds the documents as a site: every link leads somewhere, and a reader's browser asks no other host."""

import html.parser
import importlib
import pathlib
import re
import subprocess
import sys

import pytest

from tests import testing

pytest.importorskip("mkdocs")
API = re.findall(r"^::: (\S+)$", (testing.ROOT / "docs" / "api.md").read_text(encoding="utf-8"), re.MULTILINE)


class Fetched(html.parser.HTMLParser):
    """The addresses that a browser fetches by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Notes what the tag fetches."""
        given = dict(attributes)
        is_fetched = tag in ("script", "img", "iframe", "source") or given.get("rel") in (
            "stylesheet",
            "icon",
            "preload",
        )
        self.addresses += [value for name in ("src", "href") if is_fetched and (value := given.get(name))]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", f"--site-dir={folder}"]
    done = subprocess.run(command, cwd=testing.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_document_is_a_page(site: pathlib.Path) -> None:
    documents = {path.stem for path in (testing.ROOT / "docs").glob("*.md")} | {"index", "changelog", "model_card"}
    assert documents <= {path.stem for path in site.glob("*.html")}
    assert "Only film and only make people dance who agreed" in (site / "index.html").read_text(encoding="utf-8")


def test_nothing_is_fetched_from_another_host(site: pathlib.Path) -> None:
    fetched = Fetched()
    for page in site.glob("*.html"):
        fetched.feed(page.read_text(encoding="utf-8"))
    assert len(fetched.addresses) > 20
    assert not [address for address in fetched.addresses if re.match(r"(https?:)?//", address)]


@pytest.mark.parametrize("name", API)
def test_what_the_site_calls_public_is_there_and_described(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    found = getattr(importlib.import_module(module), attribute)
    assert found.__doc__
    assert not attribute.startswith("_")


def test_what_the_package_hands_out_is_public(site: pathlib.Path) -> None:
    import retarget_tf

    for name in set(retarget_tf.__all__) - {"__version__"}:
        assert any(public.endswith(f".{name}") for public in API)
    text = (site / "api.html").read_text(encoding="utf-8")
    assert all(f'id="{name}"' in text for name in API)
