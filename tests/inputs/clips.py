"""Clip folders and records, at every program that reads them."""

from tests.inputs.row import BAD_INPUT, BUILD, SOURCE, TARGET, TRAIN, Row

_CLIPS = {
    "echo nonsense > clips/a/clip.json": "not JSON",
    "echo [] > clips/a/clip.json": "Make the clip again",
    "sed -i s/parts10/nonsense/ clips/a/clip.json": "unknown label schema nonsense",
    'sed -i \'s/"schema_version": 1/"schema_version": 9/\' clips/a/clip.json': "schema version 9, this program",
    'sed -i \'s/"frames": 6/"frames": 7/\' clips/a/clip.json': "are of 6 frames, clip.json says 7",
    "rm clips/a/keypoints.npy": "no such file",
    "head -c 300 points.npy > clips/a/keypoints.npy": "cannot be read: it is cut or damaged",
    "cp points.npy clips/a/keypoints.npy": "are of 5 frames, clip.json says 6",
}
# What is told of a clip when it is read, and, in a build that can go on, once its scratch folder is there.
_PICTURES = {
    "rm clips/a/clip.json": "No such file",
    "rm clips/a/frames.mkv": "no such file",
    "rm clips/a/maps.mkv": "has no maps of label schema parts10",
    "cp videos/text.mp4 clips/a/frames.mkv": "not a video that can be read",
    "cp videos/lfs.mp4 clips/a/frames.mkv": "is a Git LFS pointer",
}
_RECORDS = {
    "rm records/manifest.json": r"no manifest\.json",
    "echo nonsense > records/manifest.json": "not JSON",
    "echo [] > records/manifest.json": r"schema version|not a manifest",
    "echo '{\"schema_version\": 1}' > records/manifest.json": r"not a manifest",
    'sed -i \'s/"schema_version": 1/"schema_version": 9/\' records/manifest.json': "schema version 9, this program",
    "sed -i s/parts10/nonsense/ records/manifest.json": "unknown label schema nonsense",
}
# What only reading all of them finds, or what a training has begun for.
_SHARDS = {
    "rm records/*.tfrecord*": "problems",
    "for shard in records/*.tfrecord*; do truncate -s 100 $shard; done": "problems",
}


def _at(command: str, broken: dict[str, str], every: int = 1) -> list[Row]:
    """Rows of a program that takes none of these, or one of `every` of them."""
    return [Row(command, BAD_INPUT, told, before=before) for before, told in list(broken.items())[::every]]


ROWS = [
    *_at(BUILD, _CLIPS),
    *_at(f"retarget {TARGET} --source_clip=clips/a --out=o.mp4", _CLIPS, every=3),
    *_at(f"retarget --target_clip=clips/a {SOURCE} --out=o.mp4", _CLIPS, every=7),
    *_at(f"retarget --target_clip=clips/a {SOURCE} --out=o.mp4", _PICTURES),
    *_at("retarget-evaluate --frames --clips=clips --out=new", _CLIPS, every=4),
    *_at(TRAIN, _RECORDS),
    *_at("retarget-validate-records --records=records", _RECORDS, every=3),
    *_at("retarget-validate-records --records=records", _SHARDS),
    *_at("retarget-inspect-records --records=records --out=s.png", _RECORDS, every=3),
    *_at("retarget-evaluate --model=stable_128 --records=records --out=new", _RECORDS, every=4),
]
