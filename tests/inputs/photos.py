"""Photos: of the target, behind her, and as frames."""

import PIL.features

from tests import testing
from tests.inputs.row import BAD_INPUT, DANCE, SOURCE, Row, dances

# What a viewer shows is read; the second is what is said of it.
_READ = {
    "rotated.jpg": "",
    "photo.tiff": "",
    "photo.gif": "",
    "cmyk.tiff": "",
    "gray_alpha.png": "",
    "gray_alpha.tiff": "",
    "indexed_alpha.tiff": "",
    "indexed.png": "",
    "deep.png": "",
    "bits.png": "",
    "photo.avif": "",
    "photo.heic": "",
    "animation.gif": "holds several pictures; the first is taken",
    "endless.jpg": "lacks its end, but no pixel is missing",
}
# What this machine lacks a package for.
UNREADABLE = {
    kind for kind, is_read in ((".avif", PIL.features.check("avif")), (".heic", testing.HAS_HEIF)) if not is_read
}
_REFUSED = {
    "text.jpg": r"is no JPEG, PNG, WebP, AVIF, GIF, TIFF or HEIC picture\. Give a whole",
    "lfs.jpg": r"is a Git LFS pointer in place of the file\. Fetch the file",
    "empty.jpg": r"is empty\. Give a whole",
    "folder.jpg": r"is a folder\. Give the name of a file",
    "cut.jpg": r"the JPEG is cut off\. Give a whole",
    "float.tiff": r"floating-point numbers|32 bits",
    "huge.png": r"is 60000x60000, more than 100 megapixels\. Give a smaller",
    "missing.jpg": "No such file|no such file",
}


def _with(photo: str) -> str:
    return DANCE.replace("photo.png", f"photos/{photo}")


ROWS = [
    *(dances(_with(photo), told) for photo, told in _READ.items()),
    dances(
        f"retarget --target_photo=photos/sideways.png --target_keypoints=photos/sideways.npy "
        f"--target_map=photos/sideways_map.png {SOURCE}",
        brought="photos/sideways.png",
    ),
    *(
        Row(f"{_with(photo)} --out=o.mp4", BAD_INPUT, f"^ERROR: photo photos/{photo}: .*{told}")
        for photo, told in _REFUSED.items()
    ),
    Row(f"{_with('dot.png')} --out=o.mp4", BAD_INPUT, r"no joint is within the 1x1 picture\. Check"),
    *(
        Row(f"{DANCE} --out=o.mp4 --background=photos/{photo}", BAD_INPUT, f"photos/{photo}: .*{told}")
        for photo, told in _REFUSED.items()
        if photo in ("lfs.jpg", "empty.jpg", "cut.jpg", "huge.png")
    ),
    Row(f"{DANCE} --out=o.mp4 --background=dance.mp4", BAD_INPUT, "is no JPEG, .* or HEIC picture"),
]
