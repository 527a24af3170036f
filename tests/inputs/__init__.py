"""The rows of the table of inputs: a module for each door by which inputs come in."""

from tests.inputs import clips, keypoints, maps, models, outputs, photos, servers, settings, videos

ROWS = [
    row for door in (outputs, settings, photos, videos, keypoints, maps, clips, models, servers) for row in door.ROWS
]
