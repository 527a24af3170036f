"""Models the human body without learned weights: skeleton, parsing classes, stick figure, moving poses and maps."""
