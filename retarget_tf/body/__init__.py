"""Fixed knowledge of the human body, without learned weights.

Holds the skeleton, the classes of parsing maps, the stick figure as a tensor, filters of keypoints, and the transforms
that move a pose or a parsing map.
"""
