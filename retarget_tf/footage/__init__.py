"""Turns real videos into clip folders: follows a person, judges the video, extracts or imports keypoints and maps."""
