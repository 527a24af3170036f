"""Parsing maps: of the photo, and of frames to import."""

from tests.inputs.row import BAD_INPUT, DANCE, IMPORT, USAGE, Row, dances

_READ = ("indexed.png", "wide.png", "opaque.png")
_REFUSED = {
    "clear.png": r"is transparent at x=\d+, y=\d+.* Write it without",
    "blurred.png": "is of no class of label schema|is of no class",
    "bits.png": r"is a PNG of kind \w+ with 1 bits",
    "nineteen.png": r"ids \[19\] are not in label schema parts10 .*, but in cihp20 and lip20\. Check the schema",
    "ninety.png": r"ids \[90.*are not in label schema parts10",
    "lossy.jpg": r"is no PNG\. Write PNG files",
    "cut.png": "is cut or damaged",
    "text.png": "is no PNG",
    "empty.png": "is no PNG",
    "lfs.png": "is a Git LFS pointer",
    "folder.png": "is a folder",
    "large.png": "is 128x128",
    "missing.png": "No such file|no such file",
}


def _of(name: str) -> str:
    return DANCE.replace("map.png", f"parsed/{name}")


ROWS = [
    *(dances(_of(name)) for name in _READ),
    dances(DANCE, "fits label schema cihp20 better than parts10", brought="ids that are those of another schema"),
    *(Row(f"{_of(name)} --out=o.mp4", BAD_INPUT, told) for name, told in _REFUSED.items()),
    Row(f"{_of('bare.png')} --out=o.mp4", BAD_INPUT, "shows nobody"),
    Row(f"{_of('nineteen.png')} --target_map_schema=none --out=o.mp4", USAGE, "target_map_schema"),
    *(
        Row(
            f"{IMPORT} --out=new",
            BAD_INPUT,
            f"maps/000003.png: .*{told}",
            before=f"rm maps/000003.png; cp -r parsed/{name} maps/000003.png",
            brought=f"parsed/{name}",
        )
        for name, told in _REFUSED.items()
        if name in ("blurred.png", "nineteen.png", "lossy.jpg", "lfs.png", "large.png")
    ),
    Row(
        f"{IMPORT} --out=new",
        BAD_INPUT,
        "Give each map the number",
        before="rm maps/000003.png",
        brought="a frame without map",
    ),
    Row(f"{IMPORT} --out=new --maps=videos/folder.mp4", BAD_INPUT, "holds no file"),
    Row(f"{IMPORT} --out=new --maps=map.png", BAD_INPUT, "no such folder"),
    Row(f"{IMPORT} --out=new --maps=nothing", BAD_INPUT, "no such folder"),
]
