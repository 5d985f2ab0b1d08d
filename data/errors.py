"""The errors that end a data command with one sentence instead of a traceback."""


class DataError(ValueError):
    """Input that doesn't fit; the message says what was expected, what came and what to do."""


class NoImages(DataError):
    """A place in which there are no images as yet."""


class StorageError(DataError):
    """A folder that can't be written: disk full, read-only, no permission."""
