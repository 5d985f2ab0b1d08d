"""From rows to a trained model and the content of its bundle."""
