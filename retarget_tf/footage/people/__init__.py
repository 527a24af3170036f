"""Who is who in a video.

A detector finds the people of one frame and forgets them. Three steps make persons of them:

    cuts        where one shot ends and the next begins. A person cannot be followed across a cut, so whoever follows
                one warns of each.
    tracking    joins the poses of consecutive frames into one track a person: a pose continues the track that was
                heading to its place, at about its size and with clothes of its colour. A track that is hidden for a
                moment is waited for, and frames in which two people may have been exchanged are kept as doubts.
    choosing    takes one track: the main person (the largest, and there all the time), the next one by rank, or the
                one who first appears at a given point.

Poses are float32 `[25, 3]` keypoints in pixels of the frame, see `body.skeleton`; distances are measured in bodies, so
that they do not depend on how large somebody is filmed.
"""
