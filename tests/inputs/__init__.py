"""The rows of the table of inputs: a module for each door by which inputs come in."""

from tests.inputs import clips, keypoints, maps, models, outputs, photos, servers, settings, videos

DOORS = {
    "Photos": photos.ROWS,
    "Videos and folders of frames": videos.ROWS,
    "Keypoints": keypoints.ROWS,
    "Parsing maps": maps.ROWS,
    "Clips and records": clips.ROWS,
    "Models and exports": models.ROWS,
    "Outputs": outputs.ROWS,
    "Settings": settings.ROWS,
    "Servers and the environment": servers.ROWS,
}
ROWS = [row for rows in DOORS.values() for row in rows]
