"""What a body is, nothing learned: joints, limbs, classes of parts, stick figures, and what moves them."""
