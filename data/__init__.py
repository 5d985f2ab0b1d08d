"""Files on disk become rows: readers, the feature table, splits, audit and their commands."""

__version__ = "0.1.0"
"""Version of Mien that a feature folder's ``features.json`` names."""
