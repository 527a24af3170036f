"""Makes photographic frames by geometry: the photo's person is moved and laid over the photo's own background."""
