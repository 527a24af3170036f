"""What MkDocs is told besides mkdocs.yml: documents outside of docs/ are pages too, and links are those of the site."""

import pathlib
import posixpath
import re
from typing import Any

from mkdocs.structure.files import File

ROOT = pathlib.Path(__file__).parent.parent
PAGES = {  # name on the site: file in the repository
    "index.md": "README.md",
    "build_notes.md": "BUILD_NOTES.md",
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "data.md": "data/README.md",
    "export.md": "export/README.md",
    "model_card.md": "retarget_tf/networks/pretrained/MODEL_CARD.md",
}
_NAME_OF = {path: name for name, path in PAGES.items()}
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)#:\s]+)(#[^)]*)?\)|!\[([^\]]*)\]\(([^):\s]+)\)")


def on_files(files: Any, config: Any) -> Any:
    """Adds the documents outside of docs/."""
    for name, path in PAGES.items():
        files.append(File.generated(config, name, content=(ROOT / path).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turns links between files of the repository into links between pages; to other files they become plain text."""
    name = page.file.src_uri
    folder = posixpath.dirname(PAGES.get(name, f"docs/{name}"))

    def translated(link: re.Match[str]) -> str:
        text, target, anchor, alternative, picture = link.groups()
        found = _on_site(folder, target or picture)
        if picture:
            return f"![{alternative}]({found})"
        return f"[{text}]({found}{anchor or ''})" if found else text

    return _LINK.sub(translated, markdown)


def _on_site(folder: str, target: str) -> str | None:
    """Returns the address on the site of a file that a document in this folder links to; None if it is not there."""
    path = posixpath.normpath(posixpath.join(folder, target))
    if path in _NAME_OF:
        return _NAME_OF[path]
    return path.removeprefix("docs/") if path.startswith("docs/") and not path.endswith(".py") else None
