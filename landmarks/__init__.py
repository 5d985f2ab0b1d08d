"""An image becomes faces, each 468 points: the first room, which imports no other."""

__version__ = "0.1.0"
"""Version of Mien, which bundles and feature tables name."""
