"""Measures what the server stands, and writes docs/reliability.md: ``make reliability``."""
