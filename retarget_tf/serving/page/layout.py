"""What stands where on the page. What happens when somebody does something is in `actions`."""

import dataclasses
from collections.abc import Mapping, Sequence

import gradio as gr

from retarget_tf.serving.page import words
from retarget_tf.serving.page.components import PhotoInput, VideoInput, photo_input, video_input
from retarget_tf.serving.page.examples import Made

HEIGHTS = {"360 px": 360, "480 px": 480, "720 px": 720, "1080 px": 1080}
FRAMINGS = WHOLE, CUT = "The whole photo", "Cut to the person"
PERSONS = {"The largest": "0", "The second": "1", "The third": "2", "The fourth": "3"}
COLOUR, PICTURE = "A colour", "A picture"
BACKGROUNDS = {
    "As in the photo": "photo",
    "Blurred": "blur",
    "That of the video": "source",
    COLOUR: "",
    PICTURE: "",
    "None (see-through)": "none",
}


@dataclasses.dataclass(frozen=True)
class Parts:
    """The parts of the page that change or are read, by what they are for."""

    photo: PhotoInput
    photo_note: gr.HTML
    video: VideoInput
    video_note: gr.HTML
    more: gr.File
    more_note: gr.HTML
    framing: gr.Radio
    background: gr.Dropdown
    colour: gr.ColorPicker
    picture: PhotoInput
    height: gr.Radio
    person: gr.Dropdown
    exact: gr.Checkbox
    mark: gr.Checkbox
    choices_note: gr.HTML
    go: gr.Button
    stop: gr.Button
    status: gr.HTML
    said: gr.HTML
    result: gr.Column
    dance: gr.HTML
    maps: gr.HTML
    downloads: gr.HTML
    forget: gr.Button
    people: Sequence[tuple[gr.Button, Made]]
    dances: Sequence[tuple[gr.Button, Made]]

    @property
    def given(self) -> list[gr.Component]:
        """What is read when a dance is asked for, in the order of `actions.Page.start`."""
        return [
            *(self.photo, self.video, self.more, self.framing, self.background, self.colour, self.picture),
            *(self.height, self.person, self.exact, self.mark),
        ]

    @property
    def shown(self) -> list[gr.Component | gr.Column]:
        """What changes while a dance is made."""
        notes = (self.photo_note, self.video_note, self.more_note, self.choices_note)
        return [*notes, self.go, self.stop, self.status, self.said, self.result, self.dance, self.maps, self.downloads]


def lay_out(people: Sequence[Made], dances: Sequence[Made]) -> Parts:
    """Builds the page within a `gr.Blocks`."""
    gr.HTML(words.HEADER)
    with gr.Row(equal_height=False):
        with gr.Column(min_width=300, elem_classes="card"):
            gr.HTML(words.PHOTO_TITLE)
            photo = photo_input("Photo of the person", height=300, elem_classes="input", elem_id="photo")
            photo_note = gr.HTML(elem_id="photo-note", elem_classes="note")
            people_buttons = _examples(people, "people")
        with gr.Column(min_width=300, elem_classes="card"):
            gr.HTML(words.VIDEO_TITLE)
            video = video_input("Video of the dancer", height=300, elem_classes="input", elem_id="video")
            video_note = gr.HTML(elem_id="video-note", elem_classes="note")
            dance_buttons = _examples(dances, "dances")
    choices = _choices()
    gr.HTML(words.CONSENT)
    with gr.Row(elem_classes="go"):
        go = gr.Button("Make it dance", variant="primary", elem_id="go")
        stop = gr.Button("Cancel", visible=False, elem_id="stop")
    status = gr.HTML(elem_id="status", elem_classes="note")
    said = gr.HTML(elem_id="said", elem_classes="quiet")
    with gr.Column(visible=False, elem_classes="card", elem_id="result") as result:
        with gr.Tabs():
            with gr.Tab("Dance"):
                dance = gr.HTML(elem_id="dance")
            with gr.Tab("Maps"):
                maps = gr.HTML(elem_id="maps")
        downloads = gr.HTML(elem_id="downloads")
    with gr.Row(elem_classes="bottom"):
        gr.HTML(words.FOOTER)
        forget = gr.Button("Delete my files now", size="sm", elem_id="forget", elem_classes="link")
    return Parts(
        photo=photo,
        photo_note=photo_note,
        video=video,
        video_note=video_note,
        go=go,
        stop=stop,
        status=status,
        said=said,
        result=result,
        dance=dance,
        maps=maps,
        downloads=downloads,
        forget=forget,
        people=people_buttons,
        dances=dance_buttons,
        **choices,
    )


def _examples(made: Sequence[Made], kind: str) -> list[tuple[gr.Button, Made]]:
    gr.HTML(words.TRY)
    with gr.Row(elem_classes=["examples", kind]):
        return [(gr.Button(one.name, icon=one.thumb, elem_classes="example"), one) for one in made]


def _dropdown(label: str, values: Mapping[str, str]) -> gr.Dropdown:
    return gr.Dropdown(list(values), value=next(iter(values)), label=label, filterable=False)


def _choices() -> dict[str, gr.Component]:
    with gr.Accordion("Choices", open=False, elem_id="choices"):
        with gr.Row():
            background = _dropdown("Background", BACKGROUNDS)
            person = _dropdown("Who, if the photo shows several people", PERSONS)
        colour = gr.ColorPicker("#00b140", label="Colour of the background", visible=False)
        picture = photo_input("Picture of the background", height=180, visible=False, elem_classes="input")
        with gr.Row():
            framing = gr.Radio(FRAMINGS, value=WHOLE, label="What is shown")
            height = gr.Radio(list(HEIGHTS), value="720 px", label="Height of the picture, at most")
        more = gr.File(
            label="More photos of the same person: from behind, from the side",
            file_count="multiple",
            file_types=["image"],
            height=140,
            elem_id="more",
        )
        more_note = gr.HTML(elem_id="more-note", elem_classes="note")
        with gr.Row():
            exact = gr.Checkbox(True, label="Follow joints exactly (three times the work)")
            mark = gr.Checkbox(False, label="Write “generated” into the picture")
        choices_note = gr.HTML(elem_id="choices-note", elem_classes="note")
    return {
        "background": background,
        "person": person,
        "colour": colour,
        "picture": picture,
        "framing": framing,
        "height": height,
        "more": more,
        "more_note": more_note,
        "exact": exact,
        "mark": mark,
        "choices_note": choices_note,
    }
