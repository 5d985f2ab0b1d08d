"""Custom classes: models of classes that a visitor of the page records."""
