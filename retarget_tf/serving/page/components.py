"""Inputs of the page: Gradio's, which hand on the file as it was given, to be read by this package."""

from typing import Any

import gradio as gr
from gradio import component_meta
from gradio.components.image_editor import WebcamOptions
from gradio.data_classes import FileData, ImageData

component_meta.create_or_modify_pyi = lambda *_: None  # it would write a file of type hints beside this one


class _AsGiven:
    """Hands on the name of a file."""

    def preprocess(self, payload: Any) -> str | None:
        """Returns the name of the file; Gradio would read it, and refuse it in words of its own."""
        return payload.path if payload is not None else None


class PhotoInput(_AsGiven, gr.Image):
    """A photo; its value is the name of its file."""

    def get_block_name(self) -> str:
        """Names Gradio's own."""
        return "image"

    def postprocess(self, value: Any) -> Any:
        """Shows a file."""
        return ImageData(path=str(value)) if value is not None else None


class VideoInput(_AsGiven, gr.Video):
    """A video; its value is the name of its file."""

    def get_block_name(self) -> str:
        """Names Gradio's own."""
        return "video"

    def postprocess(self, value: Any) -> Any:
        """Shows a file."""
        return FileData(path=str(value)) if value is not None else None


def photo_input(label: str, **given: Any) -> PhotoInput:
    """Takes a file, a picture of the camera, or one that is pasted; `given` goes to `gr.Image`."""
    return PhotoInput(
        label=label,
        show_label=False,
        sources=["upload", "webcam", "clipboard"],
        type="filepath",
        webcam_options=WebcamOptions(mirror=False),
        interactive=True,
        buttons=[],
        **given,
    )


def video_input(label: str, **given: Any) -> VideoInput:
    """Takes a file, or what the camera records; `given` goes to `gr.Video`."""
    return VideoInput(
        label=label,
        show_label=False,
        sources=["upload", "webcam"],
        webcam_options=WebcamOptions(mirror=False),
        interactive=True,
        buttons=[],
        **given,
    )
