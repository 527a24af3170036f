"""Models, exports and records that are not what is asked for."""

from tests.inputs.row import BAD_INPUT, BUILD, DANCE, EXTRACT, FAILED, SCREEN, TARGET, TRAIN, Row

_MODELS = {
    "models/text": r"cannot be read .*\. Give another model, or save this one again",
    "models/lfs": "is a Git LFS pointer",
    "models/empty": r"cannot be read .*\. Give another model, or save this one again",
    "models/lonely": r"must be a workdir with generator\.keras",
    "models/undescribed": "generator description .*: No such file",
    "models/folder": "must be a workdir",
    "models/saved": "cannot be read .*, or export this one again",
}
_DOORS = (
    "retarget-evaluate --model={} --records=records --out=new",
    "retarget-export-saved-model --model={} --out=new",
    "retarget-export-onnx --model={} --out=g.onnx",
    "retarget-train --records=records --workdir=work --steps=1 --init_from={}",
)

ROWS = [
    Row(f"{DANCE} --out=o.mp4 --model=nothing", BAD_INPUT, "model nothing: must be a workdir"),
    Row(f"{DANCE} --out=o.mp4 --model=photo.png", BAD_INPUT, "model photo.png: must be a workdir"),
    Row(
        f"{DANCE} --out=o.mp4 --background=dance.mp4",
        BAD_INPUT,
        "is no JPEG, .* or HEIC picture",
    ),
    Row(f"{DANCE} --out=o.mp4 --units=shares", BAD_INPUT, "no joint is within the 64x64 picture"),
    Row(f"retarget {TARGET} --source_clip=clips --out=o.mp4", BAD_INPUT, "clip clips/clip.json: No such file"),
    Row("retarget-validate-records --records=frames", BAD_INPUT, "no manifest.json"),
    Row(f"{TRAIN} --records=frames", BAD_INPUT, "no manifest.json"),
    Row(f"{TRAIN} --init_from=nothing", BAD_INPUT, "model nothing: must be a workdir"),
    Row(f"{BUILD} --clips=clips,clips", BAD_INPUT, "has the id of"),
    Row("retarget-make-dancers --out=d --motion_of=clips", BAD_INPUT, "was not made by this renderer"),
    Row(
        "retarget-check-saved-model --model=stable_128 --export_dir=frames", BAD_INPUT, "export folder frames: holds no"
    ),
    Row("retarget-serve --export_dir=frames", BAD_INPUT, "holds no version that can be loaded"),
    Row(f"{SCREEN} --videos=no*.mp4 --report=r.html", BAD_INPUT, "no file matches"),
    Row(f"{EXTRACT} --models=nothing --out=new", FAILED, "Fetch it: retarget-fetch-models --out=nothing"),
    *(Row(command.format("models/text"), BAD_INPUT, _MODELS["models/text"]) for command in _DOORS),
    *(Row(f"{DANCE} --show=maps --out=o.mp4 --model={model}", BAD_INPUT, told) for model, told in _MODELS.items()),
]
