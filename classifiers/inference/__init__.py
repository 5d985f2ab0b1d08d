"""From images and videos to predictions, tables and pictures."""
