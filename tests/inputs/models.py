"""Models and exports that are not what is asked for."""

from tests.inputs.row import BAD_INPUT, DANCE, EXTRACT, FAILED, TRAIN, Row

_NONE = r"model \S+: must be a workdir"
_MODELS = {
    "models/text": r"cannot be read .*\. Give another model, or save this one again",
    "models/lfs": "is a Git LFS pointer",
    "models/empty": r"cannot be read .*\. Give another model, or save this one again",
    "models/lonely": _NONE,
    "models/undescribed": "generator description .*: No such file",
    "models/folder": _NONE,
    "models/saved": "cannot be read .*, or export this one again",
}
_DOORS = (
    "retarget-evaluate --model={} --records=records --out=new",
    "retarget-export-saved-model --model={} --out=new",
    "retarget-export-onnx --model={} --out=g.onnx",
    "retarget-train --records=records --workdir=work --steps=1 --init_from={}",
)

ROWS = [
    Row(f"{DANCE} --out=o.mp4 --model=nothing", BAD_INPUT, _NONE),
    Row(f"{DANCE} --out=o.mp4 --model=photo.png", BAD_INPUT, _NONE),
    Row(f"{TRAIN} --init_from=nothing", BAD_INPUT, _NONE),
    Row(
        "retarget-check-saved-model --model=stable_128 --export_dir=frames", BAD_INPUT, "export folder frames: holds no"
    ),
    Row("retarget-serve --export_dir=frames", BAD_INPUT, "holds no version that can be loaded"),
    Row(f"{EXTRACT} --models=nothing --out=new", FAILED, "Fetch it: retarget-fetch-models --out=nothing"),
    *(Row(command.format("models/text"), BAD_INPUT, _MODELS["models/text"]) for command in _DOORS),
    *(Row(f"{DANCE} --show=maps --out=o.mp4 --model={model}", BAD_INPUT, told) for model, told in _MODELS.items()),
]
