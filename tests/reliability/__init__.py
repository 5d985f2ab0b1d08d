"""Measures what the server stands, and writes RELIABILITY.md: ``make reliability``."""
