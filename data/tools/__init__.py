"""Tools that made what the project ships: the composites and the topology."""
