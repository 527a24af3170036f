"""Keypoints of other programs: of the source, of the photo, and of frames to import."""

from tests.inputs.row import BAD_INPUT, DANCE, IMPORT, Row, dances, imports

_READ = {
    "named.npz": "",
    "shares.npy": "",
    "unsure.npy": "",
    "doubles.npy": "",
    "nan.npy": "",
    "dwpose.json": "",
    "halpe.npy": "",
    "alphapose.json": r"1 of 5 frames are not in it \(the first is frame 4\)",
    "openpose": "",
    "fewer": r"1 of 5 frames are not in it \(the first is frame 4\)",
    "yaml": "",
    "close": r"from here on it may be another person who is followed\. Look at the clip",
}
_SHAPE = r"not \[[\d, ]+\]\. Store"
_REFUSED = {
    "infinity.npy": r"frame 3: not finite\. Give missing joints the confidence 0",
    "sixteen.npy": _SHAPE,
    "flat.npy": _SHAPE,
    "none.npy": _SHAPE,
    "words.npy": r"is no whole \.npy or \.npz file of numbers\. Write",
    "pickled.npy": r"is no whole \.npy or \.npz file of numbers\. Write",
    "cut.npy": r"is no whole \.npy or \.npz file of numbers\. Write",
    "text.npy": r"is no whole \.npy or \.npz file of numbers\. Write",
    "empty.npy": r"is no whole \.npy or \.npz file of numbers\. Write",
    "lfs.npy": r"is a Git LFS pointer",
    "dwpose.npy": r"is JSON\. Rename it",
    "unnamed.npz": r"holds no array named 'keypoints'",
    "centred.npy": "neither pixels nor shares",
    "zeros.npy": "no joint is within the 64x64 picture",
    "seven.npy": "7",
    "three.npy": "3",
    "text.json": "not JSON",
    "empty.json": "not JSON",
    "lfs.json": "is a Git LFS pointer",
    "others.json": "has no list 'people'",
    "nameless.json": r"image a\.jpg: has no number in its name",
    "fifteen.json": "not 45 numbers",
    "more": "have number 5|6",
    "nobody": "nobody is in any of its 1 frames",
    "folder.npy": r"holds no file that ends in \.",
    "folder.json": r"holds no file that ends in \.",
    "missing.npy": r"no such file",
    "missing": r"no such file",
}


def _of(name: str, command: str = DANCE) -> str:
    return command.replace("points.npy", f"points/{name}")


ROWS = [
    *(Row(f"{_of(name)} --out=o.mp4", BAD_INPUT, told) for name, told in _REFUSED.items()),
    dances(_of("gap.npy"), r"nobody is found in 1 of 5 frames .*; the poses before and after stand in"),
    Row(f"{DANCE} --out=o.mp4 --units=shares", BAD_INPUT, "no joint is within the 64x64 picture"),
    *(imports(_of(name, IMPORT), told) for name, told in _READ.items()),
    *(
        Row(f"{_of(name, IMPORT)} --out=new", BAD_INPUT, _REFUSED[name])
        for name in ("infinity.npy", "sixteen.npy", "pickled.npy", "seven.npy", "more", "dwpose.npy", "missing")
    ),
    *(
        Row(f"{DANCE.replace('person.npy', f'points/{name}')} --out=o.mp4", BAD_INPUT, _REFUSED[name])
        for name in ("infinity.npy", "sixteen.npy", "pickled.npy", "dwpose.npy", "others.json", "missing.npy")
    ),
]
