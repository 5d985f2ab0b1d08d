"""Models and what they are exported to."""
