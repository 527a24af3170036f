"""Retargets through a server: `retarget` with `--server=localhost:8500` by default.

    retarget-query-server --server=localhost:8500 --target_photo=me.jpg --source_video=dance.mp4 --out=panel.mp4

The server is TensorFlow Serving or `retarget-serve`. Keypoints are detected here, or read from files as
`retarget` reads them; the server receives the photo's canvas and the poses on it.
"""

from absl import flags

from retarget_tf.retarget import cli

flags.FLAGS.set_default("server", "localhost:8500")

if __name__ == "__main__":
    cli()
