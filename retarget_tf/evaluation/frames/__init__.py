"""Judges photographic frames against the true frames of clips, beside baselines and what better maps would give.

evaluating.evaluate_frames    scores all contenders on folders of clips, and writes numbers, sheets and videos
tasks                         which clip is made from which photo, with which poses
contenders                    all ways to make a frame; map_filling is the one that needs a map of the new pose
judging                       makes and scores the frames of one clip
measures, steadiness, redetection    the scores of a frame
album, report                 sheets and videos; summaries and the table
"""
