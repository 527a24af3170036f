"""Renders procedural dancers: clips of articulated people with exact keypoints, exact parsing maps and known motion.

A dance is a sequence of joint angles and a path, independent of the body that dances it. So the same dance can be
rendered on another person, which gives a ground truth of retargeting that real footage lacks.

    body, casting, costume, scenery    draw a person: proportions, hair, outfit, backdrop, camera
    styles, glide, footwork, motion    draw a dance: joint angles within limits, and a path
    kinematics                         computes the joints and bones of a body in a pose
    sculpture, figure                  build body, clothes and hair from ellipsoids
    torso, legwear, head, headwear     build the parts of the figure
    camera, patterns, render           render the figure to frames and parsing maps
    surface                            codes the points of the surface that a frame shows
    detection                          simulates a detector: keypoints with confidences, some missing
    crowd                              writes clips and folders of clips
"""

from retarget_tf.dancers.body import Person
from retarget_tf.dancers.casting import draw_person, person_id
from retarget_tf.dancers.crowd import Recipe, make_clips, make_cross_clips, render_frames, render_surfaces
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
    "render_surfaces",
]
