"""Photographic frames: the person of a photo is moved by geometry and composed with a background."""
