"""Follows one person through a video in which a detector finds the people of each frame independently.

    cuts        finds the beginnings of new shots. A person cannot be followed across a cut, so callers warn of each.
    tracking    joins the poses of consecutive frames into one track per person. A pose continues the track whose
                predicted position and clothes' colour are nearest. A track that is hidden for a moment is kept, and
                frames in which two people may have been exchanged are noted as doubts.
    choosing    selects one track: the main person (large and long in view), the next ones by rank, or the person who
                first appears at a given point.

Poses are float32 `[25, 3]` keypoints in pixels of the frame, see `body.skeleton`. Distances are in body sizes (the
longer side of the box of the joints), so that they do not depend on how large somebody is filmed.
"""
