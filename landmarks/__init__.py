"""An image becomes faces, each 468 points: the first room, which imports no other."""
