"""Inputs of the page: Gradio's, which hand on the file as it was given, to be read by this package."""

from typing import Any

import gradio as gr
from gradio.components.image_editor import WebcamOptions
from gradio.data_classes import FileData, ImageData

from gradio.events import Dependency

class PhotoInput(gr.Image):
    """A photo: a file, a picture of the camera, or one that is pasted; its value is the name of the file."""

    is_template = True  # shown as Gradio's own

    def __init__(self, label: str, **given: Any) -> None:
        super().__init__(
            label=label,
            show_label=False,
            sources=["upload", "webcam", "clipboard"],
            type="filepath",
            webcam_options=WebcamOptions(mirror=False),
            interactive=True,
            buttons=[],
            **given,
        )

    def preprocess(self, payload: Any) -> str | None:
        """Returns the name of the file."""
        return payload.path if payload is not None else None

    def postprocess(self, value: Any) -> Any:
        """Shows a file."""
        return ImageData(path=str(value)) if value is not None else None
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component


class VideoInput(gr.Video):
    """A video: a file, or recorded by the camera; its value is the name of the file."""

    is_template = True

    def __init__(self, label: str, **given: Any) -> None:
        super().__init__(
            label=label,
            show_label=False,
            sources=["upload", "webcam"],
            webcam_options=WebcamOptions(mirror=False),
            interactive=True,
            buttons=[],
            **given,
        )

    def preprocess(self, payload: Any) -> str | None:
        """Returns the name of the file."""
        return payload.path if payload is not None else None

    def postprocess(self, value: Any) -> Any:
        """Shows a file."""
        return FileData(path=str(value)) if value is not None else None
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component