"""Models that look at a face's pixels: fused with its landmarks, or alone."""
