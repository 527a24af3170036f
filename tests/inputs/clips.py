"""Clip folders and records, at every program that reads them."""

from tests.inputs.row import BAD_INPUT, BUILD, INSPECT, SOURCE, TARGET, TRAIN, Row

_CLIPS = {
    "`clip.json` is text": ("echo nonsense > clips/a/clip.json", "not JSON"),
    "`clip.json` is a list": ("echo [] > clips/a/clip.json", "Make the clip again"),
    "`clip.json` names a schema that is not known": (
        "sed -i s/parts10/nonsense/ clips/a/clip.json",
        "unknown label schema nonsense",
    ),
    "`clip.json` of another version of the programs": (
        'sed -i \'s/"schema_version": 1/"schema_version": 9/\' clips/a/clip.json',
        "schema version 9, this program",
    ),
    "`clip.json` counts one frame more": (
        'sed -i \'s/"frames": 6/"frames": 7/\' clips/a/clip.json',
        "are of 6 frames, clip.json says 7",
    ),
    "no `keypoints.npy`": ("rm clips/a/keypoints.npy", "no such file"),
    "`keypoints.npy` is cut": (
        "head -c 300 points.npy > clips/a/keypoints.npy",
        "cannot be read: it is cut or damaged",
    ),
    "`keypoints.npy` of another clip": ("cp points.npy clips/a/keypoints.npy", "are of 5 frames, clip.json says 6"),
}
# What is told of a clip when it is read, and, in a build that can go on, once its scratch folder is there.
_PICTURES = {
    "no `clip.json`": ("rm clips/a/clip.json", "No such file"),
    "no `frames.mkv`": ("rm clips/a/frames.mkv", "no such file"),
    "no `maps.mkv`": ("rm clips/a/maps.mkv", "has no maps of label schema parts10"),
    "`frames.mkv` is text": ("cp videos/text.mp4 clips/a/frames.mkv", "not a video that can be read"),
    "`frames.mkv` was cloned without Git LFS": ("cp videos/lfs.mp4 clips/a/frames.mkv", "is a Git LFS pointer"),
}
_RECORDS = {
    "no `manifest.json`": ("rm records/manifest.json", r"no manifest\.json"),
    "`manifest.json` is text": ("echo nonsense > records/manifest.json", "not JSON"),
    "`manifest.json` is a list": ("echo [] > records/manifest.json", r"schema version|not a manifest"),
    "a manifest that names a file elsewhere": (
        'sed -i \'s#"name": "train#"name": "../records/train#\' records/manifest.json',
        r"not a manifest \(a shard must be a file in the folder",
    ),
    "`manifest.json` of something else": ("echo '{\"schema_version\": 1}' > records/manifest.json", r"not a manifest"),
    "records of another version of the programs": (
        'sed -i \'s/"schema_version": 1/"schema_version": 9/\' records/manifest.json',
        "schema version 9, this program",
    ),
    "`manifest.json` names a schema that is not known": (
        "sed -i s/parts10/nonsense/ records/manifest.json",
        "unknown label schema nonsense",
    ),
}
# What only reading all of them finds, or what a training has begun for.
_SHARDS = {
    "no shards": ("rm records/*.tfrecord*", "problems"),
    "shards that are cut": ("for shard in records/*.tfrecord*; do truncate -s 100 $shard; done", "problems"),
}


def _at(command: str, broken: dict[str, tuple[str, str]], every: int = 1) -> list[Row]:
    """Rows of a program that takes none of these, or one of `every` of them."""
    chosen = list(broken.items())[::every]
    return [Row(command, BAD_INPUT, told, before=before, brought=brought) for brought, (before, told) in chosen]


ROWS = [
    *_at(BUILD, _CLIPS),
    *_at(f"retarget {TARGET} --source_clip=clips/a --out=o.mp4", _CLIPS, every=3),
    *_at(f"retarget --target_clip=clips/a {SOURCE} --out=o.mp4", _CLIPS, every=7),
    *_at(f"retarget --target_clip=clips/a {SOURCE} --out=o.mp4", _PICTURES),
    *_at("retarget-evaluate --frames --clips=clips --out=new", _CLIPS, every=4),
    *_at(TRAIN, _RECORDS),
    *_at("retarget-validate-records --records=records", _RECORDS, every=3),
    *_at("retarget-validate-records --records=records", _SHARDS),
    *_at(INSPECT, _RECORDS, every=3),
    Row(INSPECT, BAD_INPUT, "the shard is missing", before="rm records/*.tfrecord*", brought="no shards"),
    Row(
        INSPECT,
        BAD_INPUT,
        "a record is damaged",
        before="for shard in records/*.tfrecord*; do printf x | dd of=$shard bs=1 seek=60 conv=notrunc; done",
        brought="shards in which a byte has changed",
    ),
    Row(
        TRAIN,
        BAD_INPUT,
        "hold pictures of 48 px",
        before='sed -i \'s/"image_size": [0-9]*/"image_size": 48/\' records/manifest.json',
        brought="records of 48 px",
    ),
    Row(
        f"{BUILD} --clips=one",
        BAD_INPUT,
        "leave nobody for",
        before="mkdir one; cp -r clips/a one",
        brought="one person for three splits",
    ),
    Row(f"{BUILD} --clips=clips,clips", BAD_INPUT, "has the id of"),
    Row("retarget-make-dancers --out=d --motion_of=clips", BAD_INPUT, "was not made by this renderer"),
    Row(f"retarget {TARGET} --source_clip=clips --out=o.mp4", BAD_INPUT, "clip clips/clip.json: No such file"),
    Row("retarget-validate-records --records=frames", BAD_INPUT, "no manifest.json"),
    Row(f"{TRAIN} --records=frames", BAD_INPUT, "no manifest.json"),
    *_at("retarget-evaluate --model=stable_128 --records=records --out=new", _RECORDS, every=4),
]
