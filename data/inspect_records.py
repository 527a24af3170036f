"""Shows what records hold: prints counts, and writes a contact sheet of frames, poses and maps.

Of records with surface maps the sheet also shows these, and the reference moved to each frame.

retarget-inspect-records --records=records/dancers --out=sheet.png
retarget-inspect-records --records=records/dancers --split=test --verify --out=sheet.png
"""

from absl import flags

from retarget_tf import program

_RECORDS = flags.DEFINE_string("records", None, "folder of records; s3:// and gs:// too", required=True)
_SPLIT = flags.DEFINE_enum(
    "split", None, ["train", "validation", "test"], "split to show; the first that holds clips by default"
)
_OUT = flags.DEFINE_string("out", None, "PNG file to write the contact sheet to", required=True)
_ROWS = flags.DEFINE_integer("rows", 8, "clips on the sheet", lower_bound=1)
_VERIFY = flags.DEFINE_boolean("verify", False, "read every shard and compare its checksum")


def main() -> None:
    """Prints the tables and writes the sheet."""
    program.import_tensorflow()
    from retarget_tf import files
    from retarget_tf.dataset import records
    from retarget_tf.pictures import image_files

    files.refuse_replacing(_OUT.value, _RECORDS.value)
    files.check_kind(_OUT.value, ".png")
    manifest = records.Manifest.load(_RECORDS.value)
    split = _SPLIT.value or next(name for name in records.SPLITS if manifest.splits[name].clips)
    manifest.split(split)
    if _VERIFY.value:
        manifest.verify()
    print(records.describe(manifest))
    print(records.describe_classes(manifest, split))
    image_files.write_png(_OUT.value, records.contact_sheet(manifest, split, max_rows=_ROWS.value))


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
