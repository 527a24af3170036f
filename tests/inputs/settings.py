"""Settings from text."""

from tests.inputs.row import BUILD, DANCE, EXTRACT, IMPORT, SOURCE, TARGET, TRAIN, USAGE, Row

ROWS = [
    Row(f"{DANCE} --out=o.mp4 --height=tall", USAGE, r"height must be a whole number\. Received: height=tall\."),
    Row(f"{DANCE} --out=o.mp4 --height=9999999", USAGE, "height must be from 64 to 4320"),
    Row(f"{DANCE} --out=o.mp4 --fps=fast", USAGE, "fps must be a number"),
    Row(f"{DANCE} --out=o.mp4 --fps=nan", USAGE, "fps must be 0, or from 1 to 240"),
    Row(f"{DANCE} --out=o.mp4 --audio=maybe", USAGE, "audio must be true or false"),
    Row(f"{DANCE} --out=o.mp4 --max_frames=0", USAGE, "max_frames must be at least 1"),
    Row(f"{DANCE} --out=o.mp4 --background=#12345", USAGE, "background must be like #00b140"),
    Row(f"{DANCE} --out=o.mp4 --background=no.jpg", USAGE, "or a picture file that is there"),
    Row(
        f"retarget {SOURCE} --target_photo=photo.png --out=o.mp4 --target_person=left", USAGE, "target_person must be a"
    ),
    Row(f"{DANCE} --out=o.mp4 --target_person=1", USAGE, "target_person is for people who are detected"),
    Row(f"{DANCE} --out=o.mp4 --server=localhost:1 --wait_seconds=soon", USAGE, "wait_seconds must be a number"),
    Row(f"retarget {TARGET} --out=o.mp4", USAGE, "give one of --source_video and --source_clip", brought="no source"),
    Row(f"{IMPORT} --out=new --person=x", USAGE, "person must be a number from 0 or a point"),
    Row(f"{IMPORT} --out=new --schema=nope", USAGE, "label schema must be one of"),
    Row(f"{EXTRACT} --out=new --size=8", USAGE, "size must be at least 32"),
    Row(f"{BUILD} --workers=0", USAGE, "workers must be at least 1"),
    Row(f"{BUILD} --seed=-1", USAGE, "seed must be at least 0"),
    Row(f"{BUILD} --runner_option=a=b", USAGE, "runner_option needs --runner"),
    Row(f"{BUILD} --clips=", USAGE, "clips must name a folder"),
    Row(f"{TRAIN} --records=", USAGE, "records must name a folder"),
    Row(f"{TRAIN} --learning_rate=nan", USAGE, "learning_rate must be above 0"),
    Row(f"{TRAIN} --preset=fancy", USAGE, "preset must be one of paper, stable. Received: preset=fancy"),
    Row("retarget-validate-records --records=records --workers=many", USAGE, "workers must be a whole number"),
    Row("retarget-make-dancers --out=d --people=two", USAGE, "people must be a whole number"),
    Row("retarget-make-dancers --out=d --people=0", USAGE, "people must be at least 1"),
    Row("retarget-export-saved-model --model=stable_128 --out=s --version=one", USAGE, "version must be a positive"),
    Row("retarget-serve --export_dir=frames --port=99999", USAGE, "port must be from 0 to 65535"),
    Row("retarget-live --target_photo=photo.png --nowindow", USAGE, "give --record"),
    Row("retarget-live --target_photo=photo.png --record=photo.png", USAGE, "must not be"),
    Row("retarget-live --target_photo=photo.png --background=source", USAGE, "of a live stream must be photo, blur"),
    Row("retarget-live --target_photo=photo.png --camera=-1", USAGE, "camera must be at least 0"),
]
