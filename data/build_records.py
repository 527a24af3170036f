"""Makes the records that training and evaluation read, from clip folders.

People are dealt to train, validation and test; people whose clips share a motion go the same way. The folder
appears when it is complete.

    python -m data.build_records --clips=clips/dancers --out=records/dancers --size=64
    python -m data.build_records --clips=clips/real --out=records/real --test_share=1 --validation_share=0
"""

from absl import flags

from retarget_tf import program

FLAGS = flags.FLAGS
flags.DEFINE_list("clips", None, "folders that hold clip folders, parted by commas", required=True)
flags.DEFINE_string("out", None, "folder of records to make", required=True)
flags.DEFINE_integer("size", 0, "side of the stored pictures in pixels; 0 keeps the clips' own")
flags.DEFINE_string("label_schema", "parts10", "of the stored parsing maps: parts10 or cihp20")
flags.DEFINE_integer("segment_frames", 64, "consecutive frames in one record")
flags.DEFINE_float("validation_share", 0.1, "share of the people to validate on")
flags.DEFINE_float("test_share", 0.2, "share of the people to test on; 1 makes a test set and nothing else")
flags.DEFINE_list("test_people", [], "test exactly these people, in place of a share")
flags.DEFINE_integer("shards", 0, "files of the training split; 0 for one for each 64 records, and at least 4")
flags.DEFINE_integer("seed", 0, "of the split, the order of the records and the reference frames")
flags.DEFINE_boolean("overwrite", False, "replace the folder where it exists")


def main() -> None:
    """Builds the records and prints what they hold."""
    program.import_tensorflow()
    from retarget_tf import records

    config = records.BuildConfig(
        size=FLAGS.size,
        label_schema=FLAGS.label_schema,
        segment_frames=FLAGS.segment_frames,
        validation_share=FLAGS.validation_share,
        test_share=FLAGS.test_share,
        test_people=tuple(FLAGS.test_people),
        shards=FLAGS.shards,
        seed=FLAGS.seed,
    )
    manifest = records.build_records(
        FLAGS.clips,
        FLAGS.out,
        config,
        overwrite=FLAGS.overwrite,
        show_progress=program.progress_is_shown(),
    )
    print(records.describe(manifest))


def cli() -> None:
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    cli()
