"""Inputs of the page: Gradio's, which hand on the file as it was given, to be read by this package."""

from typing import Any

import gradio as gr
from gradio.components.image_editor import WebcamOptions
from gradio.data_classes import FileData, ImageData

from gradio.events import Dependency

class PhotoInput(_AsGiven, gr.Image):
    """A photo; its value is the name of its file."""

    def get_block_name(self) -> str:
        """Names Gradio's own."""
        return "image"

    def postprocess(self, value: Any) -> Any:
        """Shows a file."""
        return ImageData(path=str(value)) if value is not None else None
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component


class VideoInput(_AsGiven, gr.Video):
    """A video; its value is the name of its file."""

    def get_block_name(self) -> str:
        """Names Gradio's own."""
        return "video"

    def postprocess(self, value: Any) -> Any:
        """Shows a file."""
        return FileData(path=str(value)) if value is not None else None
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component