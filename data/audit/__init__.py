"""Checks of a data set: copies, blanks, missed faces and disputed labels."""
