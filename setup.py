"""Packaging of retarget_tf: the library, and the programs of data/ and export/ under names that cannot clash."""

import pathlib
import re

import setuptools

# mediapipe brings opencv-contrib-python, whose files lie in the same `cv2` folder: both are held to the same releases.
OPENCV = ">=4.10,<5.1"

CRC32C = "google-crc32c>=1.5"  # the checksums of records that TensorFlow does not read itself

EXTRAS = {
    "extract": ["mediapipe>=1.2", f"opencv-contrib-python{OPENCV}"],
    "beam": ["apache-beam[tfrecord]>=2.77"],
    "s3": ["s3fs>=2025.3", CRC32C],
    "gcs": ["gcsfs>=2025.3", CRC32C],
    "onnx": ["tf2onnx>=1.17", "onnx>=1.17", "onnxruntime>=1.20"],
    "heif": ["pillow-heif>=1.1"],
    "page": ["gradio>=6.31,<7", "fastapi>=0.115", "uvicorn>=0.30"],
    "inpaint": ["pypatchmatch>=2.2,<3"],
    "live": ["pygame-ce>=2.5"],
    "cuda": ["tensorflow[and-cuda]>=2.19,<2.22"],
    "dev": [
        "pytest>=8",
        "pytest-xdist>=3.6",
        "ruff>=0.6",
        "mypy>=1.11",
        "nbclient>=0.10",
        "nbformat>=5.10",
        "ipykernel>=6.29",
        "playwright>=1.49",  # drives the Chromium of the system
        "moto[s3]>=5.1",  # answers as S3 does; with Flask as a server
        "flask>=3",
        "flask-cors>=5",
        "mkdocs-material>=9.5",
        "mkdocstrings-python>=1.12",
    ],
}

PROGRAMS = {
    "retarget": "retarget_tf.retarget",
    "retarget-train": "retarget_tf.train",
    "retarget-evaluate": "retarget_tf.evaluate",
    "retarget-doctor": "retarget_tf_data.doctor",
    "retarget-make-dancers": "retarget_tf_data.make_dancers",
    "retarget-fetch-models": "retarget_tf_data.fetch_models",
    "retarget-screen-clips": "retarget_tf_data.screen_clips",
    "retarget-extract-clips": "retarget_tf_data.extract_clips",
    "retarget-import-clips": "retarget_tf_data.import_clips",
    "retarget-build-records": "retarget_tf_data.build_records",
    "retarget-validate-records": "retarget_tf_data.validate_records",
    "retarget-inspect-records": "retarget_tf_data.inspect_records",
    "retarget-export-saved-model": "retarget_tf_export.export_saved_model",
    "retarget-export-onnx": "retarget_tf_export.export_onnx",
    "retarget-check-saved-model": "retarget_tf_export.check_saved_model",
    "retarget-live": "retarget_tf_export.live",
    "retarget-serve": "retarget_tf_export.serve",
    "retarget-page": "retarget_tf_export.page",
    "retarget-query-server": "retarget_tf_export.query_server",
}

[VERSION] = re.findall(r'__version__ = "(.*)"', pathlib.Path("retarget_tf/__init__.py").read_text(encoding="utf-8"))

setuptools.setup(
    name="retarget_tf",
    version=VERSION,
    description="Single-frame motion retargeting: one photo and one video in, the person of the photo dances.",
    long_description=pathlib.Path("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11,<3.14",
    packages=[
        *setuptools.find_packages(include=["retarget_tf", "retarget_tf.*"]),
        "retarget_tf_data",
        "retarget_tf_export",
    ],
    package_dir={"retarget_tf_data": "data", "retarget_tf_export": "export"},
    package_data={"retarget_tf": ["py.typed", "networks/pretrained/*", "program/keras.json", "serving/page/page.*"]},
    install_requires=[
        "tensorflow>=2.19,<2.22",
        "keras>=3.15.1,<4",
        "tensorflow-serving-api>=2.19,<2.22",
        "grpcio>=1.66",
        "grpcio-health-checking>=1.66",
        "tensorboard>=2.19",
        "numpy>=1.26",
        "absl-py>=2.1",
        f"opencv-python-headless{OPENCV}",
        "av>=18",
        "pillow>=11.3",
        "tqdm>=4.66",
        "packaging>=22",
    ],
    extras_require=EXTRAS,
    entry_points={"console_scripts": [f"{name} = {module}:cli" for name, module in PROGRAMS.items()]},
)
