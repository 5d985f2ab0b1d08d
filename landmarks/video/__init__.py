"""Videos and cameras: frames, and the faces that are followed through them."""
