"""Pictures and videos: reading, writing, cropping to squares, and drawing for people to look at."""
