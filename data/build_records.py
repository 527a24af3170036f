"""Makes the records that training and evaluation read, from clip folders.

People are dealt to train, validation and test; people whose clips share a motion go the same way. The folder
appears when it is complete.

    python -m data.build_records --clips=clips/dancers --out=records/dancers --size=64
    python -m data.build_records --clips=clips/real --out=records/real --test_share=1 --validation_share=0
"""

from absl import flags

from retarget_tf import program

_CLIPS = flags.DEFINE_list("clips", None, "folders that hold clip folders, parted by commas", required=True)
_OUT = flags.DEFINE_string("out", None, "folder of records to make", required=True)
_SIZE = flags.DEFINE_integer("size", 0, "side of the stored pictures in pixels; 0 keeps the clips' own")
_LABEL_SCHEMA = flags.DEFINE_string("label_schema", "parts10", "of the parsing maps to store, one that the clips carry")
_SEGMENT_FRAMES = flags.DEFINE_integer("segment_frames", 64, "consecutive frames in one record")
_VALIDATION_SHARE = flags.DEFINE_float("validation_share", 0.1, "share of the people to validate on")
_TEST_SHARE = flags.DEFINE_float(
    "test_share", 0.2, "share of the people to test on; 1 makes a test set and nothing else"
)
_TEST_PEOPLE = flags.DEFINE_list("test_people", [], "test exactly these people, in place of a share")
_SHARDS = flags.DEFINE_integer(
    "shards", 0, "files of the training split; 0 for one for each 64 records, and at least 4"
)
_SEED = flags.DEFINE_integer("seed", 0, "of the split, the order of the records and the reference frames")
_OVERWRITE = flags.DEFINE_boolean("overwrite", False, "replace the folder where it exists")


def main() -> None:
    """Builds the records and prints what they hold."""
    program.import_tensorflow()
    from retarget_tf import records

    config = records.BuildConfig(
        size=_SIZE.value,
        label_schema=_LABEL_SCHEMA.value,
        segment_frames=_SEGMENT_FRAMES.value,
        validation_share=_VALIDATION_SHARE.value,
        test_share=_TEST_SHARE.value,
        test_people=tuple(_TEST_PEOPLE.value),
        shards=_SHARDS.value,
        seed=_SEED.value,
    )
    manifest = records.build_records(
        _CLIPS.value,
        _OUT.value,
        config,
        overwrite=_OVERWRITE.value,
        show_progress=program.progress_is_shown(),
    )
    print(records.describe(manifest))


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
