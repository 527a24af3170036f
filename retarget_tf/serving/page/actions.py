"""What happens when somebody gives a file, asks for a dance, or comes back to the page."""

import asyncio
import hashlib
import pathlib
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from typing import Any

import gradio as gr

from retarget_tf.errors import ConfigError, InputDataError, MissingDependencyError
from retarget_tf.serving.page import guard, inputs, words
from retarget_tf.serving.page.examples import Made
from retarget_tf.serving.page.jobs import REFUSED, FullError, Job, Jobs
from retarget_tf.serving.page.layout import BACKGROUNDS, COLOUR, CUT, HEIGHTS, PERSONS, PICTURE, Parts
from retarget_tf.serving.page.options import PageOptions
from retarget_tf.serving.page.task import CHOICES, MORE, PHOTO, VIDEO, Choices, Given, Task
from retarget_tf.serving.page.visitors import Visitor, Visitors

_SECONDS_BETWEEN_LOOKS = 0.25
_REFUSED = (InputDataError, MissingDependencyError, ConfigError)
Changes = dict[Any, Any]  # what becomes of parts of the page


class Actions:
    """What the page does.

    Args:
        parts: The page's parts.
        options: Limits.
        jobs: Makes the dances.
        visitors: Who is there.
    """

    def __init__(self, parts: Parts, options: PageOptions, jobs: Jobs, visitors: Visitors) -> None:
        self._parts, self._options, self._jobs, self._visitors = parts, options, jobs, visitors
        self._examples = {_digest(one.given.path): one.given for _, one in (*parts.people, *parts.dances)}
        self._notes = {
            PHOTO: parts.photo_note,
            VIDEO: parts.video_note,
            MORE: parts.more_note,
            CHOICES: parts.choices_note,
        }

    def connect(self, page: gr.Blocks) -> None:
        """Binds the actions to the page."""
        parts, silent = self._parts, {"show_progress": "hidden", "api_visibility": "private", "queue": True}
        parts.photo.change(self.look_at_photo, parts.photo, [parts.photo, parts.photo_note], **silent)
        parts.photo.clear(lambda: "", None, parts.photo_note, **silent)
        parts.video.change(self.look_at_video, parts.video, [parts.video, parts.video_note], **silent)
        parts.video.clear(lambda: "", None, parts.video_note, **silent)
        parts.more.change(self.look_at_more, parts.more, parts.more_note, **silent)
        parts.picture.change(self.look_at_picture, parts.picture, [parts.picture, parts.choices_note], **silent)
        for examples, part, note in (
            (parts.people, parts.photo, parts.photo_note),
            (parts.dances, parts.video, parts.video_note),
        ):
            for button, made in examples:
                button.click(_giving(made, part, note), None, [part, note], **silent)
        parts.background.change(self.show_background, parts.background, [parts.colour, parts.picture], **silent)
        outputs = [parts.photo, parts.video, *parts.shown]
        parts.go.click(self.start, parts.given, outputs, **silent)
        parts.stop.click(self.cancel, None, None, **silent)
        parts.forget.click(self.forget, None, outputs, **silent)
        page.load(self.resume, None, outputs, **silent)
        page.unload(self.leave)

    def look_at_photo(self, path: str | None, request: gr.Request) -> Changes:
        """Says at once what is wrong with the photo."""
        return self._looked_at(path, self._parts.photo, self._parts.photo_note, request)

    def look_at_picture(self, path: str | None, request: gr.Request) -> Changes:
        """Says at once what is wrong with the picture of the background."""
        return self._looked_at(path, self._parts.picture, self._parts.choices_note, request)

    def look_at_more(self, paths: Sequence[str] | None, request: gr.Request) -> Changes:
        """Says at once what is wrong with further photos."""
        said = ""
        for path in paths or ():
            self._visitor(request).uploads.add(pathlib.Path(path))
            try:
                inputs.check_photo(pathlib.Path(path), self._options)
            except _REFUSED as error:
                said += words.refusal(_named(error, path))
        return {self._parts.more_note: said}

    def _looked_at(self, path: str | None, part: Any, note: Any, request: gr.Request) -> Changes:
        if path is None:  # a refusal may stand there
            return {note: gr.skip()}
        uploads = self._visitor(request).uploads
        uploads.add(pathlib.Path(path))
        try:
            shown = inputs.check_photo(pathlib.Path(path), self._options)
        except _REFUSED as error:
            return {part: None, note: words.refusal(_named(error, path))}
        uploads.add(shown)
        return {note: ""} if str(shown) == path else {part: str(shown), note: ""}

    def look_at_video(self, path: str | None, request: gr.Request) -> Changes:
        """Says at once what is wrong with a video, or that it is too long."""
        parts = self._parts
        if path is None:
            return {parts.video_note: gr.skip()}
        self._visitor(request).uploads.add(pathlib.Path(path))
        try:
            length = inputs.check_video(pathlib.Path(path), self._options)
        except _REFUSED as error:
            return {parts.video: None, parts.video_note: words.refusal(_named(error, path))}
        return {parts.video_note: words.hint(length.note)}

    def show_background(self, background: str) -> Changes:
        """Asks for the colour or the picture of a background that has one."""
        return {
            self._parts.colour: gr.update(visible=background == COLOUR),
            self._parts.picture: gr.update(visible=background == PICTURE),
        }

    async def start(self, request: gr.Request, *given: Any) -> AsyncIterator[Changes]:
        """Asks for a dance, and shows how it comes about; `given` is what `Parts.given` holds."""
        visitor = self._visitor(request)
        if not visitor.is_busy and (refused := self._ask(visitor, *given)):
            yield refused
            return
        async for changes in self._follow(visitor):
            yield changes

    def _ask(
        self,
        visitor: Visitor,
        photo: str | None,
        video: str | None,
        more: Sequence[str] | None,
        framing: str,
        background: str,
        colour: str,
        picture: str | None,
        height: str,
        person: str,
        exact: bool,
        mark: bool,
    ) -> Changes:
        """Puts a dance in the row; returns what is wrong with the inputs, nothing if they are right."""
        if photo is None or video is None:
            return self._missing(photo, video)
        at, path = PHOTO, photo
        try:
            who = self._given(photo)
            at, path = VIDEO, video
            what, length = self._given(video), inputs.check_video(pathlib.Path(video), self._options)
            at, path = CHOICES, picture or ""
            choices = Choices(
                height=HEIGHTS[height],
                background={COLOUR: _hex(colour), PICTURE: picture or ""}.get(background, BACKGROUNDS[background]),
                mark=mark,
                person=PERSONS[person],
                exact=exact,
                cut=framing == CUT,
            )
            _ = choices.frames  # checked
            at = MORE
            further = [self._given(one).path for one in more or ()]

            def job(folder: pathlib.Path) -> Job:
                kept = (_kept(Given(one), folder / str(index)).path for index, one in enumerate(further))
                photo, video = _kept(who, folder / "photo"), _kept(what, folder / "video")
                return Job(Task(folder, photo, video, length.frames, tuple(kept), choices))

            self._visitors.begin(visitor, job)
        except _REFUSED as error:
            return {self._notes[at]: words.refusal(_named(error, path))}
        except FullError:
            return {self._parts.status: words.refusal(words.FULL)}
        return {}

    async def resume(self, request: gr.Request) -> AsyncIterator[Changes]:
        """Shows a visitor who loads the page again what she left."""
        visitor = self._visitor(request)
        visitor.opened(str(request.session_hash))
        job = visitor.job
        if job is None:
            yield {self._parts.status: ""}
            return
        yield {self._parts.photo: str(job.task.photo.path), self._parts.video: str(job.task.video.path)}
        async for changes in self._follow(visitor):
            yield changes

    def leave(self, request: gr.Request) -> None:
        """Notes that a window was closed."""
        self._visitor(request).closed(str(request.session_hash))

    def cancel(self, request: gr.Request) -> None:
        """Gives the visitor's dance up."""
        if (job := self._visitor(request).job) is not None:
            self._jobs.cancel(job)

    def forget(self, request: gr.Request) -> Changes:
        """Deletes the visitor's files."""
        self._visitors.forget(self._visitor(request))
        return self._emptied()

    def _emptied(self) -> Changes:
        parts = self._parts
        emptied: Changes = {part: "" for part in parts.shown if isinstance(part, gr.HTML)}
        gone = {parts.photo: None, parts.video: None, parts.result: gr.update(visible=False)}
        gone |= {parts.go: gr.update(visible=True), parts.stop: gr.update(visible=False)}
        return {**emptied, **gone, parts.status: words.hint(words.DELETED)}

    async def _follow(self, visitor: Visitor) -> AsyncIterator[Changes]:
        """Shows what is new of the visitor's dance until it is over."""
        shown: Changes = {}
        while (job := visitor.job) is not None:
            is_over = job.is_over  # before the look: what came last is shown too
            now = self._view(job)
            if changes := {part: value for part, value in now.items() if part not in shown or shown[part] != value}:
                yield changes
            shown = now
            if is_over:
                return
            visitor.seen()
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
        await asyncio.to_thread(visitor.wait_until_forgotten)
        yield self._emptied()  # Gradio shows the last of a generator once more when it ends

    def _view(self, job: Job) -> Changes:
        parts, task, before = self._parts, job.task, self._jobs.before(job)
        given = task.shown_video if task.shown_video in job.made else task.video.path
        view: Changes = {note: words.notes(job, place) for place, note in self._notes.items()}
        view |= {
            parts.go: gr.update(visible=job.is_over),
            parts.stop: gr.update(visible=not job.is_over),
            parts.status: words.status(job, before),
            parts.said: words.announcement(job, before),
            parts.result: gr.update(visible=job.shows_dance and job.state != REFUSED),
            parts.dance: words.pair(given, task.dance, "The dance") if job.shows_dance else "",
            parts.maps: words.pair(given, task.maps, "Its maps") if task.maps in job.made else words.MAPS_COME,
            parts.downloads: words.downloads(job),
        }
        return view

    def _missing(self, photo: str | None, video: str | None) -> Changes:
        """Says which input is missing; empty if none is."""
        said: Changes = {}
        for path, place, text in ((photo, PHOTO, words.NO_PHOTO), (video, VIDEO, words.NO_VIDEO)):
            if path is None:
                said[self._notes[place]] = words.refusal(text)
        return said

    def _given(self, path: str) -> Given:
        """Returns the example that a file is, or the file."""
        if not pathlib.Path(path).is_file():
            raise InputDataError(f"file {pathlib.Path(path).name}: has been deleted in the meantime. Give it again.")
        return self._examples.get(_digest(pathlib.Path(path)), Given(pathlib.Path(path)))

    def _visitor(self, request: gr.Request) -> Visitor:
        name = guard.visitor_in(request.headers.get("cookie", "")) or str(request.session_hash)
        return self._visitors.of(name)


def _giving(made: Made, part: Any, note: Any) -> Any:
    return lambda: {part: str(made.given.path), note: ""}


def _kept(given: Given, folder: pathlib.Path) -> Given:
    """Copies a file into a folder of its own, where it stays as long as the dance that is made of it."""
    folder.mkdir()
    return Given(pathlib.Path(shutil.copy(given.path, folder)), given.clip)


def _hex(colour: str) -> str:
    """Returns the colour of a colour picker, which may be `rgba(0, 177.4, 64, 1)`, as `#00b140`."""
    numbers = re.findall(r"[\d.]+", colour)
    if colour.startswith("#") or len(numbers) < 3:
        return colour
    return "#" + "".join(f"{min(round(float(number)), 255):02x}" for number in numbers[:3])


def _digest(path: pathlib.Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _named(error: Exception, path: str) -> str:
    """Returns a message that names the file as the visitor does."""
    return str(error).replace(f"{pathlib.Path(path).parent}/", "")
