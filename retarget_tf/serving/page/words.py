"""What the page says, as HTML."""

import html
import pathlib
import urllib.parse
from collections.abc import Iterable

from retarget_tf.serving.page.jobs import CANCELLED, FAILED, REFUSED, RUNNING, WAITING, Job
from retarget_tf.serving.page.task import CHOICES, DANCE, FIND, LOOK, MAPS, MORE, PHOTO, VIDEO

HEADER = """<header class="top"><h1>Make a photo dance</h1>
<p>One photo of a person, one video of somebody else dancing: the person of the photo dances.</p></header>"""
PHOTO_TITLE = "<h2><span>1</span>Who dances?</h2><p>A photo of the whole person, hair to shoes.</p>"
VIDEO_TITLE = "<h2><span>2</span>What is danced?</h2><p>A video of one dancer, head to toe.</p>"
TRY = '<p class="try">Nothing at hand? Try one of these.</p>'
CONSENT = '<p class="consent">Only make people dance who agreed to it, and only film those who did.</p>'
FOOTER = """<p>All of it is made on the computer that runs this page, and nothing is sent anywhere else.
Files are deleted when you have left.</p>"""
DELETED = "All your files are deleted."
NO_PHOTO = "Give a photo first, or try one of those below."
NO_VIDEO = "Give a video first, or try one of those below."
MAPS_COME = '<p class="hint">The maps come after the dance.</p>'
FULL = "Too many dances are waiting. Come again in a few minutes."
# In the place of Gradio's own words.
GRADIO = {
    "upload_text.drop_image": "Drop a photo here",
    "upload_text.drop_video": "Drop a video here",
    "upload_text.drop_file": "Drop photos here",
    "upload_text.click_to_upload": "click to choose one",
    "common.or": "or",
}
_STEPS = {
    LOOK: "Looking at the photo",
    FIND: "Following the dancer in the video",
    DANCE: "Dancing",
    MAPS: "The dance is ready; drawing its maps",
}
_PLACES = {PHOTO: "the photo", MORE: "the further photos", VIDEO: "the video", CHOICES: "the choices"}
_ENDS = {
    CANCELLED: "Cancelled.",
    FAILED: "Something broke. The window in which the page was started says more. Try again, or other inputs.",
}


def refusal(text: str) -> str:
    """What is wrong with an input, where it is given."""
    return f'<p class="refusal" role="alert">{html.escape(text)}</p>'


def hint(text: str) -> str:
    """What should be known of an input, where it is given."""
    return f'<p class="hint" role="status">{html.escape(text)}</p>' if text else ""


def notes(job: Job, place: str) -> str:
    """What is said of a place's input: a refusal, or what the library warned of."""
    if job.refusal is not None and job.refusal[0] == place:
        return refusal(job.refusal[1])
    return "".join(hint(_without_folder(text, job)) for at, text in job.notes if at == place)


def heading(job: Job, before: int) -> str:
    """What happens, in a few words."""
    if job.state == WAITING:
        return "Getting ready" if before == 0 else f"Waiting for {before} other dance{'s' * (before > 1)}"
    if job.state == REFUSED and job.refusal is not None:
        return f"This did not work: see what is said of {_PLACES[job.refusal[0]]}."
    if job.state != RUNNING:
        return _ENDS.get(job.state, "")
    return _STEPS.get(job.step or "", "Beginning")


def announcement(job: Job, before: int) -> str:
    """What is read out to those who do not see the page."""
    return f'<p role="status">{html.escape(heading(job, before)) or "The dance and its maps are ready."}</p>'


def status(job: Job, before: int) -> str:
    """What happens, how far it is, and how long it will take."""
    said = html.escape(heading(job, before))
    if job.is_over:
        return f'<div class="status"><p>{said}</p></div>' if said else ""
    counted = f"{job.done} of {job.total} frames" if job.state == RUNNING and job.total else ""
    left = _time_left(job.seconds_left)
    percent = round(100 * job.share)
    value = f'aria-valuenow="{percent}"' if job.state == RUNNING else ""
    known = "" if job.state == RUNNING and job.total else " unknown"
    bar = f'<div style="width:{max(percent, 1)}%"></div>'
    return (
        f'<div class="status"><p><strong>{said}</strong><span>{counted}</span><span>{left}</span></p>'
        f'<div class="bar{known}" role="progressbar" aria-label="Progress" aria-valuemin="0" '
        f'aria-valuemax="100" {value} aria-valuetext="{said}, {counted}">{bar}</div></div>'
    )


def _time_left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 4:
        return "nearly done"
    if seconds < 90:
        return f"about {max(5, 5 * round(seconds / 5))} s left"
    return f"about {seconds / 60:.0f} min left"


def pair(given: pathlib.Path, made: pathlib.Path, caption: str) -> str:
    """Two videos side by side that play together; the second one has the controls."""
    return (
        '<div class="pair"><figure>'
        f'<video class="given" src="{address(given)}" muted playsinline preload="auto" tabindex="-1" '
        'aria-label="The video that was given"></video><figcaption>The video</figcaption></figure><figure>'
        f'<video class="made" src="{address(made)}" controls loop autoplay playsinline preload="auto" '
        f'aria-label="{html.escape(caption)}"></video><figcaption>{html.escape(caption)}</figcaption></figure></div>'
    )


def downloads(job: Job) -> str:
    """Links to the files that are ready."""
    task = job.task
    kinds = {task.dance: "Dance", task.maps: "Maps, video", task.map_files: "Maps, PNG", task.keypoints: "Keypoints"}
    ready = ((path, name) for path, name in kinds.items() if path in job.made and path.is_file())
    return f'<nav class="downloads" aria-label="Downloads">{"".join(_links(ready))}</nav>'


def _links(files: Iterable[tuple[pathlib.Path, str]]) -> Iterable[str]:
    for path, name in files:
        size = path.stat().st_size
        amount = f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{max(1, round(size / 1e3))} kB"
        yield (
            f'<a href="{address(path)}" download="{html.escape(path.name)}">{name}'
            f"<small>{path.suffix[1:].upper()}, {amount}</small></a>"
        )


def address(path: pathlib.Path) -> str:
    """The address of a file on the page."""
    return html.escape(f"/gradio_api/file={urllib.parse.quote(str(path))}")


def _without_folder(text: str, job: Job) -> str:
    for path in (job.task.photo.path, job.task.video.path, *job.task.more):
        text = text.replace(f"{path.parent}/", "")
    return text
