"""Read frames from videos and cameras, and track faces in them."""
