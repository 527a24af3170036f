"""Videos and folders of frames, at every program that reads them."""

from tests.inputs.row import BAD_INPUT, DANCE, IMPORT, SCREEN, SOURCE, Row, dances, imports

_READ = ("nearly.mp4", "rateless.webm", "trim.mp4", "a.gif", "a.webp", "pictures")
_REFUSED = {
    "text.mp4": r"not a video that can be read .*\. Give a video file",
    "lfs.mp4": "is a Git LFS pointer",
    "empty.mp4": "not a video that can be read|is empty",
    "sound.mp4": "holds no video stream",
    "cut.mp4": r"is cut: its index lists neither pictures nor sound\. Copy it again",
    "missing.mp4": "no such file",
    "folder.mp4": "holds no file that ends in",
    "unnumbered": "has no number in its name",
    "twice": "has the number of",
    "list.mp4": r"is a list of other files\. Give a video file",
    "addresses.mp4": r"is a list of other files\. Give a video file",
    "torn.mp4": r"is cut: \d+ bytes where its index needs \d+\. Copy it again",
    "one.mp4": "1 frames?",
    "cut.mkv": r"has \d frames, its keypoints are of 5",
}


def _at(command: str, *names: str, written: tuple[str, ...] = ()) -> list[Row]:
    """Rows of a program that takes none of these; `{}` in the command is the name."""
    return [Row(command.format(f"videos/{name}"), BAD_INPUT, _REFUSED[name], written) for name in names]


_DANCED = DANCE.replace("dance.mp4", "{}")
_EVERYWHERE = ("text.mp4", "lfs.mp4", "cut.mp4", "sound.mp4", "missing.mp4")

ROWS = [
    *(dances(_DANCED.format(f"videos/{name}")) for name in ("anamorphic.mp4", "covered.mp4", "12:30.mp4")),
    imports(f"{IMPORT} --frames=videos/hlg.mp4", r"is HDR \(HLG\); its colours are converted to SDR"),
    dances(
        _DANCED.format("videos/cut.mkv").replace("points.npy", "points/two.npy"),
        r"decoded 2 of 5 declared frames; the file may be cut",
        brought="videos/cut.mkv",
    ),
    *(imports(f"{IMPORT} --frames=videos/{name}") for name in _READ),
    *_at(f"{_DANCED} --out=o.mp4", *_REFUSED),
    *_at(f"{IMPORT} --frames={{}} --out=new --clip_id=me", *_EVERYWHERE, "twice"),
    *_at("retarget-screen-clips --videos={} --report=r.html", *_EVERYWHERE[:-1], written=("r.html", "r.json")),
    *_at("retarget-extract-clips --videos={} --out=new", *_EVERYWHERE[:-1]),
    Row(f"{SCREEN} --videos=no*.mp4 --report=r.html", BAD_INPUT, "no file matches"),
    *_at(f"retarget --target_video={{}} {SOURCE} --out=o.mp4", *_EVERYWHERE),
]
