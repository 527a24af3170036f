"""Procedural dancers: clips of articulated people with exact keypoints, exact parsing maps and known motion.

A dance is joint angles and a path, free of the body that dances it, so the same dance can be rendered on another
person: the true answer of retargeting, which no real footage has.

    body, casting, costume, scenery    who dances: proportions, hair, outfit, backdrop, and how it is filmed
    styles, glide, footwork, motion    what is danced: joint angles within limits, and a path
    kinematics                         the joints and bones of a body in a pose
    sculpture, figure                  body, clothes and hair as volumes
    torso, legwear, head, headwear     the parts of them
    camera, patterns, render           volumes to frames and maps
    detection                          joints to keypoints, doubted and lost where they are hidden
    crowd                              clips, and folders full of them
"""

from retarget_tf.dancers.body import Person
from retarget_tf.dancers.casting import draw_person, person_id
from retarget_tf.dancers.crowd import Recipe, make_clips, make_cross_clips, render_frames
from retarget_tf.dancers.kinematics import Motion
from retarget_tf.dancers.motion import draw_motion

__all__ = [
    "Motion",
    "Person",
    "Recipe",
    "draw_motion",
    "draw_person",
    "make_clips",
    "make_cross_clips",
    "person_id",
    "render_frames",
]
