"""Feature tables: from images to rows of landmarks, and back from the files."""
