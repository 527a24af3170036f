"""Retargets a dance to the person of a photo: reads the inputs, places the poses, and rolls the generator out."""
