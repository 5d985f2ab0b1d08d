"""Files on disk become rows: readers, the feature table, splits, audit and their commands."""
